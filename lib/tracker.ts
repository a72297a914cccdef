// Tracker: a group followed without keys, for delivery services and other servers (RFC 9420 §3.2).
//
// It sees what public messages say: commits, proposals, the tree. It needs members that send handshake messages as
// public ones (policy `handshake: 'public'`). It decrypts nothing.
import { answer, type AnswerSource } from './answers'
import { cloneOf, copyOf, empty, toHex } from './bytes'
import { trustAnyCredential, type Authenticate } from './credential'
import { MlsError } from './errors'
import type { Hold } from './hold'
import { letGo, partsOf, readTreePartsOptions, takeBytes, type TreePartsOptions } from './long-bytes'
import { iterateMembers, readMembersOptions, type Member, type MembersOptions } from './members'
import type { Extension, ReInit } from './message'
import { native, type NativeTracked, type NativeTracker, type NativeTrackerState } from './native'
import { Options, readInteger } from './options'
import { readPolicy, type PolicyOptions } from './policy'
import type { CachedProposal } from './proposal'
import type { ReceivedCommit, ReceivedProposal } from './received'
import { Strand } from './strand'

/** TrackerOptions: who judges credentials, and what is accepted. */
export interface TrackerOptions {
  readonly authenticate: Authenticate
  readonly policy?: PolicyOptions
  /** Seconds since 1970; for tests. */
  readonly clock?: () => number
  readonly answerTimeout?: number
}

/** SeedOptions: the ratchet tree, when the GroupInfo does not hold it. */
export interface SeedOptions {
  readonly tree?: Uint8Array
}

const noSteps = (): never => {
  throw new MlsError('INTERNAL')
}

type TrackerStrand = Strand<NativeTracker, NativeTrackerState, never, never, never>

export class Tracker {
  readonly #answers: AnswerSource
  readonly #strand: TrackerStrand
  #state: NativeTrackerState | null = null

  /** @throws TypeError @throws RangeError */
  constructor(options: TrackerOptions) {
    const read = new Options('options', options, ['authenticate', 'policy', 'clock', 'answerTimeout'])
    const authenticate = read.call<Authenticate>('authenticate')
    if (!authenticate) throw new TypeError('options.authenticate is needed: a function, or trustAnyCredential')
    const clock = read.call<() => number>('clock') ?? (() => Date.now() / 1000)
    const policy = readPolicy('options.policy', read.get('policy'), native.defaultLimits)
    this.#answers = {
      authenticate,
      trust: authenticate === trustAnyCredential,
      timeout: read.integer('answerTimeout', 30_000, 1, 0x7fff_ffff),
      psk: async () => null,
      now: () => readInteger('what options.clock gives', Math.floor(clock()), 0, Number.MAX_SAFE_INTEGER),
    }
    const host = {
      load: async () => noSteps(),
      close: (tracker: NativeTracker) => tracker.close(),
      run: async () => noSteps(),
      persist: async () => {},
      used: () => {},
      hasMoved: async () => false,
      ready: async () => false,
      repeats: 0,
      refresh: async () => null,
      sameEpoch: async () => noSteps(),
      publishState: (state: NativeTrackerState) => void (this.#state = state),
      publishLoaded: noSteps,
      publishResult: noSteps,
    }
    this.#strand = new Strand(host, new native.Tracker(policy))
  }

