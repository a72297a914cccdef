// Several processes with leases in one group: one of them sends, until it dies, is stopped for too long, or gives it back.
//
// Alice lives in the processes, bob here. Bob reads everything that any of them released, each message once; and each lease
// that one of them says it had was taken when the one before had run out, as the row in the store has it.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, memoryStore, postgresStore, rowChanges, sqliteStore, trustAnyCredential, type Group, type LeaseInfo, type Store } from '../../lib'
import { seeded, times } from './support/counts'
import { Failed, Member, type State, type Told } from './support/member'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

interface Released extends Told {
  readonly kind: 'released'
  readonly text: string
  readonly message: Uint8Array
  /** Null when it ran out before this was said. */
  readonly lease: LeaseInfo | null
}

/** Term: the time for which one process had the lease under one token. */
interface Term {
  readonly holder: Member
  readonly taken: number
  until: number
}

const leaseTag = 3
const groupTag = 2
/** One process is more than two that want it. */
const processes = 3

class World {
  readonly random = seeded()
  readonly members: Member[] = []
  readonly #released: Released[] = []
  readonly #terms = new Map<bigint, Term>()
  readonly refused = new Map<Member, number>()
  readonly counts = { released: 0, takeovers: 0, kills: 0, stops: 0, locked: 0, refusals: 0, latest: 0 }
  #watchers: (() => void)[] = []

  private constructor(
    readonly place: string, readonly store: Store, readonly bobs: Group, readonly duration: number, readonly onConflict: 'retry' | 'report',
  ) {}

