// Who was removed from a group and added again has two handles of it. The rows of the past one are gone, and whoever asked all handles
// for a resumption PSK got its REMOVED, though the present one has the PSK: that member could not follow the group that used it. A
// join failed once, when the process had ended between storing its removal and noting it.
import { addTo, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('a resumption PSK comes from the handle that has it', async () => {
  const store = toldStore()
  const alice = await open('alice')
  const before = await open('bob', { store })
  const group = await alice.createGroup()
  const former = await addTo(group, before)
  const removal = await group.commit({ remove: [former.leafIndex] })
  await removal.accepted()
  await former.receive(removal.message)
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
  const alice = await open('alice')
  const before = await open('bob', { store })
  const group = await alice.createGroup()
  const former = await addTo(group, before)
  const removal = await group.commit({ remove: [former.leafIndex] })
  await removal.accepted()
  const clientScope = 1
  store.told = async (atom, inner) => {
    if (atom.parts.some(({ scope }) => scope[0] === clientScope)) throw new Error('the process ends')
    return inner.commit(atom)
  }
  await former.receive(removal.message)
  await before.close()
  store.told = null
  const bob = await open('bob', { store })
  const bobs = await addTo(group, bob)
  expect(bobs.epochAuthenticator).toEqual(group.epochAuthenticator)
})
