// A client whose scope was not found was begun anew, with other keys, beside the groups that it had.
import { memoryStore, type Store } from '../../lib'
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
