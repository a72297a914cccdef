// A world of many processes of one client, which do anything at once, and of those who hear of it: bob, carol and the delivery
// service live here and forget nothing. Half of the processes have `onConflict: 'retry'`, half 'report'.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, isMlsError, memoryStore, trustAnyCredential, type Group } from '../../../lib'
import { seeded, times } from './counts'
import { Failed, Member } from './member'

const processes = times(4, 16)
const lanes = 3
const callsOfALane = times(14, 60)

export const policy = { sendWithUncommittedProposals: 'allow', limits: { maxPastEpochs: 256 } } as const
/** Every process reserves generations of one ratchet, and what they send overtakes each other: peers keep many keys. */
const peersPolicy = {
  ...policy, limits: { ...policy.limits, maxForwardSteps: 65_536, maxSkippedKeysPerSender: 65_536, maxSkippedKeys: 1_000_000 },
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export interface KeyPackage {
  readonly reference: string
  readonly message: Uint8Array
}
interface Described {
  readonly groups: readonly string[]
  readonly keyPackages: readonly string[]
  readonly states: readonly { readonly key: string; readonly epoch: bigint; readonly phase: string; readonly authenticator: string; readonly pending: readonly string[] }[]
}
interface Process {
  readonly member: Member
  readonly retries: boolean
}
interface Told {
  readonly kind: string
  readonly text?: string
}
/** Outcome of one of the calls that several processes do at once. */
interface Outcome<T> {
  readonly value?: T
  readonly code?: string
  readonly why?: string
}

export const openPeer = (identity: string): Promise<Client> => Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential, policy: peersPolicy })

/** World: `live`, and then `end` says what went wrong. */
export class World {
  readonly #random = seeded()
  readonly #processes: Process[] = []
  /** What there has to be in the end, of what nobody is just changing. */
  readonly #keyPackages = new Map<string, KeyPackage>()
  readonly #groups = new Map<string, Group | null>()
  readonly #psks = new Map<string, boolean>()
  /** The texts that were sent to alice, and those of them that nobody acknowledged. */
  readonly #letters: string[] = []
  readonly #unacknowledged = new Set<string>()
  /** The epochs of bob's group that began by a commit that alice has received or made. */
  readonly #epochs: bigint[] = []
  #taken: Promise<unknown> = Promise.resolve()
  #names = 0
  readonly counts: Record<string, number> = {}
  id: Uint8Array = new Uint8Array()

  private constructor(readonly store: string, readonly bob: Client, readonly carol: Client, readonly bobs: Group) {}

