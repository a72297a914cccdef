// One group in many hands: sixteen processes that commit at once, and many calls at once in one process.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client, isMlsError, memoryStore, sqliteStore, trustAnyCredential, type Group } from '../../lib'
import { seeded, times } from './support/counts'
import { Member, type State } from './support/member'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

const processes = 16
const commits = times(3, 200)

interface Won {
  readonly epoch: bigint
  readonly message: Uint8Array
}

const openBob = (): Promise<Client> => Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential })

/** race lets many processes of alice commit in one group; bob follows whoever was first in each epoch. */
async function race(store: string): Promise<void> {
  const bobs = await (await openBob()).createGroup()
  const first = new Member()
  await first.open(store)
  const adding = await bobs.commit({ add: [await first.call<Uint8Array>('keyPackage')] })
  await first.call('join', (await adding.accepted()).welcome)
  const members = [first, ...Array.from({ length: processes - 1 }, () => new Member())]
  await Promise.all(members.slice(1).map((member) => member.open(store)))

  const won = (await Promise.all(members.map((member) => member.call<Won[]>('commits', commits)))).flat()
  won.sort((a, b) => Number(a.epoch - b.epoch))
  expect(won.map(({ epoch }) => Number(epoch))).toEqual(Array.from({ length: processes * commits }, (_, i) => i + 2))
  for (const { message } of won) await bobs.receive(message)
  const states = await Promise.all(members.map((member) => member.call<State>('refresh')))
  for (const { epoch, authenticator } of states) {
    expect(epoch).toBe(bobs.epoch)
    expect(Buffer.from(authenticator)).toEqual(Buffer.from(bobs.epochAuthenticator))
  }
  await Promise.all(members.map((member) => member.kill()))
}

test('sixteen processes commit in one group on one SQLite file: one winner an epoch, no fork', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-race-'))
  await race(path.join(folder, 'alice.db'))
  fs.rmSync(folder, { recursive: true })
}, 3_600_000)

test('sixteen processes commit in one group on PostgreSQL: one winner an epoch, no fork', async () => {
  const server = await startPostgres()
  try {
    await race(server.url)
  } finally {
    await server.stop()
  }
}, 3_600_000)

test('64 promises of mixed calls on one group: unique generations, one order', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-race-'))
  const store = sqliteStore(path.join(folder, 'alice.db'))
  const alice = await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential, policy: { sendWithUncommittedProposals: 'allow' } })
  const alices = await alice.createGroup()
  const bob = await openBob()
  const [keyPackage] = await bob.keyPackages.create()
  const { welcome } = await (await alices.commit({ add: [keyPackage?.message as Uint8Array] })).accepted()
  const bobs = await bob.join(welcome as Uint8Array)

  const log: { readonly kind: 'message' | 'commit' | 'proposal'; readonly bytes: Uint8Array }[] = []
  const random = seeded()
  const call = async (): Promise<void> => {
    const choice = random()
    if (choice < 0.6) log.push({ kind: 'message', bytes: await alices.send('x') })
    else if (choice < 0.85) await receiveOne(alices, bobs)
    else if (choice < 0.9) log.push({ kind: 'proposal', bytes: (await alices.propose({ type: 'update' })).message })
    else await commitOne(alices, (bytes) => log.push({ kind: 'commit', bytes }))
  }
  const calls = times(20, 1000)
  await Promise.all(Array.from({ length: 64 }, async () => {
    for (let i = 0; i < calls; i += 1) await call()
  }))
  // Bob reads everything in the order in which alice's promises were settled.
  for (const { kind, bytes } of log) {
    const event = await bobs.receive(bytes).catch((error: unknown) => {
      // A proposal that a commit overtook between its making and its settling belongs to the epoch before.
      if (kind === 'proposal' && isMlsError(error, 'WRONG_EPOCH')) return { kind }
      throw error
    })
    expect(event.kind).toBe(kind)
  }
  expect(Buffer.from(bobs.epochAuthenticator)).toEqual(Buffer.from(alices.epochAuthenticator))
  expect(log.filter(({ kind }) => kind === 'message').length).toBeGreaterThan(calls * 64 * 0.5)
  await alice.close()
  await store.close()
  fs.rmSync(folder, { recursive: true })
}, 3_600_000)

/** receiveOne lets alice receive what bob sends in the epoch of long ago in which he still is. */
async function receiveOne(alices: Group, bobs: Group): Promise<void> {
  const message = await bobs.send('y')
  await alices.receive(message).catch((error: unknown) => {
    // Bob reads later: alice has let go what she needs for an epoch that long ago.
    if (!isMlsError(error, 'WRONG_EPOCH')) throw error
  })
}

/** commitOne commits; another of the many may be faster. */
async function commitOne(group: Group, note: (message: Uint8Array) => void): Promise<void> {
  try {
    const commit = await group.commit()
    await commit.accepted()
    note(commit.message)
  } catch (error) {
    if (!isMlsError(error, 'STALE_CANDIDATE')) throw error
  }
}
