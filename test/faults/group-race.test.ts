// One group in many hands: sixteen processes that commit at once, and many calls at once in one process.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client, isMlsError, memoryStore, postgresStore, sqliteStore, trustAnyCredential, type Group, type Store } from '../../lib'
import { patience, seeded, times } from './support/counts'
import { Member, type State } from './support/member'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

const processes = 16
const commits = times(3, 200)

interface Won {
  readonly epoch: bigint
  readonly message: Uint8Array
}

const openBob = (): Promise<Client> =>
  Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential, policy: { sendWithUncommittedProposals: 'allow' } })

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
}, patience(600_000))

test('sixteen processes commit in one group on PostgreSQL: one winner an epoch, no fork', async () => {
  const server = await startPostgres()
  try {
    await race(server.url)
  } finally {
    await server.stop()
  }
}, patience(600_000))

interface Heard {
  /** Of alice's, read by bob in the order in which her promises were settled. */
  message: number
  commit: number
  proposal: number
  /** Proposals that a commit overtook between their making and their settling: they belong to the epoch before. */
  overtaken: number
  /** Bob's, by alice. */
  received: number
  tooLate: number
}

/** So many messages bob may be behind, a few epochs: what he sends from further back comes too late for alice. */
const farthest = 256

/** mixed lets 64 promises call what they like on one group of alice, while bob follows. */
async function mixed(store: Store): Promise<void> {
  const policy = { sendWithUncommittedProposals: 'allow', limits: { maxPastEpochs: 64, maxPendingCommits: 64 } } as const
  const alice = await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential, policy })
  const alices = await alice.createGroup()
  const bob = await openBob()
  const [keyPackage] = await bob.keyPackages.create()
  const { welcome } = await (await alices.commit({ add: [keyPackage?.message as Uint8Array] })).accepted()
  const bobs = await bob.join(welcome as Uint8Array)

  const heard: Heard = { message: 0, commit: 0, proposal: 0, overtaken: 0, received: 0, tooLate: 0 }
  let read: Promise<unknown> = Promise.resolve()
  let behind = 0
  const tell = (kind: 'message' | 'commit' | 'proposal', bytes: Uint8Array): void => {
    behind += 1
    read = read.then(async () => {
      behind -= 1
      const event = await bobs.receive(bytes).catch((error: unknown) => {
        if (kind !== 'proposal' || !isMlsError(error, 'WRONG_EPOCH')) throw error
      })
      if (event) expect(event.kind).toBe(kind)
      heard[event ? kind : 'overtaken'] += 1
    })
  }
  const random = seeded()
  const call = async (): Promise<void> => {
    while (behind > farthest) await read
    const choice = random()
    if (choice < 0.6) tell('message', await alices.send('x'))
    else if (choice < 0.85) heard[await receiveOne(alices, bobs) ? 'received' : 'tooLate'] += 1
    else if (choice < 0.9) tell('proposal', (await alices.propose({ type: 'update' })).message)
    else await commitOne(alices, (bytes) => tell('commit', bytes))
  }
  const calls = times(20, 1000)
  await Promise.all(Array.from({ length: 64 }, async () => {
    for (let i = 0; i < calls; i += 1) await call()
  }))
  await read
  expect(bobs.epoch).toBe(alices.epoch)
  expect(Buffer.from(bobs.epochAuthenticator)).toEqual(Buffer.from(alices.epochAuthenticator))
  process.stdout.write(`${JSON.stringify(heard)}\n`)
  expect(heard.message).toBeGreaterThan(calls * 64 * 0.5)
  expect(heard.received).toBeGreaterThan(heard.tooLate)
  expect(heard.proposal).toBeGreaterThan(heard.overtaken)
  expect(heard.commit).toBeGreaterThan(calls / 4)
  await alice.close()
  await store.close()
}

test('64 promises of mixed calls on one group on SQLite: unique generations, one order', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-race-'))
  await mixed(sqliteStore(path.join(folder, 'alice.db')))
  fs.rmSync(folder, { recursive: true })
}, patience(600_000))

test('and on PostgreSQL', async () => {
  const server = await startPostgres()
  try {
    await mixed(postgresStore(server.url))
  } finally {
    await server.stop()
  }
}, patience(600_000))

/** receiveOne lets alice receive what bob sends in the epoch in which he is, and says whether it was in time. */
async function receiveOne(alices: Group, bobs: Group): Promise<boolean> {
  const message = await bobs.send('y')
  try {
    await alices.receive(message)
    return true
  } catch (error) {
    if (!isMlsError(error, 'WRONG_EPOCH')) throw error
    return false
  }
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
