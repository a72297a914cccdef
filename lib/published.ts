// Published: what a group shows and tells after it is durable: its state, its candidates, its events, in their order.
import { answer } from './answers'
import { empty } from './bytes'
import { Candidates } from './candidates'
import type { AcceptedCommit, PendingCommit } from './commit'
import { MlsError, isMlsError, toError } from './errors'
import { Events } from './events'
import type { Group } from './group'
import type { GroupOwner } from './group-owner'
import { resultOf, type GroupFace, type GroupStrand, type Raw } from './group-strand'
import { eventOf } from './inbox'
import type { NativeState, NativeStep } from './native'
import { toCommitInfo } from './received'
import type { Durable, GroupEvent, ReceivedCommit, StagedCommit } from './received'
import { Staged } from './staged'
import type { StepResult } from './steps'
import { Welcomes } from './welcomes'

export class Published implements GroupFace<StepResult> {
  readonly candidates: Candidates
  readonly events = new Events<GroupEvent>()
  readonly #group: Group
  readonly #owner: GroupOwner
  readonly #strand: () => GroupStrand<StepResult>
  #state: NativeState
  #staged: Staged | null = null

  /** `strand` is that of the group, which is made with this object. */
  constructor(group: Group, owner: GroupOwner, state: NativeState, strand: () => GroupStrand<StepResult>) {
    this.#group = group
    this.#owner = owner
    this.#strand = strand
    this.#state = state
    this.candidates = new Candidates(
      { accept: (commit) => this.#accept(commit), reject: (commit) => this.#reject(commit) }, state.pending)
  }

  get state(): NativeState {
    return this.#state
  }
  /** Whether a received commit waits for a word. */
  get hasStaged(): boolean {
    return this.#staged?.alive ?? false
  }

  /** end lets go of what waits in memory. */
  end(): void {
    this.#staged?.letGo()
    this.events.end()
  }

  used(): void {
    this.#owner.used(this.#group)
  }

  publishState(state: NativeState): void {
    const wasRemoved = this.#state.phase === 'removed'
    if (state.epoch !== this.#state.epoch) this.#staged?.letGo()
    this.#state = state
    this.candidates.note(state.pending)
    if (state.phase === 'removed' && !wasRemoved) this.#owner.ended(this.#group, 'removed')
  }

  /** publishLoaded: somebody else may have changed the rows, and with them ended our candidates. */
  publishLoaded(state: NativeState): boolean {
    const moved = state.epoch !== this.#state.epoch
    this.publishState(state)
    this.#tellSuperseded()
    return moved
  }

  reloaded(): void {
    this.#staged?.letGo()
  }

  publishResult(_step: NativeStep, raw: Raw): StepResult {
    if (raw.kind === 'sent') return raw
    if (raw.kind === 'staged') return this.#stage(raw)
    if (raw.kind === 'commit') return this.#publishCommit(raw)
    const event = raw.kind === 'own' ? raw : eventOf(raw, this.#durable(raw.inbox).ack)
    this.#tell(event)
    return event
  }

  #accept(commit: PendingCommit): Promise<AcceptedCommit> {
    return this.#strand().perform(async (native) => {
      try {
        const accepted = await native.accept(commit.id, this.#owner.answers.now())
        // It is accepted now, whether or not there is memory for the tree.
        const tree = commit.tree === 'apart' && accepted.recipients.length > 0 ? await native.tree().catch(() => null) : null
        const publish = (): AcceptedCommit => {
          const welcomes = new Welcomes(accepted.welcomes, accepted.recipients)
          const durable = this.#durable(accepted.inbox)
          const result = { commit: toCommitInfo(accepted.commit), welcome: welcomes.only, welcomes, tree, ...durable }
          commit.settle(result)
          this.#tellCommit({ kind: 'commit', ...result.commit, welcomes, ...durable })
          return result
        }
        return { batch: accepted.batch, state: accepted.state, publish }
      } catch (cause) {
        const error = toError(cause)
        if (!isMlsError(error, 'STALE_CANDIDATE')) throw error
        const publish = (): AcceptedCommit => {
          // It came back from the delivery service just before, which is the same as being accepted; that may be known only
          // when it is stored. Or another commit was first.
          const { result } = commit
          if (!result) throw error
          return result
        }
        return { batch: null, state: null, publish }
      }
    })
  }

  #reject(commit: PendingCommit): Promise<void> {
    return this.#strand().perform(async (native) => {
      try {
        const { batch, state } = await native.reject(commit.id)
        return { batch, state, publish: () => this.candidates.delete(commit.id) }
      } catch (cause) {
        const error = toError(cause)
        if (!isMlsError(error, 'STALE_CANDIDATE')) throw error
        const publish = (): void => {
          // Another commit has dropped it just before, which is as good; unless it was its own that came back.
          if (commit.result) throw error
        }
        return { batch: null, state: null, publish }
      }
    })
  }

  #publishCommit(raw: Extract<Raw, { readonly kind: 'commit' }>): ReceivedCommit {
    const { commit, candidate } = raw
    const durable = this.#durable(raw.inbox)
    const event = eventOf(raw, durable.ack) as ReceivedCommit
    if (candidate !== null) {
      const welcomes = event.welcomes ?? new Welcomes({ bytes: empty, offsets: new Uint32Array(1) }, [])
      const result = { commit: toCommitInfo(commit), welcome: welcomes.only, welcomes, tree: null, ...durable }
      this.candidates.get(candidate)?.settle(result)
    }
    this.#tellCommit(event)
    return event
  }

  #stage({ needs }: Extract<Raw, { readonly kind: 'staged' }>): StagedCommit {
    if (!needs.commit) throw new MlsError('INTERNAL')
    this.#staged?.letGo()
    const staged = this.#staged = new Staged(needs, this.#owner.stagedCommitTimeout)
    const accept = (): Promise<ReceivedCommit> => staged.use(() => this.#strand().perform(async (_native, hold) => {
      const run = await answer({ needs: staged.needs }, hold, this.#owner.answers)
      const result = resultOf(run)
      if (result.kind !== 'commit') throw new MlsError('INTERNAL')
      staged.letGo()
      return { batch: run.batch, state: run.state, publish: () => this.#publishCommit(result) }
    }))
    return { kind: 'staged', commit: toCommitInfo(needs.commit), accept, drop: () => staged.letGo() }
  }

  /** durable gives what an event has that was stored under this id. */
  #durable(id: Uint8Array | null | undefined): Durable {
    const { inbox } = this.#owner
    return inbox && id ? { ack: () => inbox.acknowledge(this.#group.scope, id) } : {}
  }

  /** tellCommit tells of a commit, of the candidates that it drops, and of our own removal. */
  #tellCommit(commit: ReceivedCommit): void {
    this.#tell(commit)
    this.#tellSuperseded()
    if (commit.selfRemoved) this.#tell({ kind: 'removed', epoch: commit.epoch })
  }

  #tellSuperseded(): void {
    const ids = this.candidates.sweep(this.#state.pending)
    if (ids.length > 0) this.#tell({ kind: 'superseded', ids, epoch: this.#state.epoch })
  }

  #tell(event: GroupEvent): void {
    this.events.emit(event)
    this.#owner.emit(this.#group, event)
  }
}
