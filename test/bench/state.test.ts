// What the bench of state counts, and that the group that it calls warm writes what one writes in which everybody has committed.
import { type RowChange, memoryStore, packBatch } from 'node-mls'
import { countedStore, formatTags } from '../../bench/api/state/counted-store'
import { measureDurable } from '../../bench/api/state/durable'
import { measureWrites } from '../../bench/api/state/small-writes'
import { makeWarmGroup, open, warmersOf } from '../../bench/api/state/warm-group'

const SUITE = 3

test('rows and bytes are counted by tag, a prefix delete as one row, and taken once', async () => {
  const { store, taken } = countedStore(memoryStore())
  const put = (...key: number[]): RowChange => ({ kind: 'put', key: Uint8Array.from(key), value: new Uint8Array(10) })
  const commit = (id: number, changes: readonly RowChange[]) =>
    store.commit({ id: new Uint8Array(16).fill(id), parts: [{ scope: Uint8Array.of(1), expect: {}, advance: [], changes: [packBatch(changes)] }] })
  await commit(1, [put(7, 1), put(7, 2), put(5)])
  await commit(2, [{ kind: 'delete-prefix', key: Uint8Array.of(7) }, { kind: 'delete', key: Uint8Array.of(5) }])
  const written = taken()
  expect(written).toMatchObject({ rows: 5, bytes: 12 + 12 + 11 + 1 + 1 })
  expect(formatTags(written)).toBe('tag 5: 2 × 12 B, tag 7: 3 × 25 B')
  expect(taken()).toMatchObject({ rows: 0, bytes: 0 })
})

test('those who warm a way are a few for each page of parents', () => {
  expect(warmersOf(2)).toEqual([])
  expect(warmersOf(6)).toEqual([2, 4])
  expect(warmersOf(40)).toEqual([32, 16, 2, 4, 6, 8, 10, 12, 14])
  expect(warmersOf(1000)).toHaveLength(17)
  expect(warmersOf(50_000)).toHaveLength(30)
})

/** commitIn gives what alice's commit, and bob's receiving it, write in a group of `n` in which `leaves` have committed. */
async function commitIn(n: number, leaves: readonly number[]): Promise<number[]> {
  const counted = { alice: countedStore(memoryStore()), bob: countedStore(memoryStore()) }
  const fillers = async (count: number): Promise<Uint8Array[]> => {
    const keyPackages: Uint8Array[] = []
    for (let i = 0; i < count; i++) keyPackages.push(...(await (await open('filler', SUITE)).keyPackages.create()).map(({ message }) => message))
    return keyPackages
  }
  const stores = { alice: counted.alice.store, bob: counted.bob.store }
  const warm = await makeWarmGroup(n, SUITE, stores, fillers, () => {}, leaves)
  const writes = await measureWrites(warm, counted)
  await Promise.all([warm.alice.client.close(), warm.bob.client.close()])
  return writes.filter(({ step }) => /commit/.test(step)).flatMap(({ rows, bytes }) => [rows, bytes])
}

test('a commit on a warm way writes what it writes in a tree in which everybody has committed', async () => {
  const n = 40
  const everybody = Array.from({ length: n - 2 }, (_, i) => i + 2)
  // In her page of leaves, those who have committed have a few bytes more than others.
  const near = [3, 5, 7, 9, 11, 13, 15]
  const [warm, full] = [await commitIn(n, [...near, ...warmersOf(n)]), await commitIn(n, everybody)]
  const cold = await commitIn(n, [...near, ...warmersOf(n).filter((leaf) => leaf !== 16)])
  expect(warm).toHaveLength(4)
  expect(warm).toEqual(full)
  expect(cold).not.toEqual(full)
}, 60_000)

test('durable messages are counted by the second', async () => {
  const { oneGroup, manyGroups } = await measureDurable(SUITE, { alice: memoryStore(), bob: memoryStore() })
  for (const { sent, received } of [oneGroup, manyGroups]) expect(Math.min(sent, received)).toBeGreaterThan(0)
})
