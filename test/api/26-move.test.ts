// Moving a group to another store: frozen, written, released, imported, finished; and everything in between.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { memoryStore, postgresStore, sqliteStore, type Client, type ClientOptions, type ExportedGroup, type Group, type Store } from '../../lib'
import { toHex } from '../../lib/bytes'
import { addTo, agree, fails, keyPackage, misused, open, text } from './support/people'
import { toldStore } from './support/stores'
import { turns } from './support/turns'

// A script of the project, which has no declarations.
const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

async function bytesOf(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return new Uint8Array(Buffer.concat(all))
}

async function everything(store: Store): Promise<string> {
  const all: string[] = []
  for await (const scope of store.list(new Uint8Array(0))) {
    for await (const { rows, versions } of store.load(scope)) all.push(`${toHex(scope)} ${toHex(rows)} ${Object.entries(versions).join()}`)
  }
  return all.join('\n')
}

interface Move {
  readonly from: Client
  readonly to: Client
  readonly store: Store
  readonly target: Store
  readonly bob: Client
  readonly alices: Group
  readonly bobs: Group
}
/** scene: alice with a group in one store, and alice again with an empty one. */
async function scene(options: Partial<ClientOptions> = {}): Promise<Move> {
  const [store, target] = [memoryStore(), memoryStore()]
  const [from, to, bob] = [await open('alice', { store, ...options }), await open('alice', { store: target, ...options }), await open('bob')]
  const alices = await from.createGroup()
  return { from, to, store, target, bob, alices, bobs: await addTo(alices, bob) }
}

async function moved(from: Client, to: Client, id: Uint8Array): Promise<{ group: Group; bytes: Uint8Array; key: Uint8Array }> {
  const moving = await from.exportGroup(id)
  const bytes = await bytesOf(moving.parts())
  const key = await moving.release()
  const group = await to.importGroup(bytes, key)
  await moving.finish()
  return { group, bytes, key }
}

test('a group moves: it goes on elsewhere, and nothing of it stays', async () => {
  const { from, to, store, alices, bobs } = await scene()
  const before = alices.epochAuthenticator
  const { group } = await moved(from, to, alices.id)
  expect(group.epochAuthenticator).toEqual(before)
  expect(group.leafIndex).toBe(0)
  await bobs.receive(await group.send('from elsewhere'))
  expect(await group.receive(await bobs.send('back'))).toMatchObject({ kind: 'message', sender: 1 })
  const commit = await group.commit()
  await commit.accepted()
  await bobs.receive(commit.message)
  agree(group, bobs)
  expect(from.groups()).toEqual([])
  await fails(from.group(alices.id), 'UNKNOWN_GROUP')
  for await (const scope of store.list(new Uint8Array(0))) expect(scope[0]).toBe(1)
})

test('everything of the group comes along: candidates with their Welcomes, proposals, past epochs, skipped keys', async () => {
  const { from, to, alices, bobs } = await scene()
  const carol = await open('carol')
  const [late, skipped, last] = [await bobs.send('of the past epoch'), await bobs.send('skipped'), await bobs.send('last')]
  await alices.receive(last)
  const other = await alices.commit()
  await other.accepted()
  await bobs.receive(other.message)
  const { reference } = await bobs.propose({ type: 'update' }).then(async ({ message, reference: ref }) => {
    await alices.receive(message)
    return { reference: ref }
  })
  const candidate = await alices.commit({ add: [await keyPackage(carol)] })
  const { group } = await moved(from, to, alices.id)
  expect(group.proposals.map((one) => one.reference)).toEqual([reference])
  for (const message of [late, skipped]) expect(await group.receive(message)).toMatchObject({ kind: 'message', epoch: 1n })
  await fails(group.receive(last), 'KEY_CONSUMED')
  const [pending] = group.pending()
  expect(pending?.message).toEqual(candidate.message)
  const { welcome } = await pending!.accepted()
  await bobs.receive(candidate.message)
  const carols = await carol.join(welcome!)
  agree(group, bobs, carols)
})

test('a candidate that the move overtook may be accepted by its coming back, or rejected', async () => {
  const { from, to, alices, bobs } = await scene()
  const candidate = await alices.commit()
  const { group } = await moved(from, to, alices.id)
  await bobs.receive(candidate.message)
  expect(await group.receive(candidate.message)).toMatchObject({ kind: 'commit', own: true })
  agree(group, bobs)
  await fails(candidate.accepted(), 'GROUP_MOVED')
})

