// What a strand (strand.ts) and its host say to each other: runs of steps, other work, and what the host does for it.
import type { Hold } from './hold'
import type { AtomPart } from './store'

/** Outcome of a step: what it gave, or why it did not. */
export type Outcome<Result> = { readonly value: Result; readonly error?: never } | { readonly error: Error; readonly value?: never }

/** StepRun: what one native run of message steps came to. */
export interface StepRun<State, Raw> {
  /** One for each step that ran, in their order. */
  readonly outcomes: readonly Outcome<Raw>[]
  readonly batch: Uint8Array
  readonly state: State | null
  /** Whether a step failed for lack of what another process may have stored. */
  readonly behind?: boolean
  /** The token of the lease under which alone it may be given out, also when it stores nothing. */
  readonly fenced?: bigint | undefined
  /** Finishes the step after these, which asks something; that step's outcome alone. */
  readonly ask: ((hold: Hold) => Promise<StepRun<State, Raw>>) | null
}

/** Done: what any other operation came to. `publish` runs when its rows are stored and gives its result. */
export interface Done<State, T> {
  readonly batch: Uint8Array | null
  readonly state: State | null
  readonly publish: () => T
  /** Stores the rows, where not in an atom of the group alone. */
  readonly commit?: Commit
}

/** Commit stores parts, with others or not, all or nothing, and gives the revisions that the scopes of `parts` then have. */
export type Commit = (parts: readonly AtomPart[]) => Promise<readonly bigint[]>

/** StrandHost: what a strand does not know. */
export interface StrandHost<Native, State, Step, Raw, Result> {
  /** load makes the native object from its rows. */
  load(): Promise<{ readonly native: Native; readonly state: State }>
  close(native: Native): void
  /** used is told of each call. */
  used(): void
  run(native: Native, steps: readonly Step[]): Promise<StepRun<State, Raw>>
  /**
   * hasMoved says whether another process has stored something since. It is asked when nothing waits for the store.
   */
  hasMoved(): Promise<boolean>
  /**
   * ready prepares for work that puts something on the wire; true when it may be behind what is stored.
   * @throws MlsError when it must not be done now
   */
  ready(): Promise<boolean>
  /**
   * persist stores batches, all or nothing, and nothing unless `fenced` is still the token of the lease, where it is given.
   * @throws MlsError `STORE_CONFLICT` when another process was first
   */
  persist(changes: readonly Uint8Array[], commit?: Commit, fenced?: bigint): Promise<void>
  /** fence takes the place of `persist` for runs that are `fenced` and store nothing. @throws MlsError as `persist` */
  fence?(token: bigint): Promise<void>
  /** How often a call runs again because another process was first. */
  readonly repeats: number
  /**
   * refresh brings a native object up to what is stored, when that is cheaper than loading it; `unstored` are changes
   * that it made and that were not stored. Null when it has to be loaded.
   */
  refresh(native: Native, unstored: readonly Uint8Array[]): Promise<State | null>
  /** sameEpoch says whether the native object is still in the epoch of `state`. */
  sameEpoch(native: Native, state: State): Promise<boolean>
  /** publishState is told each state, after it is durable. */
  publishState(state: State): void
  /**
   * publishLoaded is told the state that was found in the rows, which others may have changed, and says whether that is of
   * another epoch than what was published before.
   */
  publishLoaded(state: State): boolean
  /** publishResult makes of a step's raw result what its caller gets; events are given out here. */
  publishResult(step: Step, raw: Raw): Result
}

/** WorkOptions: how other work than message steps is queued. */
export interface WorkOptions {
  /** Takes it out of the queue while it has not started. */
  readonly signal?: AbortSignal | undefined
  /** Makes no sense in another epoch than the one in which it first ran: it does not run again in another. */
  readonly boundToEpoch?: boolean
  /** Names leaves by their indexes: it does not run at all when another process has begun an epoch since it was called. */
  readonly namesLeaves?: boolean
  /** Puts something on the wire. */
  readonly onWire?: boolean
}
