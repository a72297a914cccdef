// The strand of a group: how its native object is loaded, run and stored, and what its raw results become.
import { advised, commitAtom, loadScope, peekVersions } from './atom'
import { answer, type AnswerSource } from './answers'
import { packBatch, rowChanges } from './batch'
import { movedTag, removedTag } from './client-rows'
import { MlsError, errorOf, isMlsError } from './errors'
import type { Hold } from './hold'
import { inboxScope, splitInbox, type Inbox } from './inbox'
import { Lease, type LeaseHolder } from './lease'
import { native } from './native'
import type { NativeClient, NativeGroup, NativeNeeds, NativePolicy, NativeRun, NativeState, NativeStep, NativeStepResult } from './native'
import { resultsOf } from './run-results'
import type { Store } from './store'
import { Strand, lesserOf } from './strand'
import type { Commit, Outcome, StepRun, StrandHost } from './strand-host'
import { GroupVersions, keysOf } from './versions'

/** Raw: a step's result, or a received commit that waits for a word. */
export type Raw = Exclude<NativeStepResult, { readonly kind: 'error' }> | {
  readonly kind: 'staged'
  readonly needs: NativeNeeds<NativeRun>
}

/** GroupHome: what a group needs of its client. */
export interface GroupHome {
  readonly store: Store
  readonly policy: NativePolicy
  readonly answers: AnswerSource
  readonly keys: () => NativeClient
  /** What becomes of calls when another process was first. */
  readonly onConflict: 'retry' | 'report'
  /** Where events are kept until they are acknowledged; null: nowhere. */
  readonly inbox: Inbox | null
  /** With leases, only their holder puts anything on the wire. */
  readonly leases: LeaseHolder | null
}

/** GroupFace: what is told when something is durable. */
export interface GroupFace<Result> {
  /** Something was called. */
  used(): void
  publishState(state: NativeState): void
  publishLoaded(state: NativeState): boolean
  publishResult(step: NativeStep, raw: Raw): Result
  /** The native object is another one: what belongs to the former is of no use. */
  reloaded(): void
}

/** How often a call runs again because other processes were first. */
const repeats = 100

const nothing: StepRun<NativeState, Raw> = { outcomes: [], batch: new Uint8Array(0), state: null, ask: null }
const nothingLeft = packBatch([{ kind: 'delete-prefix', key: new Uint8Array(0) }])
/** Changed rows that are named to the store, instead of loading everything. */
const mostKeys = 512
/** Errors of a step that another process of the client may have what it takes to do. */
const knownElsewhere = ['FUTURE_EPOCH', 'UNKNOWN_PROPOSAL', 'OWN_MESSAGE'] as const

/** GroupStored: what the rows of a group in the store are. */
export interface GroupStored {
  readonly versions: GroupVersions
  readonly revision: bigint | undefined
}

export type GroupStrand<Result> = Strand<NativeGroup, NativeState, NativeStep, Raw, Result>

class Host<Result> implements StrandHost<NativeGroup, NativeState, NativeStep, Raw, Result> {
  readonly #home: GroupHome
  readonly #scope: Uint8Array
  readonly #face: GroupFace<Result>
  readonly #lease: Lease | null
  /** The lease's token under which something was last put on the wire; null: what others stored is still to be looked at. */
  #token: bigint | null = null
  /** The tokens under which batches were made. */
  readonly #madeUnder = new WeakMap<Uint8Array, bigint>()
  #versions: GroupVersions
  #revision: bigint | undefined

  constructor(home: GroupHome, scope: Uint8Array, face: GroupFace<Result>, { versions, revision }: GroupStored) {
    this.#home = home
    this.#scope = scope
    this.#face = face
    this.#versions = versions
    this.#revision = revision
    this.#lease = home.leases ? new Lease(home.store, scope, home.leases) : null
  }

  get lease(): Lease | null {
    return this.#lease
  }

  get repeats(): number {
    return this.#home.onConflict === 'retry' ? repeats : 0
  }

