// A join whose atom was stored, and whose answer was lost with the connection, failed with STORE_FAILED; tried again it said
// NO_MATCHING_KEY_PACKAGE, although the group was there. So it did when nothing was stored and the store could not be read for a
// moment either: the key package was gone from memory alone. And so when another process was first, and what it had stored could not
// be read, or did not let this client join.
import type { Client } from '../../lib'
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

/** race has bob invited in one process, and another one that does something the moment before his join is stored. */
async function race(before: (other: Client, groupId: Uint8Array) => Promise<unknown>) {
  const store = toldStore()
  const [bob, other] = [await open('bob', { store }), await open('bob', { store })]
  const group = await (await open('alice')).createGroup()
  const commit = await group.commit({ add: [await keyPackage(bob)] })
  const { welcome } = await commit.accepted()
  store.told = async (atom, inner) => {
    store.told = null
    await before(other, group.id)
    return inner.commit(atom)
  }
  return { store, bob, other, group, welcome: welcome! }
}

test('a join that comes second, and then cannot read what was first, may be tried again', async () => {
  const { store, bob, group, welcome } = await race(async (other) => {
    await other.psks.put('first', new Uint8Array(32))
    store.load = () => { throw new Error('no connection') }
  })
  const { load } = store
  await fails(bob.join(welcome), 'STORE_FAILED')
  store.load = load
  const joined = await bob.join(welcome)
  expect(joined.epochAuthenticator).toEqual(group.epochAuthenticator)
  expect(bob.keyPackages.list()).toHaveLength(0)
})

test('a join that comes second to another group of the same id may be tried again when that is gone', async () => {
  const { bob, other, group, welcome } = await race((first, groupId) => first.createGroup({ groupId }))
  await fails(bob.join(welcome), 'GROUP_EXISTS')
  expect(bob.keyPackages.list()).toHaveLength(1)
  await (await other.group(group.id)).delete()
  await bob.refresh()
  const joined = await bob.join(welcome)
  expect(joined.epochAuthenticator).toEqual(group.epochAuthenticator)
})
