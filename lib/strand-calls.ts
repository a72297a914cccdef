// What a strand (strand.ts) keeps of its calls: those that were not settled, and what was computed for them.
import { toError } from './errors'
import type { Hold } from './hold'
import type { Commit, Outcome, StepRun } from './strand-host'

/** A call that was not settled. Between being taken from the queue and being settled it is `started`. */
export interface Called {
  readonly caller: Hold | undefined
  readonly reject: (error: Error) => void
  /** How often it ran in vain, because another process was first. */
  conflicts: number
}
export interface StepsTask<Step, Result> extends Called {
  readonly kind: 'steps'
  readonly steps: readonly Step[]
  /** Of the steps that were published, which are always the first. */
  readonly outcomes: Outcome<Result>[]
  readonly resolve: (outcomes: Outcome<Result>[]) => void
}
export interface WorkTask<Native> extends Called {
  readonly kind: 'work'
  readonly onWire: boolean
  readonly namesLeaves: boolean
  readonly start: (native: Native, hold: Hold) => Promise<Unit>
}
/** Unit: something computed and not yet published. */
export interface Unit {
  readonly changes: readonly Uint8Array[]
  readonly fenced?: bigint | undefined
  readonly commit?: Commit | undefined
  readonly publish: () => void
  readonly fail: (error: Error) => void
}
export interface Place<Step, Result> {
  readonly task: StepsTask<Step, Result>
  readonly step: Step
}

/** changesOf gives the batches of a step that may have changed nothing. */
export const changesOf = (batch: Uint8Array | null): readonly Uint8Array[] => (batch && batch.length > 0 ? [batch] : [])

export const sizeOf = (units: readonly Unit[]): number =>
  units.reduce((sum, { changes }) => changes.reduce((size, batch) => size + batch.length, sum), 0)

/** failed is the run of one step that came to nothing. */
export const failed = <State, Raw>(error: Error): StepRun<State, Raw> =>
  ({ outcomes: [{ error }], batch: new Uint8Array(0), state: null, ask: null })

/**
 * giveUp ends a call with an error. Of message steps, those that were published keep their outcomes: a message whose key is
 * used up cannot be had again.
 */
export function giveUp<Native, Step, Result>(task: StepsTask<Step, Result> | WorkTask<Native>, error: Error): void {
  if (task.kind === 'work' || task.outcomes.length === 0) return task.reject(error)
  while (task.outcomes.length < task.steps.length) task.outcomes.push({ error })
  task.resolve(task.outcomes)
}

/** publishUnit publishes it; what cannot be published has failed. */
export function publishUnit(unit: Unit): void {
  try {
    unit.publish()
  } catch (error) {
    unit.fail(toError(error))
  }
}
