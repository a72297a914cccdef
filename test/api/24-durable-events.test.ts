// Durable events: nothing received is lost, whatever the process did not come to.
import { isDeepStrictEqual } from 'node:util'
import { memoryStore, type Client, type UnacknowledgedEvent } from '../../lib'
import { addTo, agree, keyPackage, open, text } from './support/people'
import { toldStore } from './support/stores'

const durable = { durableEvents: true }

async function unacknowledged(client: Client): Promise<UnacknowledgedEvent[]> {
  const events: UnacknowledgedEvent[] = []
  for await (const event of client.unacknowledged()) events.push(event)
  return events
}

/** plain leaves out what differs between an event as it was told and as it is told again. */
const plain = ({ ack: _ack, group: _group, groupId: _groupId, welcomes: _welcomes, ...event }: Record<string, unknown>): unknown => event

test('what was received and not acknowledged is told again after a restart, as it was', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store, ...durable })
  const bob = await open('bob')
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  for (const event of await unacknowledged(alice)) await event.ack()  // her own commit
  const told: unknown[] = []
  for (const kind of ['message', 'proposal', 'commit'] as const) group.on(kind, (event) => told.push(plain({ ...event })))
  await group.receive(await bobs.send('one', { authenticatedData: Buffer.from('aad') }))
  const second = await group.receive(await bobs.send('two'))
  await group.receive((await bobs.propose({ type: 'update' })).message)
  const commit = await bobs.commit()
  await commit.accepted()
  await group.receive(commit.message)
  expect(second.kind === 'message' && typeof second.ack).toBe('function')
  if (second.kind === 'message') await second.ack?.()
  await alice.close()

  const again = await open('alice', { store, ...durable })
  const events = await unacknowledged(again)
  expect(events.map(({ kind }) => kind)).toEqual(['message', 'proposal', 'commit'])
  expect(isDeepStrictEqual(events.map((event) => plain({ ...event })), told.filter((_, i) => i !== 1))).toBe(true)
  expect(events[0]?.group?.id).toEqual(group.id)
  agree(events[0]?.group ?? group, bobs)
  await Promise.all(events.map((event) => event.ack()))
  expect(await unacknowledged(again)).toEqual([])
  await again.close()
  expect(await unacknowledged(await open('alice', { store, ...durable }))).toEqual([])
})

test('the Welcomes of a commit that was accepted just before the end are there', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store, ...durable })
  const bob = await open('bob')
  const group = await alice.createGroup()
  const commit = await group.commit({ add: [await keyPackage(bob)] })
  const { ack } = await commit.accepted()
  expect(typeof ack).toBe('function')
  // And here the process ends, before it has sent the Welcome.
  const again = await open('alice', { store, ...durable })
  const [event] = await unacknowledged(again)
  expect(event).toMatchObject({ kind: 'commit', own: true, added: Uint32Array.of(1) })
  const [welcome] = event?.kind === 'commit' ? [...(event.welcomes ?? [])] : []
  agree(await bob.join(welcome?.message as Uint8Array), await again.group(group.id))
  await event?.ack()
  expect(await unacknowledged(again)).toEqual([])
})

test('an event is in the atom of what receiving it changed, or nowhere', async () => {
  const store = toldStore()
  const alice = await open('alice', { store, ...durable })
  const group = await alice.createGroup()
  const bobs = await addTo(group, await open('bob'))
  for (const event of await unacknowledged(alice)) await event.ack()
  const message = await bobs.send('once')
  store.told = async () => { throw new Error('disk full') }
  await expect(group.receive(message)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  store.told = null
  expect(await unacknowledged(alice)).toEqual([])
  store.atoms.length = 0
  const event = await group.receive(message)
  expect(store.atoms).toHaveLength(1)
  expect(event.kind === 'message' && text(event.data)).toBe('once')
  expect(await unacknowledged(alice)).toHaveLength(1)
})

test('news of our removal outlives the group', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store, ...durable })
  const group = await alice.createGroup()
  const bobs = await addTo(group, await open('bob'))
  await group.receiveMany([await bobs.send('the last'), (await bobs.commit({ remove: [0] })).message])
  await alice.close()
  const again = await open('alice', { store, ...durable })
  const events = await unacknowledged(again)
  expect(events.map(({ kind, group: one }) => [kind, one])).toEqual([['commit', null], ['message', null], ['commit', null]])
  expect(events[2]).toMatchObject({ selfRemoved: true, groupId: group.id })
})

test('a group that is deleted has no events any more', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store, ...durable })
  const group = await alice.createGroup()
  const bobs = await addTo(group, await open('bob'))
  await group.receive(await bobs.send('x'))
  await group.delete()
  expect(await unacknowledged(alice)).toEqual([])
  const scopes: number[] = []
  for await (const scope of store.list(new Uint8Array(0))) scopes.push(scope[0] ?? 0)
  expect(scopes.filter((kind) => kind !== 1)).toEqual([])
})

test('without the option events have nothing to acknowledge, and nothing is kept', async () => {
  const alice = await open('alice')
  const group = await alice.createGroup()
  const bobs = await addTo(group, await open('bob'))
  const event = await group.receive(await bobs.send('x'))
  expect('ack' in event).toBe(false)
  expect(await unacknowledged(alice)).toEqual([])
})