test('no generation is used twice: what was sent before the move and after it opens, each once', async () => {
  const { from, to, alices, bobs } = await scene()
  const sent = await alices.sendMany(['1', '2', '3'])
  const { group } = await moved(from, to, alices.id)
  sent.push(...await group.sendMany(['4', '5']))
  const received = await bobs.receiveMany(sent)
  expect(received.map((one) => (one.kind === 'message' ? text(one.data) : one.kind))).toEqual(['1', '2', '3', '4', '5'])
})

test('a group that joins by external commit moves as such', async () => {
  const { from, to, bob } = await scene()
  const bobs = await bob.createGroup()
  const join = await from.joinExternally(await bobs.groupInfo())
  const { group } = await moved(from, to, bobs.id)
  await fails(join.accepted(), 'GROUP_MOVED')
  await bobs.receive(join.message)
  await group.confirm()
  expect(to.groups()).toMatchObject([{ status: 'active' }])
  agree(group, bobs)
})

test('a frozen group: every process is told, what was called before is done, what waits is refused', async () => {
  const { from, store, alices, bobs } = await scene()
  const other = await open('alice', { store })
  const same = await other.group(alices.id)
  const sending = alices.send('called before')
  const exporting = from.exportGroup(alices.id)
  const queued = alices.send('called before, too')
  expect(await bobs.receive(await sending)).toMatchObject({ kind: 'message' })
  await exporting
  const outcome = await queued.then(async (message) => (await bobs.receive(message)).kind, (error: { code?: string }) => error.code)
  expect(['message', 'GROUP_MOVED']).toContain(outcome)
  await fails(alices.send('x'), 'GROUP_MOVED')
  await fails(from.group(alices.id), 'GROUP_MOVED')
  await fails(from.receive(await bobs.send('x')), 'GROUP_MOVED')
  await fails(from.createGroup({ groupId: alices.id }), 'GROUP_EXISTS')
  await fails(same.commit(), 'GROUP_MOVED')
  await fails(same.receive(await bobs.send('x')), 'GROUP_MOVED')
  await other.refresh()
  await fails(other.group(alices.id), 'GROUP_MOVED')
  expect(from.groups()).toMatchObject([{ key: alices.key, status: 'exported' }])
  const third = await open('alice', { store })
  await fails(third.group(alices.id), 'GROUP_MOVED')
  expect(third.groups()).toMatchObject([{ status: 'exported' }])
})

test('another process sends at most what it had reserved, and no generation twice', async () => {
  const { from, to, store, alices, bobs } = await scene()
  const other = await open('alice', { store })
  const same = await other.group(alices.id)
  const early = [await same.send('reserves')]
  const { group } = await moved(from, to, alices.id)
  const sent: string[] = []
  for (let i = 0; i < 40; i += 1) {
    const message = await same.send(`late ${i}`).catch((error: { code?: string }) => error.code ?? '')
    if (typeof message === 'string') sent.push(message)
    else early.push(message)
  }
  expect(early.length).toBeLessThanOrEqual(32)
  expect(new Set(sent)).toEqual(new Set(['UNKNOWN_GROUP']))
  const received = await bobs.receiveMany([...early, ...await group.sendMany(['a', 'b'])])
  expect(received.filter(({ kind }) => kind !== 'message')).toEqual([])
})

test('cancelled, it is as before, and its bytes are of no use', async () => {
  const { from, to, store, alices, bobs } = await scene()
  const moving = await from.exportGroup(alices.id)
  const bytes = await bytesOf(moving.parts())
  await fails(moving.finish(), 'MISUSE')
  await moving.cancel()
  await fails(moving.release(), 'GROUP_MOVED')
  await fails(moving.cancel(), 'GROUP_MOVED')
  await fails(bytesOf(moving.parts()), 'GROUP_MOVED')
  expect(from.groups()).toMatchObject([{ status: 'active' }])
  const again = await from.group(alices.id)
  await bobs.receive(await again.send('here still'))
  await bobs.receive(await (await (await open('alice', { store })).group(alices.id)).send('after a restart, too'))
  // The next export has another key.
  const next = await from.exportGroup(alices.id)
  expect(next.transferId).not.toEqual(moving.transferId)
  await fails(to.importGroup(bytes, await next.release()), 'WRONG_ENCRYPTION_KEY')
})