  static async make(store: string): Promise<World> {
    const bob = await openPeer('bob')
    const world = new World(store, bob, await openPeer('carol'), await bob.createGroup())
    while (world.#processes.length < processes) world.#processes.push(await world.#add(world.#processes.length % 2 === 0))
    const { member } = world.#processes[0] as Process
    const [made] = await member.call<KeyPackage[]>('createKeyPackages', 1)
    const adding = await world.bobs.commit({ add: [made?.message as Uint8Array] })
    await member.call('join', (await adding.accepted()).welcome)
    world.id = world.bobs.id
    return world
  }

  /** live lets every process do many things, several at a time. */
  async live(): Promise<void> {
    const works: readonly (readonly [number, (process: Process) => Promise<unknown>])[] = [
      [0.2, (process) => this.#send(process)],
      [0.45, () => this.#deliver()],
      [0.53, (process) => this.#commit(process)],
      [0.58, () => this.#bobCommits()],
      [0.63, (process) => this.#propose(process)],
      [0.67, () => this.#bobProposes()],
      [0.74, (process) => this.#createKeyPackages(process)],
      [0.78, () => this.#deleteKeyPackage()],
      [0.84, () => this.#join()],
      [0.88, (process) => this.#putPsk(process)],
      [0.91, () => this.#deletePsk()],
      [0.95, () => this.#createGroup()],
      [0.97, () => this.#deleteGroup()],
      [1, ({ member }) => this.#try(member.call('refresh', this.id)).then(() => {})],
    ]
    await Promise.all(this.#processes.flatMap((process) => Array.from({ length: lanes }, async () => {
      for (let i = 0; i < callsOfALane; i += 1) {
        const choice = this.#random()
        await works.find(([until]) => choice < until)?.[1](process)
      }
    })))
  }

  /** end expects all to agree, with each other and with what happened. */
  async end(): Promise<void> {
    const members = this.#processes.map(({ member }) => member)
    await this.#usePsks()
    const all = await Promise.all(members.map((member) => member.call<Described>('describe')))
    for (const one of all) expect(one).toEqual(all[0])
    this.#expectModel(all[0] as Described)

    const heard = (await Promise.all(members.map((member) => member.call<string[]>('heard')))).flat()
    const texts = heard.filter((words) => /^b\d+$/.test(words)).sort()
    expect(texts).toEqual([...this.#letters].sort())
    const epochs = heard.filter((words) => words.startsWith(this.bobs.key)).map((words) => words.split(' ')[1])
    expect(epochs.sort()).toEqual(this.#epochs.map(String).sort())

    // As it is in the store for whoever comes now.
    for (const member of members) await member.call('close')
    const { member } = await this.#add(true)
    expect(await member.call('describe')).toEqual(all[0])
    expect((await member.call<string[]>('unacknowledged')).sort()).toEqual([...this.#unacknowledged].sort())
    expect(await member.call('unacknowledged')).toEqual([])
    for (const one of [...members, member]) await one.kill()
  }

  #expectModel({ groups, keyPackages, states }: Described): void {
    expect(groups).toEqual([...this.#groups.keys(), this.bobs.key].sort().map((key) => `${key} active`))
    expect(keyPackages).toEqual([...this.#keyPackages.keys()].sort())
    const main = states.find(({ key }) => key === this.bobs.key)
    expect(main).toMatchObject({ epoch: this.bobs.epoch, phase: 'active', authenticator: hex(this.bobs.epochAuthenticator), pending: [] })
    // One commit for each epoch, in the order in which the delivery service took them.
    expect(this.#epochs).toEqual(this.#epochs.map((_, i) => BigInt(i + 2)))
    expect(this.bobs.epoch).toBe(BigInt(this.#epochs.length + 1))
    for (const [key, peers] of this.#groups) {
      if (peers) expect(states.find((state) => state.key === key)).toMatchObject({ epoch: peers.epoch, authenticator: hex(peers.epochAuthenticator) })
    }
  }

  async #add(retries: boolean): Promise<Process> {
    const member = new Member({}, 'mixed.cjs')
    await member.open(this.store, { onConflict: retries ? 'retry' : 'report', durableEvents: true, policy })
    return { member, retries }
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  #name(prefix: string): string {
    this.#names += 1
    return `${prefix}${this.#names}`
  }

  /** some gives different processes, two or three. */
  #some(): Process[] {
    const start = Math.floor(this.#random() * processes)
    return Array.from({ length: 2 + Math.floor(this.#random() * 2) }, (_, i) => this.#processes[(start + i) % processes] as Process)
  }

  /** takeOf takes something out of a list of what nobody is changing. */
  #takeOf<K, V>(map: Map<K, V>): readonly [K, V] | undefined {
    const all = [...map]
    const found = all[Math.floor(this.#random() * all.length)]
    if (found) map.delete(found[0])
    return found
  }

  /** try: what a call came to, which may fail with these errors and no others; with report, by a lost race as well. */
  async #try<T>(call: Promise<T>, ...codes: readonly string[]): Promise<Outcome<T>> {
    const outcome = await call.then((value): Outcome<T> => ({ value }), (error: unknown): Outcome<T> => {
      if (error instanceof Failed) return { code: error.code, why: error.why }
      throw error
    })
    return this.#allowed(outcome, codes)
  }

  #allowed<T>(outcome: Outcome<T>, codes: readonly string[]): Outcome<T> {
    if (outcome.code === undefined) return outcome
    if (![...codes, 'STORE_CONFLICT'].includes(outcome.code)) throw new Failed(outcome.code, outcome.why)
    this.#count(outcome.code)
    return outcome
  }

  /** of does the same in a process; only one that reports may be told of a lost race. */
  async #of<T>({ member, retries }: Process, operation: string, argument: unknown, ...codes: readonly string[]): Promise<Outcome<T>> {
    const outcome = await this.#try(member.call<T>(operation, argument), ...codes)
    this.#expectTried(retries, outcome, codes)
    return outcome
  }

  #expectTried(retries: boolean, { code }: Outcome<unknown>, codes: readonly string[]): void {
    if (retries && code === 'STORE_CONFLICT' && !codes.includes(code)) throw new Error('STORE_CONFLICT with retry')
  }

  /** atOnce does one thing in some processes at once. */
  #atOnce<T>(operation: string, argument: unknown, ...codes: readonly string[]): Promise<Outcome<T>[]> {
    return Promise.all(this.#some().map((process) => this.#of<T>(process, operation, argument, ...codes)))
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#taken.then(work)
    this.#taken = done.catch(() => {})
    return done
  }

  async #send(process: Process): Promise<void> {
    const text = this.#name('a')
    await this.#released(text, await this.#of<Uint8Array>(process, 'send', { id: this.id, text }))
  }

  async #released(text: string, { value }: Outcome<Uint8Array>): Promise<void> {
    if (!value) return
    const event = await this.bobs.receive(value)
    expect(event.kind === 'message' && Buffer.from(event.data).toString()).toBe(text)
    this.#count('sent')
  }

  /** receive lets a process receive, and perhaps send in the same turn. */
  async #receive(process: Process, message: Uint8Array, ack: boolean, codes: readonly string[]): Promise<Outcome<Told>> {
    if (this.#random() < 0.5) return this.#of<Told>(process, 'receive', { message, ack }, ...codes)
    const text = this.#name('a')
    const both = await process.member.call<[Outcome<Told>, Outcome<Uint8Array>]>('receiveAndSend', { id: this.id, message, ack, text })
    const [received, sent] = [this.#allowed(both[0], codes), this.#allowed(both[1], [])]
    for (const outcome of [received, sent]) this.#expectTried(process.retries, outcome, codes)
    await this.#released(text, sent)
    return received
  }

  /** received gives a message to some processes at once, until each knows what it is: one of them is told it. */
  async #received(kind: string, message: Uint8Array, ack: boolean, ...late: readonly string[]): Promise<boolean> {
    const outcomes = await Promise.all(this.#some().map(async (process) => {
      for (let tries = 0; tries < 1_000; tries += 1) {
        const unknown = process.retries ? [] : ['UNKNOWN_PROPOSAL', 'OWN_MESSAGE']
        const outcome = await this.#receive(process, message, ack, ['FUTURE_EPOCH', ...unknown, ...late])
        if (outcome.code === undefined || late.includes(outcome.code)) return outcome
        // Alice has not got so far; or it has lost, or does not know yet, and is one that reports.
        await sleep(5)
        if (!process.retries) await this.#of(process, 'refresh', this.id)
      }
      throw new Error(`a ${kind} that nobody gets`)
    }))
    const told = outcomes.flatMap(({ value }) => (value ? [value] : []))
    for (const event of told) expect(event.kind).toBe(kind)
    expect(told.length).toBeLessThanOrEqual(1)
    return told.length === 1
  }

  async #deliver(): Promise<void> {
    const text = this.#name('b')
    const message = await this.bobs.send(text)
    const ack = this.#random() < 0.7
    this.#letters.push(text)
    if (!ack) this.#unacknowledged.add(text)
    expect(await this.#received('message', message, ack, 'KEY_CONSUMED')).toBe(true)
    this.#count('received')
  }

  async #commit(process: Process, psk: readonly string[] = []): Promise<boolean> {
    const { value: message } = await this.#of<Uint8Array>(process, 'commit', { id: this.id, psk }, 'STORE_CONFLICT', 'MISSING_PSK')
    if (!message) return false
    return this.#inOrder(async () => {
      try {
        await this.bobs.receive(message)
      } catch (error) {
        if (!isMlsError(error, 'WRONG_EPOCH')) throw error
        await this.#atOnce('reject', { id: this.id, message }, 'STALE_CANDIDATE')
        return false
      }
      this.#epochs.push(this.bobs.epoch)
      await this.#accept(message)
      this.#count('commits')
      return true
    })
  }

  /** accept tells some processes at once that the commit was taken, or gives it back to them. */
  async #accept(message: Uint8Array): Promise<void> {
    if (this.#random() < 0.4) {
      expect(await this.#received('commit', message, true, 'WRONG_EPOCH', 'KEY_CONSUMED')).toBe(true)
      return
    }
    for (;;) {
      const outcomes = await this.#atOnce<boolean>('accept', { id: this.id, message }, 'STALE_CANDIDATE')
      const won = outcomes.filter(({ value }) => value).length
      expect(won).toBeLessThanOrEqual(1)
      if (won > 0) return
      expect(outcomes.map(({ code }) => code)).toContain('STORE_CONFLICT')
    }
  }

  async #bobCommits(): Promise<void> {
    await this.#inOrder(async () => {
      const commit = await this.bobs.commit()
      await commit.accepted()
      this.#epochs.push(this.bobs.epoch)
      expect(await this.#received('commit', commit.message, true, 'WRONG_EPOCH', 'KEY_CONSUMED')).toBe(true)
    })
    this.#count('commits of bob')
  }

  async #propose(process: Process): Promise<void> {
    const { value } = await this.#of<Uint8Array>(process, 'propose', this.id, 'STORE_CONFLICT')
    if (!value) return
    const event = await this.bobs.receive(value).catch((error: unknown) => {
      // A commit came before it was here.
      if (isMlsError(error, 'WRONG_EPOCH')) return null
      throw error
    })
    if (event) expect(event.kind).toBe('proposal')
    this.#count('proposals')
  }

  async #bobProposes(): Promise<void> {
    const { message } = await this.bobs.propose({ type: 'update' })
    await this.#received('proposal', message, true, 'KEY_CONSUMED', 'WRONG_EPOCH')
    this.#count('proposals of bob')
  }

  async #createKeyPackages({ member }: Process): Promise<void> {
    for (const made of await member.call<KeyPackage[]>('createKeyPackages', 2)) this.#keyPackages.set(made.reference, made)
    this.#count('key packages')
  }

  async #deleteKeyPackage(): Promise<void> {
    const found = this.#takeOf(this.#keyPackages)
    if (found) await Promise.all(this.#some().map(({ member }) => member.call('deleteKeyPackages', [found[0]])))
  }

  /** join: carol adds alice to a group of her own; some processes join by the one Welcome, and one of them has. */
  async #join(): Promise<void> {
    const found = this.#takeOf(this.#keyPackages)
    if (!found) return
    const group = await this.carol.createGroup()
    const { welcome } = await (await group.commit({ add: [found[1].message] })).accepted()
    const refusals = ['NO_MATCHING_KEY_PACKAGE', 'GROUP_EXISTS']
    const joining = this.#some().map((process) => this.#of<string>(process, 'join', welcome, ...refusals))
    const isDeleted = this.#random() < 0.3
    if (isDeleted) await (this.#some()[0] as Process).member.call('deleteKeyPackages', [found[0]])
    const joined = (await Promise.all(joining)).filter(({ value }) => value !== undefined)
    if (isDeleted) expect(joined.length).toBeLessThanOrEqual(1)
    else expect(joined).toEqual([{ value: group.key }])
    if (joined.length === 0) return
    this.#count('joins')
    const text = this.#name('b')
    this.#letters.push(text)
    const message = await group.send(text)
    const outcomes = await this.#readBySome(message)
    expect(outcomes).toEqual([{ kind: 'message', text }])
    this.#groups.set(group.key, group)
  }

  /** readBySome lets some processes that know nothing of a group yet read the same in it. */
  async #readBySome(message: Uint8Array): Promise<unknown[]> {
    const read = await Promise.all(this.#some().map(async (process) => {
      for (;;) {
        const outcome = await this.#of(process, 'receive', { message, ack: true }, 'KEY_CONSUMED')
        if (outcome.code !== 'STORE_CONFLICT') return outcome
      }
    }))
    return read.flatMap(({ value }) => (value ? [value] : []))
  }

  async #putPsk({ member }: Process): Promise<void> {
    const [id, secret] = [this.#name('psk'), new Uint8Array(randomBytes(32))]
    await this.bob.psks.put(id, secret)
    await member.call('putPsk', { id, secret })
    this.#psks.set(id, true)
    await this.#commit(this.#some()[0] as Process, [id])
  }

  async #deletePsk(): Promise<void> {
    const id = [...this.#psks].find(([, isThere]) => isThere)?.[0]
    if (id === undefined) return
    this.#psks.set(id, false)
    await Promise.all(this.#some().map(({ member }) => member.call('deletePsk', id)))
  }

  async #createGroup(): Promise<void> {
    const id = new Uint8Array(randomBytes(16))
    const outcomes = await this.#atOnce<string>('createGroup', id, 'GROUP_EXISTS')
    expect(outcomes.filter(({ value }) => value === hex(id))).toHaveLength(1)
    this.#groups.set(hex(id), null)
    this.#count('groups')
  }

  /** deleteGroup: some delete it, and others work in it. */
  async #deleteGroup(): Promise<void> {
    const found = this.#takeOf(this.#groups)
    if (!found) return
    const id = new Uint8Array(Buffer.from(found[0], 'hex'))
    const gone = ['UNKNOWN_GROUP', 'REMOVED', 'CLOSED']
    const [deleted] = await Promise.all([
      this.#atOnce('deleteGroup', id, ...gone),
      this.#atOnce('send', { id, text: 'x' }, 'STORE_CONFLICT', ...gone),
      this.#atOnce('commit', { id }, 'STORE_CONFLICT', ...gone),
    ])
    expect(deleted.filter(({ code }) => code === undefined).length).toBeGreaterThanOrEqual(1)
    this.#count('deleted')
  }

  /** usePsks: every process has those that are there, and none of the others. */
  async #usePsks(): Promise<void> {
    const ids = (wanted: boolean): string[] => [...this.#psks].flatMap(([id, isThere]) => (isThere === wanted ? [id] : []))
    for (const process of this.#processes) {
      await process.member.call('refresh', this.id)
      expect(await this.#commit(process, ids(true))).toBe(true)
      await process.member.call('refresh', this.id)
      const [gone] = ids(false)
      if (gone !== undefined) await expect(process.member.call('commit', { id: this.id, psk: [gone] })).rejects.toEqual(new Failed('MISSING_PSK'))
    }
  }
}
