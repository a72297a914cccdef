// A call that receives many messages, whose first write was stored and whose second met another process: when the group could
// then not be loaded, the call rejected as a whole, and the messages were lost whose keys the first write had used up.
import { StoreConflict } from '../../lib'
import { addTo, keyPackage, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('what was stored is given, when the group cannot be loaded after a lost race', async () => {
  const store = toldStore()
  const alice = await open('alice')
  const bob = await open('bob', { store, authenticate: async (questions) => questions.map(() => true) })
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  const first = await group.send('first')
  const commit = await group.commit({ add: [await keyPackage(await open('carol'))] })
  await commit.accepted()
  const second = await group.send('second')
  const { load } = store
  let writes = 0
  store.told = async (atom, inner) => {
    if ((writes += 1) === 1) return inner.commit(atom)
    store.load = async function* () { throw new Error('the disk is gone') }
    throw new StoreConflict()
  }
  const received = await bobs.receiveMany([first, commit.message, second])
  expect(received.map(({ kind }) => kind)).toEqual(['message', 'error', 'error'])
  expect(received.slice(1)).toMatchObject([{ error: { code: 'STORE_FAILED' } }, { error: { code: 'STORE_FAILED' } }])
  store.told = null
  store.load = load
  expect((await bobs.receiveMany([commit.message, second])).map(({ kind }) => kind)).toEqual(['commit', 'message'])
})

test('what waits for a group that cannot be loaded fails at once, and not each after the patience of the store', async () => {
  const store = toldStore()
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  const { load } = store
  let loads = 0
  store.told = async () => { throw new Error('the disk is full') }
  await expect(group.send('one')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  store.told = null
  store.load = async function* () {
    loads += 1
    throw new Error('the disk is gone')
  }
  const sends = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => group.send(String(i))))
  expect(new Set(sends.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(loads).toBe(1)
  store.load = load
  await group.send('again')
})
