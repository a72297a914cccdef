// A call that receives many messages may take several writes: a commit that asks ends one. When a later write failed, the call
// rejected as a whole, and with that the messages were lost whose keys the earlier write had used up.
import { addTo, fails, keyPackage, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test.each(['group', 'client'] as const)('what was stored is given, when a later write of the same call fails (%s)', async (way) => {
  const store = toldStore()
  const alice = await open('alice')
  const bob = await open('bob', { store, authenticate: async (questions) => questions.map(() => true) })
  const carol = await open('carol')
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  const first = await group.send('first')
  const commit = await group.commit({ add: [await keyPackage(carol)] })
  await commit.accepted()
  const second = await group.send('second')
  let writes = 0
  store.told = async (atom, inner) => {
    if ((writes += 1) > 1) throw new Error('the disk is full')
    return inner.commit(atom)
  }
  const receive = () => (way === 'group' ? bobs : bob).receiveMany([first, commit.message, second])
  const received = await receive()
  expect(received.map(({ kind }) => kind)).toEqual(['message', 'error', 'error'])
  expect(received[0]).toMatchObject({ data: new Uint8Array(Buffer.from('first')) })
  expect(received.slice(1)).toMatchObject([{ error: { code: 'STORE_FAILED' } }, { error: { code: 'STORE_FAILED' } }])
  await fails(bobs.receive(commit.message), 'STORE_FAILED')
  store.told = null
  expect((await receive()).map((one) => (one.kind === 'error' ? (one.error as { code?: string }).code : one.kind)))
    .toEqual(['KEY_CONSUMED', 'commit', 'message'])
})
