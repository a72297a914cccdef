// Many promises, some at a time: each holds memory while it is under way.

/** inWindow starts `work` on each item, at most `size` of them at a time, and waits for all. The first error ends it. */
export async function inWindow<T>(items: Iterable<T>, size: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: size }, worker))
}
