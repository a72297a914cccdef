// A join whose atom was stored, and whose answer was lost with the connection, failed with STORE_FAILED; tried again it said
// NO_MATCHING_KEY_PACKAGE, although the group was there.
import { fails, keyPackage, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test.each([['was stored', true], ['was not stored', false]])('a join of which it is not known whether it %s may be tried again', async (_, stored) => {
  const store = toldStore()
  const bob = await open('bob', { store })
  const alice = await open('alice')
  const group = await alice.createGroup()
  const commit = await group.commit({ add: [await keyPackage(bob)] })
  const { welcome } = await commit.accepted()
  store.told = async (atom, inner) => {
    store.told = null
    if (stored) await inner.commit(atom)
    throw new Error('the connection is gone')
  }
  await fails(bob.join(welcome!), 'STORE_FAILED')
  const joined = await bob.join(welcome!)
  expect(joined.epochAuthenticator).toEqual(group.epochAuthenticator)
  expect([...bob.groups()]).toHaveLength(1)
  expect(bob.keyPackages.list()).toHaveLength(0)
  await fails(bob.join(welcome!), 'NO_MATCHING_KEY_PACKAGE')
})
