// When a write of a group failed, the group was loaded again, and what was staged before belonged to an object that was gone:
// accept() was CLOSED and then MISUSE, of a group that was neither closed nor misused.
import { addTo, fails, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('what was staged before a failed write is too old, and the message can be received again', async () => {
  const store = toldStore()
  const alice = await open('alice')
  const bob = await open('bob', { store })
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  const commit = await group.commit()
  await commit.accepted()

  const stage = async () => {
    const staged = await bobs.receive(commit.message, { inspect: true })
    if (staged.kind !== 'staged') throw new Error(staged.kind)
    return staged
  }
  const first = await stage()
  store.told = () => Promise.reject(new Error('the disk is full'))
  await fails(bobs.send('x'), 'STORE_FAILED')
  store.told = null
  for (let i = 0; i < 2; i += 1) await fails(first.accept(), 'STALE_VERSION')

  const second = await stage()
  store.told = () => Promise.reject(new Error('the disk is full'))
  await fails(second.accept(), 'STORE_FAILED')
  store.told = null
  for (let i = 0; i < 2; i += 1) await fails(second.accept(), 'STALE_VERSION')
  expect((await (await stage()).accept()).own).toBe(false)
  expect(bobs.epoch).toBe(group.epoch)
})
