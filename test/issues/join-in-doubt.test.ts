// A join whose atom was stored, and whose answer was lost with the connection, failed with STORE_FAILED; tried again it said
// NO_MATCHING_KEY_PACKAGE, although the group was there. So it did when nothing was stored and the store could not be read for a
// moment either: the key package was gone from memory alone.
import { fails, keyPackage, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

const cases: [string, boolean, boolean][] = [
  ['was stored', true, false], ['was not stored', false, false],
  ['was stored, from a store that was away', true, true], ['was not stored, from a store that was away', false, true],
]

test.each(cases)('a join of which it is not known whether it %s may be tried again', async (_, stored, away) => {
  const store = toldStore()
  const bob = await open('bob', { store })
  const alice = await open('alice')
  const group = await alice.createGroup()
  const commit = await group.commit({ add: [await keyPackage(bob)] })
  const { welcome } = await commit.accepted()
  store.told = async (atom, inner) => {
    store.told = null
    if (stored) await inner.commit(atom)
    if (away) store.load = () => { throw new Error('no connection') }
    throw new Error('the connection is gone')
  }
  const { load } = store
  await fails(bob.join(welcome!), 'STORE_FAILED')
  store.load = load
  const joined = await bob.join(welcome!)
  expect(joined.epochAuthenticator).toEqual(group.epochAuthenticator)
  expect([...bob.groups()]).toHaveLength(1)
  expect(bob.keyPackages.list()).toHaveLength(0)
  await fails(bob.join(welcome!), 'NO_MATCHING_KEY_PACKAGE')
})