  async load(): Promise<{ native: NativeGroup; state: NativeState }> {
    const { group, state, versions, revision } = await loadGroup(this.#home, this.#scope)
    this.#versions = versions
    this.#revision = revision
    this.#face.reloaded()
    return { native: group, state }
  }

  async refresh(group: NativeGroup, unstored: readonly Uint8Array[]): Promise<NativeState | null> {
    const { store, answers } = this.#home
    const rows = new native.Rows()
    let whole = false
    let removed = false
    const also = keysOf(unstored)
    if (this.#revision === undefined || also.length > mostKeys) return null
    const loaded = await loadScope(store, this.#scope, (slice, head) => {
      refuseMoved(slice)
      whole ||= head.whole
      removed ||= saysRemoved(slice)
      rows.add(slice)
    }, this.#revision, also)
    if (!loaded || (whole && !removed)) return null
    if (whole) rows.add(nothingLeft)
    try {
      const { state } = await group.refresh(rows, answers.now())
      this.#versions = new GroupVersions(loaded.versions)
      this.#revision = loaded.revision
      return state
    } catch (error) {
      throw advised(error)
    }
  }

  async sameEpoch(group: NativeGroup, { epoch }: NativeState): Promise<boolean> {
    return (await group.state()).epoch === epoch
  }

  close(group: NativeGroup): void {
    group.close()
  }

  used(): void {
    this.#face.used()
  }

  async run(group: NativeGroup, steps: readonly NativeStep[]): Promise<StepRun<NativeState, Raw>> {
    const send = this.#lease ? steps.findIndex(({ kind }) => kind === 'send') : -1
    if (send < 0) return this.#run(group, steps)
    try {
      if (await this.ready()) return { ...nothing, behind: true }
      const run = await this.#run(group, steps)
      this.onWire(run.batch)
      return { ...run, fenced: this.#token ?? undefined }
    } catch (error) {
      if (!isMlsError(error, 'LEASE_HELD')) throw error
      if (send > 0) return this.#run(group, steps.slice(0, send))
      return { ...nothing, outcomes: [{ error }] }
    }
  }

  async ready(): Promise<boolean> {
    if (!this.#lease) return false
    const token = await this.#lease.ensure()
    const isNew = token !== this.#token
    this.#token = token
    return isNew && this.hasMoved()
  }

  /** onWire notes that a batch is of what was put on the wire since `ready`: it is stored under that token or not at all. */
  onWire(batch: Uint8Array): void {
    if (this.#token !== null) this.#madeUnder.set(batch, this.#token)
  }

  async #run(group: NativeGroup, steps: readonly NativeStep[]): Promise<StepRun<NativeState, Raw>> {
    const { answers } = this.#home
    const run = this.#runOf(await group.run(steps, answers.trust, answers.now()), steps)
    const lacks = run.outcomes.some(({ error }) => error && isMlsError(error, ...knownElsewhere))
    return lacks && this.repeats > 0 ? { ...run, behind: true } : run
  }

  async persist(
    changes: readonly Uint8Array[], commit: Commit = (parts) => commitAtom(this.#home.store, parts), fenced?: bigint,
  ): Promise<void> {
    const { group, inbox } = this.#home.inbox ? splitInbox(changes) : { group: changes, inbox: [] }
    const part = this.#versions.part(this.#scope, group)
    const events = inbox.length > 0 ? [{ scope: inboxScope(this.#scope), expect: {}, advance: [], changes: inbox }] : []
    try {
      const [revision] = await commit([part, ...events, ...this.#lease?.guard(lesserOf(fenced, this.#tokenOf(changes))) ?? []])
      // Otherwise somebody else was there in between, whose rows are still to be read.
      if (this.#revision !== undefined && revision === this.#revision + 1n) this.#revision = revision
    } catch (error) {
      this.#lease?.doubt()
      this.#token = null
      throw error
    }
    this.#versions.advanced(part)
  }

  /** fence: the process may have been stopped since `ready`, and what it reserved before needs nothing stored. */
  async fence(token: bigint): Promise<void> {
    const lease = this.#lease
    if (!lease || lease.held?.token === token) return
    try {
      // When nobody else took it, it is the same one that goes on.
      if (await lease.ensure() === token) return
    } catch (error) {
      // A receive of the same moment runs again, and the send finds out by itself.
      if (!isMlsError(error, 'LEASE_HELD')) throw error
    }
    this.#token = null
    throw new MlsError('STORE_CONFLICT')
  }

  /** tokenOf gives the token under which batches were made; of several the first, which then is no longer the lease's. */
  #tokenOf(changes: readonly Uint8Array[]): bigint | undefined {
    return changes.map((batch) => this.#madeUnder.get(batch)).reduce(lesserOf, undefined)
  }

  /** hasMoved says whether another process has changed what is stored. */
  async hasMoved(): Promise<boolean> {
    const stored = await peekVersions(this.#home.store, this.#scope, this.#revision)
    return stored !== null && this.#versions.differ(stored)
  }

  publishState(state: NativeState): void {
    this.#face.publishState(state)
  }

  publishLoaded(state: NativeState): boolean {
    return this.#face.publishLoaded(state)
  }

  publishResult(step: NativeStep, raw: Raw): Result {
    return this.#face.publishResult(step, raw)
  }

  #runOf(run: NativeRun, steps: readonly NativeStep[]): StepRun<NativeState, Raw> {
    const outcomes: Outcome<Raw>[] = resultsOf(run).map((result) =>
      result.kind === 'error' ? { error: errorOf(result.error) } : { value: result })
    const { batch, state, needs } = run
    const asking = steps[outcomes.length]
    if (needs && needs.commit && asking?.kind === 'receive' && asking.inspect) {
      outcomes.push({ value: { kind: 'staged', needs } })
      return { outcomes, batch, state, ask: null }
    }
    const ask = async (hold: Hold): Promise<StepRun<NativeState, Raw>> =>
      this.#runOf(await answer({ needs: needs as NativeNeeds<NativeRun> }, hold, this.#home.answers), [])
    return { outcomes, batch, state, ask: needs ? ask : null }
  }
}

/**
 * groupStrand makes the strand of a group that is in `group` already, with its rows stored as `stored` says. `onWire` is told of
 * the batch of other work than messages that puts something on the wire.
 */
export const groupStrand = <Result>(
  home: GroupHome, scope: Uint8Array, face: GroupFace<Result>, group: NativeGroup, stored: GroupStored,
): { readonly strand: GroupStrand<Result>; readonly lease: Lease | null; readonly onWire: (batch: Uint8Array) => void } => {
  const host = new Host(home, scope, face, stored)
  return { strand: new Strand(host, group), lease: host.lease, onWire: (batch) => host.onWire(batch) }
}

/** resultOf gives the one result of a run that was answered. @throws MlsError as the step failed */
export function resultOf(run: NativeRun): Exclude<NativeStepResult, { readonly kind: 'error' }> {
  const [result] = resultsOf(run)
  if (!result) throw new MlsError('INTERNAL')
  if (result.kind === 'error') throw errorOf(result.error)
  return result
}

/** refuseMoved: nobody works with a group that is on its way to another store. @throws MlsError `GROUP_MOVED` */
function refuseMoved(slice: Uint8Array): void {
  for (const { kind } of rowChanges(slice, (tag) => tag === movedTag)) if (kind === 'put') throw new MlsError('GROUP_MOVED')
}

/** saysRemoved: of a member who was removed one row is left, which says so. */
function saysRemoved(slice: Uint8Array): boolean {
  for (const { kind } of rowChanges(slice, (tag) => tag === removedTag)) if (kind === 'put') return true
  return false
}

/** loadGroup makes a native group from its rows. @throws MlsError `UNKNOWN_GROUP`, `REMOVED`, of fault `storage` */
export async function loadGroup(
  { store, keys, policy, answers }: GroupHome, scope: Uint8Array,
): Promise<{ group: NativeGroup; state: NativeState } & GroupStored> {
  const rows = new native.Rows()
  let size = 0
  const loaded = await loadScope(store, scope, (slice) => {
    refuseMoved(slice)
    size += slice.length
    rows.add(slice)
  })
  if (!loaded || size === 0) throw new MlsError('UNKNOWN_GROUP')
  try {
    const { group, state } = await keys().loadGroup({ scope, rows, policy }, answers.now())
    return { group, state, versions: new GroupVersions(loaded.versions), revision: loaded.revision }
  } catch (error) {
    throw advised(error)
  }
}
