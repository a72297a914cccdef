// The client's list of groups and the groups themselves are in different scopes. A list that named another id gave a group under
// it, and of a group whose scope was gone it was said that there is no such group.
import { randomBytes } from 'node:crypto'
import { memoryStore, packBatch, rowChanges, type Store } from '../../lib'
import { fails, open } from '../api/support/people'

const groupTag = 0x82

/** scopesOf gives the scopes of a kind: 1 of clients, 2 of groups. */
async function scopesOf(store: Store, kind: number): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  for await (const scope of store.list(Uint8Array.of(kind))) found.push(scope)
  return found
}

test('an entry that names another id than its group has', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  const { id } = group
  await alice.close()

  const [scope] = await scopesOf(store, 1)
  const other = new Uint8Array(id).map((byte, i) => (i === 0 ? byte ^ 1 : byte))
  for await (const slice of store.load(scope as Uint8Array)) {
    for (const change of rowChanges(slice.rows)) {
      if (change.kind !== 'put' || change.key[0] !== groupTag) continue
      const value = new Uint8Array(change.value)
      value.set(other, value.length - other.length)
      const changes = [packBatch([{ kind: 'put', key: change.key, value }])]
      await store.commit({ id: randomBytes(16), parts: [{ scope: scope as Uint8Array, expect: {}, advance: [], changes }] })
    }
  }
  const again = await open('alice', { store })
  expect(again.groups().map(({ id: listed }) => Buffer.from(listed))).toEqual([Buffer.from(other)])
  await fails(again.group(other), 'STORAGE_DAMAGED')
  await fails(again.group(id), 'UNKNOWN_GROUP')
})

test('an entry whose group is gone', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const { id } = await alice.createGroup()
  await alice.close()
  const [scope] = await scopesOf(store, 2)
  await store.delete(scope as Uint8Array)
  const again = await open('alice', { store })
  await expect(again.group(id)).rejects.toMatchObject({ code: 'STORAGE_DAMAGED', cause: { message: expect.stringMatching(/restore/) as string } })
})
