// Acknowledging events one by one took longer for each the more there were: to see whether its scope was empty, the memory store copied
// the list of all its rows for each one that was deleted.
import { memoryStore, packBatch, type RowChange } from '../../lib'
import { namesOf, rowsOf } from '../../lib/stores/contract-rows'

const scope = Uint8Array.of(4, 1)
const keyOf = (i: number): Uint8Array => Uint8Array.of(16, i >> 16, i >> 8, i)
let atoms = 0
const atomOf = (changes: readonly RowChange[]) => {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, atoms += 1)
  return { id, parts: [{ scope, expect: {}, advance: [], changes: [packBatch(changes)] }] }
}

test('deleting one row takes no longer when there are more', async () => {
  const deletes = 500
  const costOf = async (count: number): Promise<number> => {
    const store = memoryStore()
    await store.commit(atomOf(Array.from({ length: count }, (_, i) => ({ kind: 'put', key: keyOf(i), value: Uint8Array.of(1) }))))
    const start = process.cpuUsage()
    for (let i = 0; i < deletes; i += 1) await store.commit(atomOf([{ kind: 'delete', key: keyOf(i) }]))
    return process.cpuUsage(start).user
  }
  for (let i = 0; i < 5; i += 1) await costOf(1000)
  const [few, many] = [Math.min(await costOf(1000), await costOf(1000)), Math.min(await costOf(100_000), await costOf(100_000))]
  expect(many).toBeLessThan(6 * few)
})

test('a scope is gone with its last row, however its rows came and went', async () => {
  const store = memoryStore()
  const put = (i: number): RowChange => ({ kind: 'put', key: keyOf(i), value: new Uint8Array(0) })
  const remove = (i: number): RowChange => ({ kind: 'delete', key: keyOf(i) })
  const names = async (): Promise<number> => (await namesOf(store, Uint8Array.of(4))).length
  await store.commit(atomOf([put(1), put(2)]))
  await store.commit(atomOf([put(1), remove(3)]))
  await store.commit(atomOf([remove(1), remove(1)]))
  await store.commit(atomOf([put(1), remove(2)]))
  expect(await names()).toBe(1)
  await store.commit({ ...atomOf([]), parts: [{ scope, expect: {}, advance: [], changes: [packBatch([put(4), put(5)]), packBatch([remove(4)])] }] })
  expect(Object.keys(await rowsOf(store, scope))).toHaveLength(2)
  await store.commit(atomOf([{ kind: 'delete-prefix', key: Uint8Array.of(16) }]))
  expect(await names()).toBe(0)
  await store.commit(atomOf([put(1)]))
  await store.commit(atomOf([remove(1), remove(9)]))
  expect(await names()).toBe(0)
})
