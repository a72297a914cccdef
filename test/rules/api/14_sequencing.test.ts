// RFC 9420 §14: a Welcome is released after its Commit was accepted, and is not lost by a crash in between.
import { memoryStore, type Client, type UnacknowledgedEvent } from '../../../lib'
import { agree, fails, keyPackage, open, pair } from '../../api/support/people'

test('R14-04: a Welcome comes when its Commit was accepted, not before', async () => {
  const { alices, bobs } = await pair()
  const carol = await open('carol')
  const commit = await alices.commit({ add: [await keyPackage(carol)] })
  expect(Object.keys(commit)).not.toContain('welcome')
  expect('welcome' in commit || 'welcomes' in commit).toBe(false)
  expect(commit.result).toBeNull()
  expect(alices.pending()).toEqual([commit])
  await bobs.receive(commit.message)
  const { welcome } = await commit.accepted()
  agree(alices, bobs, await carol.join(welcome!))
  // And never when it was not.
  const dave = await open('dave')
  const lost = await alices.commit({ add: [await keyPackage(dave)] })
  const theirs = await bobs.commit()
  await theirs.accepted()
  await alices.receive(theirs.message)
  await fails(lost.accepted(), 'STALE_CANDIDATE')
})

test('R14-04: a process that dies before, or between the acceptance and the Welcome, has it afterwards', async () => {
  const store = memoryStore()
  const options = { store, durableEvents: true }
  const alice = await open('alice', options)
  const group = await alice.createGroup()
  const [bob, carol] = [await open('bob'), await open('carol')]
  await group.commit({ add: [await keyPackage(bob)] })
  await alice.close()

  // Its Commit was on the way; then it was accepted, and nobody sent the Welcome.
  const second = await open('alice', options)
  const [found] = (await second.group(group.id)).pending()
  await found!.accepted()
  await second.close()

  const third = await open('alice', options)
  const again = await third.group(group.id)
  const [event] = await unacknowledged(third)
  if (event?.kind !== 'commit') throw new Error('no commit')
  const [welcome] = [...event.welcomes!]
  const bobs = await bob.join(welcome!.message)
  agree(again, bobs)
  await event.ack()
  expect(await unacknowledged(third)).toEqual([])
  const next = await again.commit({ add: [await keyPackage(carol)] })
  await bobs.receive(next.message)
  await next.accepted()
  agree(again, bobs)
})

async function unacknowledged(client: Client): Promise<UnacknowledgedEvent[]> {
  const events: UnacknowledgedEvent[] = []
  for await (const event of client.unacknowledged()) events.push(event)
  return events
}