test('released, there is no way back, whoever tries and however often', async () => {
  const { from, store, alices } = await scene()
  const moving = await from.exportGroup(alices.id)
  const key = await moving.release()
  await fails(moving.cancel(), 'GROUP_MOVED')
  const bytes = await bytesOf(moving.parts())
  await fails(from.importGroup(bytes, key), 'TRANSFER_USED')
  const other = await open('alice', { store })
  expect(other.groups()).toMatchObject([{ status: 'released' }])
  const same = await other.exportGroup(alices.id)
  expect(same.transferId).toEqual(moving.transferId)
  await fails(same.cancel(), 'GROUP_MOVED')
  expect(await same.release()).toEqual(key)
  await same.finish()
  await from.refresh()
  await fails(moving.finish(), 'UNKNOWN_GROUP')
  await fails(from.importGroup(bytes, key), 'TRANSFER_USED')
})

describe('what may be called when:', () => {
  const steps = {
    exported: async () => {},
    released: async (moving: ExportedGroup) => void await moving.release(),
    cancelled: (moving: ExportedGroup) => moving.cancel(),
    finished: async (moving: ExportedGroup) => {
      await moving.release()
      await moving.finish()
    },
  } as const
  const calls = {
    parts: (moving: ExportedGroup) => bytesOf(moving.parts()),
    release: (moving: ExportedGroup) => moving.release(),
    cancel: (moving: ExportedGroup) => moving.cancel(),
    finish: (moving: ExportedGroup) => moving.finish(),
  } as const
  const table: Readonly<Record<keyof typeof steps, readonly string[]>> = {
    exported: ['ok', 'ok', 'ok', 'MISUSE'],
    released: ['ok', 'ok', 'GROUP_MOVED', 'ok'],
    cancelled: ['GROUP_MOVED', 'GROUP_MOVED', 'GROUP_MOVED', 'GROUP_MOVED'],
    finished: ['UNKNOWN_GROUP', 'UNKNOWN_GROUP', 'UNKNOWN_GROUP', 'UNKNOWN_GROUP'],
  }
  test.each(Object.entries(table))('%s', async (state, row) => {
    const found: string[] = []
    for (const call of Object.values(calls)) {
      const { from, alices } = await scene()
      const moving = await from.exportGroup(alices.id)
      expect(moving.id).toEqual(alices.id)
      await steps[state as keyof typeof steps](moving)
      found.push(await call(moving).then(() => 'ok', (error: { code?: string }) => String(error.code)))
    }
    expect(found).toEqual(row)
  })
})

test('of cancel and release in two processes one wins', async () => {
  for (let round = 0; round < 8; round += 1) {
    const { from, store, alices, bobs } = await scene()
    const moving = await from.exportGroup(alices.id)
    const other = await open('alice', { store })
    const same = await other.exportGroup(alices.id)
    const release = (): Promise<unknown> => same.release()
    const first = round % 2 ? release() : null
    const [cancelled, released] = await Promise.allSettled([moving.cancel(), first ?? release()])
    expect([cancelled?.status, released?.status].sort()).toEqual(['fulfilled', 'rejected'])
    await other.refresh()
    if (cancelled?.status === 'fulfilled') await bobs.receive(await (await other.group(alices.id)).send('x'))
    else await fails(other.group(alices.id), 'GROUP_MOVED')
  }
})

test('two processes that export get the same export', async () => {
  const { from, store, alices } = await scene()
  const other = await open('alice', { store })
  await other.group(alices.id)
  const [one, two] = await Promise.all([from.exportGroup(alices.id), other.exportGroup(alices.id)])
  expect(one.transferId).toEqual(two.transferId)
})

test('the same state is written again after a restart, under the same key, with other bytes', async () => {
  const { from, to, store, alices } = await scene()
  const before = alices.epochAuthenticator
  const first = await bytesOf((await from.exportGroup(alices.id)).parts())
  await from.close()
  const again = await open('alice', { store })
  const moving = await again.exportGroup(alices.id)
  const second = await bytesOf(moving.parts())
  expect(toHex(second)).not.toBe(toHex(first))
  const key = await moving.release()
  const group = await to.importGroup(first, key)
  expect(group.epochAuthenticator).toEqual(before)
  expect(await to.importGroup(second, key)).toBe(group)
})

