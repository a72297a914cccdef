// A client whose scope was not found was begun anew, with other keys, beside the groups that it had.
import { randomBytes } from 'node:crypto'
import { memoryStore, packBatch, type RowChange, type Store } from '../../lib'
import { fails, open } from '../api/support/people'

/** clientOf gives the scope of the one client of a store. */
async function clientOf(store: Store): Promise<Uint8Array> {
  for await (const scope of store.list(Uint8Array.of(1))) return scope
  throw new Error('no client')
}

test('a client whose scope is gone and whose groups are there is damage, and nothing is written', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  await alice.createGroup()
  await alice.close()
  await store.delete(await clientOf(store))
  await fails(open('alice', { store }), 'STORAGE_DAMAGED')
  await expect(open('alice', { store })).rejects.toMatchObject({ cause: { message: expect.stringMatching(/restore/) as string } })
  await expect(clientOf(store)).rejects.toThrow('no client')
  // The groups are those of alice: another client begins in the same store as ever.
  await (await open('bob', { store })).close()
})

/** What a client has of its signer: the key pair, in the addon's rows, and the digest of what it was made of, in ours. */
const signerTags = [15, 0x83]

test.each(signerTags)('a client that has lost the row of its signer with tag %i is damaged, and draws no other key', async (tag) => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  await alice.createGroup()
  await alice.close()
  const scope = await clientOf(store)
  const prefix: RowChange = { kind: 'delete-prefix', key: Uint8Array.of(tag) }
  await store.commit({ id: randomBytes(16), parts: [{ scope, expect: {}, advance: [], changes: [packBatch([prefix])] }] })
  await fails(open('alice', { store }), 'STORAGE_DAMAGED')
})

test('a client that another process begins, with a group, between two questions is found', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  await alice.createGroup()
  let asked = 0
  const late: Store = {
    ...bound(store),
    load: (scope, ...more) => (asked++ === 0 ? none() : store.load(scope, ...more)),
  }
  const again = await open('alice', { store: late })
  expect(again.groups()).toHaveLength(1)
  expect(asked).toBe(2)
})

async function* none(): AsyncGenerator<never> {}

/** @param store Methods that need no `this`. */
const bound = (store: Store): Store => ({
  commit: (atom) => store.commit(atom),
  load: (...asked) => store.load(...asked),
  list: (prefix) => store.list(prefix),
  delete: (scope) => store.delete(scope),
  close: () => store.close(),
})
