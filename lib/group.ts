// Group: one member's view of one group (RFC 9420 §8 to §14).
//
// Getters show the published state: what is durable. Operations are promises and take effect in the order of the calls.
import { answer } from './answers'
import { cloneOf, copyOf, requireBytes, toHex } from './bytes'
import type { ByteStrings } from './bulk'
import { waitFor } from './calls'
import { readCommit, type CommitOptions, type PendingCommit } from './commit'
import { MlsError, toError } from './errors'
import type { EventsOptions, Stop } from './events'
import { readGroupInfo, type GroupInfoOptions } from './group-info'
import type { GroupOwner } from './group-owner'
import { groupStrand, type GroupStored, type GroupStrand } from './group-strand'
import type { Hold } from './hold'
import type { Lease, LeaseInfo } from './lease'
import { letGo, partsOf, readTreePartsOptions, type TreePartsOptions } from './long-bytes'
import { iterateMembers, memberAt, readMembersOptions, type Member, type MembersOptions } from './members'
import type { Extension, ReInit } from './message'
import type { NativeGroup, NativeState, NativeStep } from './native'
import { readInteger, readList } from './options'
import { endable, watch } from './progress'
import { namesLeaf, readProposal, type CachedProposal, type NewProposal } from './proposal'
import { Published } from './published'
import type { GroupEvent, NotReceived, Received } from './received'
import { Incoming, readAuthenticatedData, readInspect, readMessages, readSend, receivedOf, sentOf } from './steps'
import type { ReceiveOptions, SendOptions, StepResult, StepSent } from './steps'
import type { AtomPart } from './store'
import type { Commit } from './strand-host'
import type { SuccessorOptions, Succession } from './successor'

/** Phase: `joining` until an external commit is accepted, `active`, `suspended` after a ReInit, `removed`. */
export type Phase = 'joining' | 'active' | 'suspended' | 'removed'

/** Proposed: the message of a proposal, and its ProposalRef. */
export interface Proposed {
  readonly message: Uint8Array
  readonly reference: Uint8Array
}

/** KnownEpoch: an epoch, whether its late messages can be read (RFC 9420 §15.3), and its resumption PSK used (§8.6). */
export interface KnownEpoch {
  readonly epoch: bigint
  readonly readable: boolean
  readonly resumption: boolean
}

export class Group {
  readonly #owner: GroupOwner
  readonly #strand: GroupStrand<StepResult>
  readonly #published: Published
  readonly #lease: Lease | null
  readonly #onWire: (batch: Uint8Array) => void
  #closing: Promise<void> | null = null

  /** The name of this handle in the store. @internal */
  readonly scope: Uint8Array

  /** @internal */
  constructor(owner: GroupOwner, scope: Uint8Array, group: NativeGroup, state: NativeState, stored: GroupStored) {
    this.#owner = owner
    this.scope = scope
    this.#published = new Published(this, owner, state, () => this.#strand)
    this.#published.events.heard = () => owner.listened(this)
    const { strand, lease, onWire } = groupStrand(owner, scope, this.#published, group, stored)
    this.#strand = strand
    this.#lease = lease
    this.#onWire = onWire
  }

  get #state(): NativeState {
    return this.#published.state
  }