test('imported again, it is the same group; once that is gone, it stays gone', async () => {
  const { from, to, target, alices, bobs } = await scene()
  const { group, bytes, key } = await moved(from, to, alices.id)
  await group.send('x')
  expect(await to.importGroup(bytes, key)).toBe(group)
  const other = await open('alice', { store: target })
  expect((await other.importGroup(bytes, key)).epochAuthenticator).toEqual(group.epochAuthenticator)
  await bobs.receive(await (await other.group(group.id)).send('from another process'))
  await group.delete()
  await fails(to.importGroup(bytes, key), 'TRANSFER_USED')
  await fails(other.importGroup(bytes, key), 'TRANSFER_USED')
})

test('two processes that import the same at once have the same group', async () => {
  const { from, to, target, alices } = await scene()
  const other = await open('alice', { store: target })
  const moving = await from.exportGroup(alices.id)
  const [bytes, key] = [await bytesOf(moving.parts()), await moving.release()]
  const [one, two] = await Promise.all([to.importGroup(bytes, key), other.importGroup(bytes, key)])
  expect(toHex(one.scope)).toBe(toHex(two.scope))
})

test('a group may come back, by another export', async () => {
  const { from, to, alices, bobs } = await scene()
  const { group } = await moved(from, to, alices.id)
  await bobs.receive(await group.send('there'))
  const { group: back } = await moved(to, from, alices.id)
  await bobs.receive(await back.send('and back'))
  agree(back, bobs)
})

test('events that were not acknowledged move, and are told there alone', async () => {
  const { from, to, store, alices, bobs } = await scene({ durableEvents: true })
  const [first] = await alices.receiveMany([await bobs.send('handled'), await bobs.send('not handled')])
  if (first?.kind === 'message') await first.ack?.()
  const moving = await from.exportGroup(alices.id)
  const here: string[] = []
  for await (const event of (await open('alice', { store, durableEvents: true })).unacknowledged()) here.push(event.kind)
  expect(here).toEqual([])
  const group = await to.importGroup(moving.parts(), await moving.release())
  await moving.finish()
  const there: string[] = []
  for await (const event of to.unacknowledged()) {
    expect(event.group).toBe(group)
    if (event.kind === 'message') there.push(text(event.data))
    await event.ack()
  }
  expect(there).toEqual(['not handled'])
  for await (const event of to.unacknowledged()) throw new Error(event.kind)
})

test('with leases only their holder exports, and the lease ends with the move', async () => {
  const leases = { duration: 1000 }
  const { from, store, alices } = await scene({ leases })
  const other = await open('alice', { store, leases })
  const held = await other.group(alices.id)
  await alices.close()
  await held.send('takes the lease')
  await fails(from.exportGroup(alices.id), 'LEASE_HELD')
  await held.send('still')
  const moving = await other.exportGroup(alices.id)
  await moving.release()
  await moving.finish()
  for await (const scope of store.list(Uint8Array.of(3))) throw new Error(toHex(scope))
})

test('what is not a group that can leave', async () => {
  const { from, alices, bobs } = await scene()
  await fails(from.exportGroup(Uint8Array.of(1)), 'UNKNOWN_GROUP')
  await misused(from.exportGroup('x' as never), 'TypeError', 'id')
  const commit = await bobs.commit({ remove: [0] })
  await alices.receive(commit.message)
  await fails(from.exportGroup(alices.id), 'REMOVED')
  await from.close()
  await fails(from.exportGroup(alices.id), 'CLOSED')
})

test('wrong arguments, another client, and a group that is there already are refused', async () => {
  const { from, to, bob, target, alices } = await scene()
  const moving = await from.exportGroup(alices.id)
  const bytes = await bytesOf(moving.parts())
  const key = await moving.release()
  const before = await everything(target)
  await misused(to.importGroup('x' as never, key), 'TypeError', 'bytes')
  await misused(to.importGroup(['x'] as never, key), 'TypeError', 'bytes')
  await misused(to.importGroup(bytes, new Uint8Array(31)), 'RangeError', 'key')
  await misused(to.importGroup(bytes, 'x' as never), 'TypeError', 'key')
  await fails(bob.importGroup(bytes, key), 'WRONG_CLIENT')
  await fails(to.importGroup(bytes, new Uint8Array(32)), 'WRONG_ENCRYPTION_KEY')
  expect(await everything(target)).toBe(before)
  await to.createGroup({ groupId: alices.id })
  await fails(to.importGroup(bytes, key), 'GROUP_EXISTS')
})

