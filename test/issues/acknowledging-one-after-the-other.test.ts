// The second of two events that were acknowledged one right after the other was never stored: it was called while the first
// one's atom had just been stored and the inbox did not yet know that it was idle.
import { memoryStore } from '../../lib'
import { addTo, open } from '../api/support/people'

test('events are acknowledged one right after the other', async () => {
  const alice = await open('alice', { store: memoryStore(), durableEvents: true })
  const group = await alice.createGroup()
  const bobs = await addTo(group, await open('bob'))
  const received = await group.receiveMany([await bobs.send('1'), await bobs.send('2'), await bobs.send('3')])
  for (const event of received) if (event.kind === 'message') await event.ack?.()
  const left: string[] = []
  for await (const { kind } of alice.unacknowledged()) left.push(kind)
  expect(left).toEqual(['commit'])
}, 5_000)
