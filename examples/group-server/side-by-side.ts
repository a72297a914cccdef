// Work on many things, a few of them at once. More at once would be no faster, and would fill single turns of the loop.

const MOST = 8

/** sideBySide does the work for every item, in their order as far as it goes, and fails with the first failure. */
export async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(MOST, items.length) }, lane))
}