  static async make(place: string, duration: number, onConflict: 'retry' | 'report' = 'retry'): Promise<World> {
    const policy = { limits: { maxPastEpochs: 16 } }
    const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential, policy })
    const [url = '', schema = ''] = place.split('#')
    const store = schema ? postgresStore(url, { schema }) : sqliteStore(place, { busyTimeout: 60_000 })
    const world = new World(place, store, await bob.createGroup(), duration, onConflict)
    const first = await world.add()
    const adding = await world.bobs.commit({ add: [await first.call<Uint8Array>('keyPackage')] })
    await first.call('join', (await adding.accepted()).welcome)
    while (world.members.length < processes) await world.add()
    return world
  }

  /** add starts one more process. */
  async add(): Promise<Member> {
    const member = new Member()
    member.told = (told) => this.#take(member, told)
    await member.open(this.place, { leases: { duration: this.duration }, onConflict: this.onConflict, policy: { limits: { maxPastEpochs: 16 } } })
    this.members.push(member)
    return member
  }

  /** flood has a process send from two lanes, as fast as it can. */
  flood(member: Member): void {
    void member.call('flood', { text: `${this.members.indexOf(member)}.${this.counts.kills}`, lanes: 2 })
  }

  /** until waits until something that was told makes `is` true, or for so many milliseconds. */
  async until(is: () => boolean, patience = Infinity): Promise<boolean> {
    const end = Date.now() + patience
    while (!is() && Date.now() < end) await Promise.race([sleep(50), new Promise<void>((resolve) => this.#watchers.push(resolve))])
    return is()
  }

  /** row is the lease as the store has it: its token, and until when it is somebody's. */
  async row(): Promise<LeaseInfo> {
    for await (const scope of this.store.list(Uint8Array.of(leaseTag))) {
      for await (const { rows, versions } of this.store.load(scope)) {
        for (const change of rowChanges(rows)) {
          if (change.kind === 'put') return { token: versions['lease'] ?? 0n, until: Number(Buffer.from(change.value).readBigUInt64BE(16)) }
        }
      }
    }
    return { token: 0n, until: 0 }
  }

  /** revision is that of the group in the store. */
  async revision(): Promise<bigint> {
    for await (const scope of this.store.list(Uint8Array.of(groupTag))) for await (const { revision } of this.store.load(scope)) return revision
    throw new Error('the group is gone')
  }

  /** last is the latest lease that somebody said it has. */
  get last(): { readonly token: bigint; readonly holder: Member } {
    const [token = 0n] = [...this.#terms.keys()].sort((a, b) => Number(b - a))
    return { token, holder: this.#terms.get(token)?.holder as Member }
  }

  /** saidUntil is until when somebody said that it has a lease. */
  saidUntil(token: bigint): number {
    return this.#terms.get(token)?.until ?? 0
  }

  /** takeover waits for a holder after another, and expects that it waited for the other's time to end. */
  async takeover({ token, until }: LeaseInfo, patience = Infinity): Promise<boolean> {
    if (!await this.until(() => this.last.token > token, patience)) return false
    const terms = [...this.#terms].filter(([one]) => one > token).sort(([a], [b]) => Number(a - b))
    const taken = terms[0]?.[1].taken as number
    expect(taken).toBeGreaterThanOrEqual(until)
    this.counts.takeovers += 1
    this.counts.latest = Math.max(this.counts.latest, taken - until)
    return true
  }

  /** read lets bob read what was released since: each message has a key of its own. */
  async read(): Promise<void> {
    const released = this.#released.splice(0)
    const events = await this.bobs.receiveMany(released.map(({ message }) => message))
    expect(events.map((event) => (event.kind === 'message' ? Buffer.from(event.data).toString() : event))).toEqual(released.map(({ text }) => text))
    this.counts.released += released.length
  }

  /** end stops all, and expects that no two terms lie over each other. */
  async end(): Promise<void> {
    for (const member of this.members) await member.kill()
    await this.read()
    await this.store.close()
    const terms = [...this.#terms].sort(([a], [b]) => Number(a - b))
    terms.reduce<Term | null>((before, [, term]) => {
      if (before) expect(term.taken).toBeGreaterThanOrEqual(before.until)
      return term
    }, null)
  }

  #take(member: Member, told: Told): void {
    if (told.kind === 'released') this.#takeReleased(member, told as Released)
    if (told.kind === 'refused') {
      this.counts.refusals += 1
      this.refused.set(member, (this.refused.get(member) ?? 0) + 1)
    }
    const watchers = this.#watchers
    this.#watchers = []
    for (const watcher of watchers) watcher()
  }

  #takeReleased(member: Member, released: Released): void {
    this.#released.push(released)
    const { lease } = released
    if (!lease) return
    const term = this.#terms.get(lease.token)
    if (!term) return void this.#terms.set(lease.token, { holder: member, taken: lease.until - this.duration, until: lease.until })
    // One token, one holder.
    expect(this.members.indexOf(term.holder)).toBe(this.members.indexOf(member))
    term.until = Math.max(term.until, lease.until)
  }
}

/**
 * leaseOf is the lease of somebody who writes no more, when nothing of it is on its way any more; or what it said of it last,
 * when another was that fast.
 */
async function leaseOf(world: World, token: bigint): Promise<LeaseInfo> {
  for (let row = await world.row(); row.token === token;) {
    await sleep(20)
    const next = await world.row()
    if (next.token === token && next.until === row.until) return next
    row = next
  }
  return { token, until: world.saidUntil(token) }
}

/** deaths lets the holder die, or be stopped past its time, over and over. */
async function deaths(place: string, rounds: number): Promise<void> {
  const world = await World.make(place, 250)
  world.members.forEach((member) => world.flood(member))
  for (let round = 0; round < rounds; round += 1) {
    // Somebody sends, after others were told that they may not.
    const before = world.counts.released
    await world.until(() => world.counts.refusals > 0 && world.last.token > 0n)
    await sleep(world.random() * world.duration)
    await world.read()
    expect(world.counts.released).toBeGreaterThan(before)
    const { holder, token } = world.last
    if (round % 3 === 2) {
      world.counts.stops += 1
      await pause(world, holder, token)
    } else {
      world.counts.kills += 1
      await holder.kill()
      await world.takeover(await leaseOf(world, token))
      world.flood(await world.add())
    }
  }
  await world.end()
  process.stdout.write(`${JSON.stringify(world.counts)}\n`)
  expect(world.counts.takeovers + world.counts.locked).toBeGreaterThanOrEqual(rounds)
  // Nobody waits much longer than the lease lasts.
  expect(world.counts.latest).toBeLessThan(5_000)
}

/** pause stops the holder until another has taken over, or until it is seen that it was stopped with the file locked. */
async function pause(world: World, holder: Member, token: bigint): Promise<void> {
  holder.stop()
  const lease = await Promise.race([leaseOf(world, token), sleep(1_000).then(() => null)])
  if (!lease || !await world.takeover(lease, world.duration + 3_000)) world.counts.locked += 1
  holder.goOn()
  const refused = world.refused.get(holder) ?? 0
  // It finds out, and then it waits as the others do; or it has the lease again.
  await world.until(() => (world.refused.get(holder) ?? 0) > refused || world.last.holder === holder)
}

/** stopping resolves when a process says that it stops itself now. */
const stopping = (member: Member): Promise<void> => new Promise((resolve) => {
  member.told = ({ kind }) => kind === 'stopping' && resolve()
})

/** keepAsking has a process ask for the lease, and keep it then, until `end` is called; `had` resolves when it has it. */
function keepAsking(member: Member, has: (error: unknown) => boolean): { readonly had: Promise<void>; readonly end: () => Promise<void> } {
  let wanted = true
  let resolveHad = (): void => {}
  const had = new Promise<void>((resolve) => (resolveHad = resolve))
  const asking = (async () => {
    while (wanted) {
      const error = await member.call('send', 'x').then(() => null, (reason: unknown) => reason)
      if (has(error)) resolveHad()
      else expect(error).toEqual(new Failed('LEASE_HELD'))
      await sleep(10)
    }
  })()
  return { had, end: () => (wanted = false, asking) }
}

/** byTheToken: the other has the lease and nothing else was stored, so that it is the token alone that refuses the paused one. */
async function byTheToken(world: World, one: Member, two: Member, lost: string): Promise<void> {
  // While a proposal waits, nobody may send; who has the lease is told so.
  await one.call('receive', (await world.bobs.propose({ type: 'update' })).message)
  await two.call('refresh')
  const revision = await world.revision()
  await one.call('stopBefore')
  const stopped = stopping(one)
  const commit = one.call('commit')
  await stopped
  const row = await world.row()
  const { had, end } = keepAsking(two, (error) => error instanceof Failed && error.code === 'PENDING_PROPOSALS')
  await had
  const next = await world.row()
  expect(next.token).toBe(row.token + 1n)
  expect(next.until - world.duration).toBeGreaterThanOrEqual(row.until)
  one.goOn()
  await expect(commit).rejects.toEqual(new Failed(lost))
  await end()
  expect(await world.revision()).toBe(revision)
  await two.call('close')
  const ending = await world.bobs.commit()
  await ending.accepted()
  expect(await one.call('receive', ending.message)).toMatchObject({ kind: 'commit' })
}

/** fenced stops a holder whose writes are on their way, lets another send, and lets it go on. */
async function fenced(place: string, onConflict: 'retry' | 'report'): Promise<void> {
  const world = await World.make(place, 400, onConflict)
  const [one, two, three] = world.members as [Member, Member, Member]
  const lost = onConflict === 'retry' ? 'LEASE_HELD' : 'STORE_CONFLICT'
  const release = async (text: string): Promise<void> => {
    const message = await one.call<Uint8Array>('send', text)
    expect(await world.bobs.receive(message)).toMatchObject({ kind: 'message', data: Uint8Array.from(Buffer.from(text)) })
  }
  await byTheToken(world, one, two, lost)

  // What has to be stored.
  await release('mine')
  await three.call('refresh')
  await one.call('stopBefore')
  const stopped = stopping(one)
  const waiting = [one.call('commit'), one.call('send', 'late'), one.call('propose'), one.call('send', 'later')]
  await stopped
  const row = await world.row()
  world.flood(three)
  expect(await world.takeover(row)).toBe(true)
  one.goOn()
  for (const call of waiting) await expect(call).rejects.toEqual(new Failed(lost))
  expect(await one.call('lease')).toBeNull()
  await expect(one.call('send', 'not mine')).rejects.toEqual(new Failed('LEASE_HELD'))

  // It goes on as one of those who have no lease, and may have it again.
  expect(await one.call('receive', await world.bobs.send('to whom it may concern'))).toMatchObject({ kind: 'message' })
  await three.call('calm')
  await three.call('close')
  await world.read()
  await one.call('refresh')
  await release('mine again')

  // What needs nothing stored, since its generations were reserved before.
  const four = await world.add()
  const again = stopping(one)
  const sending = one.call('sendAndStop', { message: await world.bobs.send('on the way'), text: 'too late' })
  await again
  const held = await world.row()
  world.flood(four)
  expect(await world.takeover(held)).toBe(true)
  one.goOn()
  await expect(sending).rejects.toEqual(new Failed(lost))
  await world.end()
}

/** givenBack: who closes its client lets another send at once; without it everybody is told that they may not. */
async function givenBack(place: string): Promise<void> {
  const world = await World.make(place, 3_600_000)
  const [one, two, three] = world.members as [Member, Member, Member]
  await one.call('send', 'mine')
  for (const operation of ['send', 'propose', 'commit']) {
    const refused = await Promise.allSettled([two, three].map((member) => member.call(operation, 'x')))
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'LEASE_HELD' } })
  }
  expect(await two.call('receive', await world.bobs.send('to you'))).toMatchObject({ kind: 'message' })
  const before = await world.row()
  await one.call('close')
  // Both want it now: one has it.
  const settled = await Promise.allSettled([two, three].map((member) => member.call<Uint8Array>('send', 'mine now')))
  const messages = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  expect(messages).toHaveLength(1)
  expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'LEASE_HELD' } })
  expect((await world.bobs.receive(messages[0] as Uint8Array)).kind).toBe('message')
  expect((await world.row()).token).toBe(before.token + 1n)
  expect((await two.call<State>('refresh')).epoch).toBe(world.bobs.epoch)
  await world.end()
}

const cases: readonly (readonly [string, (place: string) => Promise<void>])[] = [
  ['killed and stopped while it sends, the holder is followed by another when its time is over', (place) => deaths(place, times(5, 100))],
  ['who was stopped past its time puts nothing on the wire, and goes on', (place) => fenced(place, 'retry')],
  ['with report too', (place) => fenced(place, 'report')],
  ['who closes gives the lease back at once', givenBack],
]

// Nobody is stopped there.
const some = process.platform === 'win32' ? cases.slice(-1) : cases

describe('on one SQLite file', () => {
  let folder: string
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-lease-'))))
  afterEach(() => fs.rmSync(folder, { recursive: true }))
  test.each(some)('%s', (_, work) => work(path.join(folder, 'alice.db')), 600_000)
})

describe('on PostgreSQL', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let schemas = 0
  beforeAll(async () => void (server = await startPostgres()))
  afterAll(() => server.stop())
  test.each(some)('%s', (_, work) => work(`${server.url}#lease${schemas += 1}`), 600_000)
})
