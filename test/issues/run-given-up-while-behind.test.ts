// A step that lacks what another process has stored gave up the whole run that it was in, and what the other steps of that run would have
// stored was forgotten: generations stayed reserved in memory that the store knew nothing of, so another process sent with the same
// keys (RFC 9420 §6.3.1), and a message whose key was used up was never told.
import { memoryStore, type Group } from '../../lib'
import { addTo, agree, open, text } from '../api/support/people'

interface Scene {
  readonly one: Group
  readonly two: Group
  readonly bobs: Group
  readonly carols: Group
  /** Of an epoch of which alice has no commit yet. */
  readonly early: Uint8Array
  /** That commit. */
  readonly commit: Uint8Array
}

/** scene: `two` has stored something since `one` looked. */
async function scene(): Promise<Scene> {
  const store = memoryStore()
  const one = await (await open('alice', { store })).createGroup()
  const bobs = await addTo(one, await open('bob'))
  const carols = await addTo(one, await open('carol'), [bobs])
  const two = await (await open('alice', { store })).group(one.id)
  const before = [await bobs.send('x'), await carols.send('x')]
  for (const message of before) await one.receive(message)
  await two.refresh()
  await two.receive(await bobs.send('moves'))
  const commit = await bobs.commit()
  await commit.accepted()
  return { one, two, bobs, carols, early: await bobs.send('early'), commit: commit.message }
}

test('what is sent beside it has keys of its own', async () => {
  const { one, two, bobs, early } = await scene()
  const [failed, first] = await Promise.allSettled([one.receive(early), one.send('from one')])
  expect(failed).toMatchObject({ reason: { code: 'FUTURE_EPOCH' } })
  const messages = [first.status === 'fulfilled' ? first.value : new Uint8Array(), await two.send('a'), await two.send('b')]
  const received = await bobs.receiveMany(messages)
  expect(received.map((event) => (event.kind === 'message' ? text(event.data) : event))).toEqual(['from one', 'a', 'b'])
})

test('what is received beside it is told', async () => {
  const { one, two, bobs, carols, early, commit } = await scene()
  const beside = await carols.send('beside')
  const [failed, told] = await Promise.allSettled([one.receive(early), one.receive(beside)])
  expect(failed).toMatchObject({ reason: { code: 'FUTURE_EPOCH' } })
  expect(told).toMatchObject({ status: 'fulfilled', value: { kind: 'message' } })
  await two.receive(commit)
  expect(await one.receive(early)).toMatchObject({ kind: 'message' })
  agree(one, two, bobs)
})
