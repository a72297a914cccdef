// Work on many things, a few of them at once. More at once would be no faster, and would fill single turns of the loop.

/** Enough for work that keeps the processor's cores busy. */
const MOST = 8
/** Steps that wait for a store: it writes those that are ready together in one transaction, and waits once for the disk. */
export const WRITERS = 64

/**
 * sideBySide does the work for every item, in their order as far as it goes, and fails with the first failure.
 * @param most how many at once
 */
export async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>, most: number = MOST): Promise<void> {
  const rest = items.values()
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane))
}