test('whatever bit is flipped, wherever it ends: a typed error, and nothing is written', async () => {
  const { from, to, target, alices } = await scene()
  const moving = await from.exportGroup(alices.id)
  const bytes = await bytesOf(moving.parts())
  const key = await moving.release()
  const before = await everything(target)
  const step = Math.max(1, Math.floor(bytes.length / 200))
  const typed = ['STORAGE_DAMAGED', 'STORAGE_VERSION', 'WRONG_ENCRYPTION_KEY']
  for (let at = 0; at < bytes.length; at += at < 140 ? 1 : step) {
    const damaged = bytes.slice()
    damaged[at]! ^= 1 << (at % 8)
    const error = await to.importGroup(damaged, key).then(() => null, (reason: { code?: string }) => reason)
    expect(typed).toContain(error?.code)
    await fails(to.importGroup(bytes.subarray(0, at), key), 'STORAGE_DAMAGED')
  }
  await fails(to.importGroup([bytes, Uint8Array.of(0)], key), 'STORAGE_DAMAGED')
  const newer = bytes.slice()
  newer[9]! += 1
  await fails(to.importGroup(newer, key), 'STORAGE_VERSION')
  expect(await everything(target)).toBe(before)
  // In parts of any size it is as good.
  const parts = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7))
  expect((await to.importGroup(parts, key)).epochAuthenticator).toEqual(alices.epochAuthenticator)
})

interface Fixture {
  readonly identity: string
  readonly bytes: string
  readonly key: string
  readonly epochAuthenticator: string
  readonly pending: number
  readonly events: readonly string[]
}

test('bytes of format 1 are read, with a candidate and an event in them', async () => {
  const fixture = JSON.parse(fs.readFileSync(path.join(__dirname, 'fixtures', 'transfer-1.json'), 'utf8')) as Fixture
  const alice = await open(fixture.identity, { durableEvents: true })
  const group = await alice.importGroup(Buffer.from(fixture.bytes, 'base64'), Buffer.from(fixture.key, 'hex'))
  expect(toHex(group.epochAuthenticator)).toBe(fixture.epochAuthenticator)
  expect(group.pending()).toHaveLength(fixture.pending)
  const events: string[] = []
  for await (const event of alice.unacknowledged()) if (event.kind === 'message') events.push(text(event.data))
  expect(events).toEqual(fixture.events)
  await group.send('x')
  await group.pending()[0]!.accepted()
  await (await group.commit()).accepted()
})

test('no secret is in the bytes, nor the key in either store', async () => {
  const { from, store, alices, bobs } = await scene()
  const secret = await alices.export('x', new Uint8Array(0), 32)
  const moving = await from.exportGroup(alices.id)
  const bytes = Buffer.from(await bytesOf(moving.parts()))
  const key = await moving.release()
  const rows = await everything(store)
  expect(rows).not.toContain(toHex(key))
  for (const known of [key, secret, Buffer.from('alice'), Buffer.from('bob'), bobs.treeHash]) expect(bytes.includes(Buffer.from(known))).toBe(false)
})

test('a store that fails while the group is frozen leaves it as it was', async () => {
  const store = toldStore()
  const from = await open('alice', { store })
  const alices = await from.createGroup()
  const bobs = await addTo(alices, await open('bob'))
  store.told = async () => { throw new Error('disk full') }
  await fails(from.exportGroup(alices.id), 'STORE_FAILED')
  store.told = null
  await fails(alices.send('the object is closed'), 'CLOSED')
  await bobs.receive(await (await from.group(alices.id)).send('the group is not'))
  const moving = await from.exportGroup(alices.id)
  store.told = async () => { throw new Error('disk full') }
  for (const call of [() => moving.release(), () => moving.cancel()]) await fails(call(), 'STORE_FAILED')
  store.told = null
  await moving.cancel()
  await bobs.receive(await (await from.group(alices.id)).send('still not'))
})

