// Who was removed from a group and added again has two handles of it. The rows of the past one are gone, and whoever asked all handles
// for a resumption PSK got its REMOVED, though the present one has the PSK: that member could not follow the group that used it. A
// join failed once, when the process had ended between storing its removal and noting it.
import type { Client, Group } from '../../lib'
import { addTo, open } from '../api/support/people'
import { toldStore, type ToldStore } from '../api/support/stores'

/** removed makes a group of alice's that bob was a member of until just now; `before` is called when only his receiving is left. */
async function removed(store: ToldStore, before = (): void => {}): Promise<{ alice: Client; bob: Client; group: Group }> {
  const alice = await open('alice')
  const bob = await open('bob', { store })
  const group = await alice.createGroup()
  const former = await addTo(group, bob)
  const removal = await group.commit({ remove: [former.leafIndex] })
  await removal.accepted()
  before()
  await former.receive(removal.message)
  return { alice, bob, group }
}

test('a resumption PSK comes from the handle that has it', async () => {
  const store = toldStore()
  const { alice, bob: before, group } = await removed(store)
  await addTo(group, before)
  await before.close()
  const bob = await open('bob', { store })
  const other = await alice.createGroup()
  const bobs = await addTo(other, bob)
  const commit = await other.commit({ psk: [{ groupId: group.id, epoch: group.epoch }] })
  await commit.accepted()
  expect(await bobs.receive(commit.message)).toMatchObject({ kind: 'commit' })
  expect(bobs.epochAuthenticator).toEqual(other.epochAuthenticator)
})

test('who was removed and could not note it joins again at the first try', async () => {
  const store = toldStore()
  const clientScope = 1
  const { bob: before, group } = await removed(store, () => {
    store.told = async (atom, inner) => {
      if (atom.parts.some(({ scope }) => scope[0] === clientScope)) throw new Error('the process ends')
      return inner.commit(atom)
    }
  })
  await before.close()
  store.told = null
  const bob = await open('bob', { store })
  const bobs = await addTo(group, bob)
  expect(bobs.epochAuthenticator).toEqual(group.epochAuthenticator)
})