  /** The group id. */
  get id(): Uint8Array {
    return cloneOf(this.#state.groupId)
  }
  /** The group id in hex, for keys of a Map. */
  get key(): string {
    return toHex(this.#state.groupId)
  }
  get epoch(): bigint {
    return this.#state.epoch
  }
  /** A number of RFC 9420 §17.1. */
  get suite(): number {
    return this.#state.suite
  }
  get phase(): Phase {
    return this.#state.phase
  }
  /** Our own leaf. */
  get leafIndex(): number {
    return this.#state.leafIndex
  }
  get memberCount(): number {
    return this.#state.memberCount
  }
  /**
   * 32 to 64 bytes that all members of an epoch share (RFC 9420 §8.7): equal only if they agree on everything. Empty when
   * we were removed.
   */
  get epochAuthenticator(): Uint8Array {
    return cloneOf(this.#state.epochAuthenticator)
  }
  get treeHash(): Uint8Array {
    return cloneOf(this.#state.treeHash)
  }
  /** The extensions of the GroupContext (RFC 9420 §8.1). */
  get extensions(): readonly Extension[] {
    return this.#state.extensions
  }
  /** Proposals of this epoch that wait for a commit, in the order of their arrival. */
  get proposals(): readonly CachedProposal[] {
    return this.#state.proposals
  }
  /** The group that is to follow, when this one is `suspended`. */
  get reinit(): ReInit | null {
    return this.#state.reinit
  }

  /**
   * epochs lists the epochs of which this member still holds something, oldest first, the present one last; none when we
   * were removed. How many and how long is a matter of limits (`maxPastEpochs`, `maxPastEpochAge`, `maxResumptionPsks`).
   */
  epochs(): readonly KnownEpoch[] {
    return this.#state.epochs
  }

  /** The lease that this process has on the group, or null (`leases` of the client). */
  get lease(): LeaseInfo | null {
    return this.#lease?.held ?? null
  }

  /** pending gives the commits of ours that were neither accepted nor rejected; they survive a restart. */
  pending(): readonly PendingCommit[] {
    return this.#published.candidates.list(this.#state.pending)
  }

  /**
   * send encrypts application data for the members of this epoch (RFC 9420 §6.3). It resolves once what it used up is
   * durable, so no generation is ever used twice.
   *
   * @returns an MLSMessage
   * @throws MlsError `PENDING_PROPOSALS` while proposals wait for a commit (see the policy), `GROUP_SUSPENDED`,
   *   `REMOVED`, `CLOSED`, `STORE_FAILED`, `STORE_CONFLICT`
   * @example
   * const message = await group.send('hello')
   */
  async send(data: string | Uint8Array, options?: SendOptions): Promise<Uint8Array> {
    const [message] = await this.#sendAll([readSend('data', data, options)])
    if (!message) throw new MlsError('INTERNAL')
    return message
  }

  /** sendMany sends in one step and one write: the messages in the order of the data. @throws as `send` */
  async sendMany(data: readonly (string | Uint8Array)[], options?: SendOptions): Promise<Uint8Array[]> {
    return this.#sendAll(readList('data', data, (what, one) => readSend(what, one, options)))
  }

  /**
   * receive takes a message of this group: decrypts, verifies, and applies it or keeps it.
   *
   * A message that fails changes nothing; a later, genuine one is received as ever.
   *
   * @throws MlsError of many codes, by fault `malformed`, `violation`, `stale`, `crypto`, …
   * @example
   * const received = await group.receive(bytes)
   * if (received.kind === 'message') console.log(received.sender, Buffer.from(received.data).toString())
   */
  async receive(message: Uint8Array, options?: ReceiveOptions): Promise<Received> {
    const inspect = readInspect(options)
    const [result] = await this.receiveEach(new Incoming([requireBytes('message', message)], inspect))
    if (!result) throw new MlsError('INTERNAL')
    if (result.kind === 'error') throw result.error
    return result
  }

  /** receiveMany takes messages in order, in one step and one write. One that fails does not stop the others. */
  async receiveMany(messages: readonly Uint8Array[], options?: ReceiveOptions): Promise<(Received | NotReceived)[]> {
    const inspect = readInspect(options)
    return this.receiveEach(new Incoming(readMessages(messages), inspect))
  }

  /**
   * commit makes a commit (RFC 9420 §12.4.1) and stores it as a candidate: the group goes on in its epoch until
   * `accepted()`. Several candidates may stand side by side; at most one is accepted.
   *
   * @throws MlsError `CREDENTIAL_REJECTED`, `AS_FAILED`, `ANSWER_TIMEOUT`, `INVALID_KEY_PACKAGE`, `MISSING_PSK`,
   *   `ABORTED`, `LIMIT_EXCEEDED`, …
   * @example
   * const commit = await group.commit({ add: [bobKeyPackage], remove: [4] })
   */
  async commit(options?: CommitOptions): Promise<PendingCommit> {
    const request = readCommit(options, this.suite)
    const answers = endable(this.#owner.answers, request.signal)
    return this.#strand.perform(async (native, hold) => {
      const add = await request.add
      const { id, message, batch, state } = await watch(request, async (watching) =>
        answer(await native.commit({ ...request.fixed, add }, answers.trust, answers.now(), watching), hold, answers))
      this.#onWire(batch)
      return { batch, state, publish: () => this.#published.candidates.add(id, message, request.fixed.tree) }
    }, { signal: request.signal, boundToEpoch: true, onWire: true, namesLeaves: request.fixed.proposals.some(namesLeaf) }).finally(() => letGo(request.add))
  }

  /** propose makes a proposal for others to commit (RFC 9420 §12.1). It is cached here too. @throws MlsError */
  async propose(proposal: NewProposal, options?: SendOptions): Promise<Proposed> {
    const request = readProposal('proposal', proposal, this.suite)
    const authenticatedData = readAuthenticatedData(options)
    const { answers } = this.#owner
    return this.#strand.perform(async (native, hold) => {
      const asking = await native.propose(request, authenticatedData, answers.trust, answers.now())
      const { message, reference, batch, state } = await answer(asking, hold, answers)
      this.#onWire(batch)
      return { batch, state, publish: () => ({ message, reference }) }
    }, { boundToEpoch: true, onWire: true, namesLeaves: namesLeaf(request) })
  }

  /** leave proposes our own removal; somebody else has to commit it (RFC 9420 §12.1.3). */
  leave(options?: SendOptions): Promise<Proposed> {
    return this.propose({ type: 'remove', leafIndex: this.leafIndex }, options)
  }

  /**
   * export derives a secret of this epoch for another use (RFC 9420 §8.5).
   * @param length in bytes, at most 8,160
   */
  async export(label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    if (typeof label !== 'string') throw new TypeError('label must be a string')
    const bytes = copyOf('context', context)
    readInteger('length', length, 0, 0xffff)
    return this.use((native) => native.exportSecret(label, bytes, length))
  }

  /** groupInfo signs the present state for newcomers (RFC 9420 §12.4.3). @returns an MLSMessage */
  async groupInfo(options?: GroupInfoOptions): Promise<Uint8Array> {
    const request = readGroupInfo(options)
    return this.use((native) => native.groupInfo(request, this.#owner.answers.now()))
  }

  /** tree gives the ratchet tree (RFC 9420 §12.4.3.3), about 340 bytes a member. */
  async tree(): Promise<Uint8Array> {
    return this.use((native) => native.tree())
  }

  /**
   * treeParts gives the same in parts, for trees of many megabytes: all of one epoch, that of the moment when the first
   * is asked for, also when the group goes on meanwhile.
   * @example
   * const parts: Uint8Array[] = []
   * for await (const part of group.treeParts()) parts.push(part)
   */
  treeParts(options?: TreePartsOptions): AsyncIterableIterator<Uint8Array> {
    return partsOf(() => this.use((native) => native.treeBytes()), readTreePartsOptions(options))
  }

  /**
   * members goes through the members by leaf index, a page at a time.
   * @throws MlsError `STALE_VERSION` when the epoch changes on the way
   * @example
   * for await (const member of group.members()) console.log(member.leafIndex, member.credential)
   */
  members(options?: MembersOptions): AsyncIterableIterator<Member> {
    const request = readMembersOptions(options)
    return iterateMembers((from, count) => this.#strand.perform(async (native) => {
      const page = await native.members(from, count)
      return { batch: null, state: null, publish: () => ({ ...page, epoch: this.epoch }) }
    }), request)
  }

  /**
   * member gives the member of a leaf, such as the sender of a message of this epoch; null when the leaf is blank.
   * @example
   * group.on('message', async ({ sender }) => console.log((await group.member(sender))?.credential))
   */
  async member(leafIndex: number): Promise<Member | null> {
    readInteger('leafIndex', leafIndex, 0, 0x3fff_ffff)
    return this.use(async (native) => memberAt(await native.members(leafIndex, 1), leafIndex))
  }

  /**
   * successor makes the group that a committed ReInit announced (RFC 9420 §11.2), with everybody's new key packages.
   * @throws MlsError `REINIT_MISMATCH`, `MISUSE` when there was no ReInit
   */
  async successor(keyPackages: ByteStrings, options: SuccessorOptions = {}): Promise<Succession> {
    return this.#owner.succeed(this, 'reinit', keyPackages, options)
  }

  /** branch makes a group of some of the members, bound to this one (RFC 9420 §11.3). @throws MlsError */
  async branch(keyPackages: ByteStrings, options: SuccessorOptions = {}): Promise<Succession> {
    return this.#owner.succeed(this, 'branch', keyPackages, options)
  }

  /**
   * confirm: the delivery service has taken the external commit by which we joined; the phase `joining` ends. For
   * a group that was found in the store again; else `ExternalJoin.accepted`.
   */
  async confirm(): Promise<void> {
    // In one atom with the list of groups: what this one takes the place of stays until it does.
    let former: readonly Group[] = []
    const commit: Commit = async (parts) => {
      const stored = await this.#owner.confirmed(this, parts)
      former = stored.former
      return stored.revisions
    }
    await this.#strand.perform(async (native) => ({ ...(await native.confirm()), publish: () => {}, commit }))
    await Promise.all(former.map((group) => group.close()))
  }

  /** on calls a listener for each event of a kind, in order, after it is durable. */
  on<Kind extends GroupEvent['kind']>(
    kind: Kind, listener: (event: Extract<GroupEvent, { readonly kind: Kind }>) => void,
  ): Stop {
    return this.#published.events.on(kind, listener)
  }

  /**
   * events gives all events from now on, until the group is closed, or we were removed from it and it has to make room.
   * @example
   * for await (const event of group.events()) if (event.kind === 'message') show(event.data)
   */
  events(options?: EventsOptions): AsyncIterableIterator<GroupEvent> {
    return this.#published.events.iterate(options)
  }

  /**
   * refresh takes over what other processes of this client have stored. Steps do that by themselves where it matters:
   * when they have to store something, and when a message needs what this process does not know.
   * @throws MlsError `REMOVED` when another process read of our removal, `CLOSED`, of fault `storage`
   */
  async refresh(): Promise<void> {
    if (this.phase === 'removed' && !this.#closing) throw new MlsError('REMOVED')
    await this.#strand.refresh()
  }

  /**
   * close finishes what was called and frees the memory; the stored state stays. Called again, it waits for the same.
   * @throws MlsError `REENTRANT` in a callback that the group waits for
   */
  close(): Promise<void> {
    return waitFor([this.#strand], () => (this.#closing ??= this.#strand.close().then(() => this.#end())))
  }

  /** moveOut refuses what comes with `GROUP_MOVED`, finishes what was called, and has `freeze` do so in the store. @internal */
  async moveOut(freeze: (guard: readonly AtomPart[]) => Promise<void>): Promise<void> {
    const token = await this.#lease?.ensure()
    if (this.#closing) throw new MlsError('CLOSED')
    const moved = this.#strand.close('GROUP_MOVED').then(() => freeze(this.#lease?.guard(token) ?? []))
    // When that fails the group is closed, and can be loaded again.
    this.#closing = moved.catch(() => this.#strand.close()).then(() => this.#end())
    await this.#closing
    await moved
  }

  async #end(): Promise<void> {
    await this.#lease?.release().catch(() => {})  // it runs out by itself
    this.#published.end()
    this.#owner.ended(this, 'closed')
  }

  /** unload frees the memory of a group that is not at work; the next call loads it again. @internal */
  unload(): boolean {
    if (this.#published.hasStaged || !this.#strand.unload()) return false
    // A removed group cannot be loaded again: that is REMOVED. So nothing is told of it any more.
    if (this.phase === 'removed') this.#published.events.end()
    return true
  }

  /** Whether somebody listens who may still hear something. @internal */
  get isHeard(): boolean {
    return !this.#closing && this.phase !== 'removed' && this.#published.events.isListenedTo
  }

  /** What owns the holds of its questions. @internal */
  get asker(): object {
    return this.#strand
  }

  /** The promise of `close`, once it was called. @internal */
  get closing(): Promise<void> | null {
    return this.#closing
  }

  /** delete closes the group and erases its stored state, secrets and all. It cannot be undone. */
  async delete(): Promise<void> {
    await this.close()
    await this.#owner.deleted(this)
  }

  /** sendEach sends in one step; one that fails does not stop the others. @internal */
  async sendEach(steps: readonly NativeStep[]): Promise<StepSent[]> {
    try {
      const outcomes = await this.#strand.steps(steps)
      return outcomes.map((outcome) =>
        outcome.error ? { kind: 'error', error: outcome.error } : { kind: 'sent', message: sentOf(outcome.value) })
    } catch (error) {
      return steps.map(() => ({ kind: 'error', error: toError(error) }))
    }
  }

  /** receiveEach receives in one step, and lets go of what came in. @internal */
  async receiveEach(incoming: Incoming): Promise<(Received | NotReceived)[]> {
    try {
      const outcomes = await this.#strand.steps(incoming.steps)
      return outcomes.map((outcome) => (outcome.error ? { kind: 'error', error: outcome.error } : receivedOf(outcome.value)))
    } finally {
      incoming.done()
    }
  }

  /** use runs other native work in this group's order. @internal */
  use<T>(work: (native: NativeGroup, hold: Hold) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#strand.perform(async (native, hold) => {
      const value = await work(native, hold)
      return { batch: null, state: null, publish: () => value }
    }, { signal })
  }

  async #sendAll(steps: readonly NativeStep[]): Promise<Uint8Array[]> {
    const outcomes = await this.#strand.steps(steps)
    return outcomes.map((outcome) => {
      if (outcome.error) throw outcome.error
      return sentOf(outcome.value)
    })
  }
}