  /** The group id. As all getters: @throws MlsError `MISUSE` before `seed` or `load` */
  get id(): Uint8Array {
    return cloneOf(this.#seeded.groupId)
  }
  get key(): string {
    return toHex(this.#seeded.groupId)
  }
  get epoch(): bigint {
    return this.#seeded.epoch
  }
  get suite(): number {
    return this.#seeded.suite
  }
  get memberCount(): number {
    return this.#seeded.memberCount
  }
  get treeHash(): Uint8Array {
    return cloneOf(this.#seeded.treeHash)
  }
  get extensions(): readonly Extension[] {
    return this.#seeded.extensions
  }
  get proposals(): readonly CachedProposal[] {
    return this.#seeded.proposals
  }
  get reinit(): ReInit | null {
    return this.#seeded.reinit
  }

  /**
   * seed begins with a GroupInfo, or moves on to a later epoch (RFC 9420 §12.4.3).
   * @param groupInfo an MLSMessage
   * @throws MlsError `MISSING_TREE`, `TREE_HASH_MISMATCH`, `BAD_SIGNATURE`, `CREDENTIAL_REJECTED`, …
   */
  async seed(groupInfo: Uint8Array, options?: SeedOptions): Promise<void> {
    const read = new Options('options', options, ['tree'])
    const taken = [takeBytes('groupInfo', groupInfo), read.read('tree', takeBytes('options.tree', empty), takeBytes)] as const
    const seed = async (tracker: NativeTracker): ReturnType<NativeTracker['seed']> =>
      tracker.seed(...(await Promise.all(taken)), this.#answers.trust, this.#answers.now())
    await this.#track(seed, () => undefined).finally(() => letGo(...taken))
  }

  /**
   * receive follows a public message: a proposal or a commit.
   * @throws MlsError `UNEXPECTED_PLAINTEXT`, `WRONG_EPOCH`, `BAD_SIGNATURE`, `MISUSE` before `seed`, …
   */
  async receive(message: Uint8Array): Promise<ReceivedProposal | ReceivedCommit> {
    const bytes = copyOf('message', message)
    const receive = async (tracker: NativeTracker): ReturnType<NativeTracker['receive']> => {
      void this.#seeded
      return tracker.receive(bytes, this.#answers.trust, this.#answers.now())
    }
    return this.#track(receive, ({ result }) => {
      if (result.kind === 'seeded') throw new MlsError('INTERNAL')
      if (result.kind === 'commit') return { kind: 'commit', ...result.commit }
      return { kind: 'proposal', epoch: result.epoch, ...result.proposal }
    })
  }

  /** offerGroupInfo keeps a member's GroupInfo of this epoch, checked, for who joins externally. @throws MlsError */
  async offerGroupInfo(groupInfo: Uint8Array): Promise<void> {
    const taken = takeBytes('groupInfo', groupInfo)
    return this.#read(async (tracker) => tracker.offerGroupInfo(await taken)).finally(() => letGo(taken))
  }

  /** groupInfo gives the GroupInfo of this epoch that was offered, an MLSMessage. @throws MlsError */
  async groupInfo(): Promise<Uint8Array> {
    return this.#read((tracker) => tracker.groupInfo())
  }

  /** tree gives the ratchet tree (RFC 9420 §12.4.3.3). */
  async tree(): Promise<Uint8Array> {
    return this.#read((tracker) => tracker.tree())
  }

  /** treeParts gives the tree in parts, as `Group.treeParts` does. */
  treeParts(options?: TreePartsOptions): AsyncIterableIterator<Uint8Array> {
    return partsOf(() => this.#read((tracker) => tracker.treeBytes()), readTreePartsOptions(options))
  }

  /** members goes through the members by leaf index, a page at a time. @throws MlsError `STALE_VERSION` */
  members(options?: MembersOptions): AsyncIterableIterator<Member> {
    const request = readMembersOptions(options)
    return iterateMembers((from, count) => this.#strand.perform(async (tracker) => {
      const page = await tracker.members(from, count)
      return { batch: null, state: null, publish: () => ({ ...page, epoch: this.epoch }) }
    }), request)
  }

  /** save gives the whole state as a batch of rows (batch.ts); nothing in it is secret. */
  async save(): Promise<Uint8Array> {
    return this.#read((tracker) => tracker.save())
  }

  /** load takes up what `save` gave, in one piece or several. @throws MlsError `STORAGE_DAMAGED`, `STORAGE_VERSION` */
  async load(...batches: readonly Uint8Array[]): Promise<void> {
    const rows = new native.Rows()
    batches.forEach((batch, i) => rows.add(copyOf(`batches[${i}]`, batch)))
    await this.#strand.perform(async (tracker) => {
      const state = await tracker.load(rows, this.#answers.now())
      return { batch: null, state, publish: () => {} }
    })
  }

  /** close finishes what was called and frees the memory. */
  close(): Promise<void> {
    return this.#strand.close()
  }

  get #seeded(): NativeTrackerState {
    if (!this.#state) throw new MlsError('MISUSE')
    return this.#state
  }

  #track<T>(
    work: (tracker: NativeTracker) => ReturnType<NativeTracker['seed']>, result: (tracked: NativeTracked) => T,
  ): Promise<T> {
    return this.#strand.perform(async (tracker: NativeTracker, hold: Hold) => {
      const tracked = await answer(await work(tracker), hold, this.#answers)
      return { batch: null, state: tracked.state, publish: () => result(tracked) }
    })
  }

  #read<T>(work: (tracker: NativeTracker) => Promise<T>): Promise<T> {
    return this.#strand.perform(async (tracker) => {
      void this.#seeded
      const value = await work(tracker)
      return { batch: null, state: null, publish: () => value }
    })
  }
}