test('an import that is not stored leaves nothing, and the next one works', async () => {
  const { from, alices, bobs } = await scene()
  const store = toldStore()
  const to = await open('alice', { store })
  const moving = await from.exportGroup(alices.id)
  const [bytes, key] = [await bytesOf(moving.parts()), await moving.release()]
  const before = await everything(store)
  store.told = async () => { throw new Error('disk full') }
  await fails(to.importGroup(bytes, key), 'STORE_FAILED')
  expect(await everything(store)).toBe(before)
  // Stored, but the answer was lost.
  store.told = async (atom, inner) => {
    await inner.commit(atom)
    throw new Error('no answer')
  }
  await fails(to.importGroup(bytes, key), 'STORE_FAILED')
  store.told = null
  const group = await to.importGroup(bytes, key)
  expect(to.groups()).toHaveLength(1)
  await bobs.receive(await group.send('once'))
})

test('from SQLite to memory and back, with keys of their own', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-move-'))
  try {
    const store = sqliteStore(path.join(folder, 'alice.db'))
    const from = await open('alice', { store, encryptionKey: new Uint8Array(32).fill(1) })
    const to = await open('alice', { encryptionKey: new Uint8Array(32).fill(2) })
    const alices = await from.createGroup()
    const bobs = await addTo(alices, await open('bob'))
    await from.changeEncryptionKey(new Uint8Array(32).fill(3))
    const { group } = await moved(from, to, alices.id)
    await bobs.receive(await group.send('x'))
    const { group: back } = await moved(to, from, alices.id)
    await bobs.receive(await back.send('y'))
    await from.close()
    const again = await open('alice', { store, encryptionKey: new Uint8Array(32).fill(3) })
    await bobs.receive(await (await again.group(alices.id)).send('z'))
    await again.close()
    await store.close()
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

test('from SQLite to PostgreSQL, as one store takes the place of the other, with every group', async () => {
  const server = await startPostgres()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-move-'))
  const [store, target] = [sqliteStore(path.join(folder, 'alice.db')), postgresStore(server.url)]
  try {
    const [from, to, bob] = [await open('alice', { store }), await open('alice', { store: target }), await open('bob')]
    const bobs = new Map<string, Group>()
    for (let i = 0; i < 3; i += 1) {
      const group = await from.createGroup()
      bobs.set(group.key, await addTo(group, bob))
    }
    for (const { id } of from.groups()) await moved(from, to, id)
    expect(from.groups()).toEqual([])
    await to.close()
    const again = await open('alice', { store: target })
    expect(again.groups()).toHaveLength(3)
    for (const { id, key } of again.groups()) {
      const group = await again.group(id)
      expect(await bobs.get(key)!.receive(await group.send('from PostgreSQL'))).toMatchObject({ kind: 'message' })
      const commit = await group.commit()
      await commit.accepted()
      await bobs.get(key)!.receive(commit.message)
      agree(group, bobs.get(key)!)
    }
    await again.close()
  } finally {
    await Promise.all([store.close(), target.close()])
    await server.stop()
    fs.rmSync(folder, { recursive: true })
  }
}, 120_000)

test('a large group leaves and arrives in many turns', async () => {
  const [from, to] = [await open('alice'), await open('alice')]
  const group = await from.createGroup()
  const many = await open('many', { name: 'many' })
  const add = (await many.keyPackages.create(1)).map(({ message }) => message)
  const others = await Promise.all(Array.from({ length: 600 }, (_, i) => open(`member ${i} ${'x'.repeat(6000)}`).then(keyPackage)))
  await (await group.commit({ add: [...add, ...others] })).accepted()
  const moving = await from.exportGroup(group.id)
  const parts: Uint8Array[] = []
  const written = await turns(async () => {
    for await (const part of moving.parts()) parts.push(part)
  })
  expect(parts.length).toBeGreaterThan(4)
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(1 << 19)
  const key = await moving.release()
  const read = await turns(async () => void await to.importGroup(Buffer.concat(parts), key))
  expect(written).toBeGreaterThan(1)
  expect(read).toBeGreaterThan(1)
  expect((await to.group(group.id)).memberCount).toBe(602)
})
