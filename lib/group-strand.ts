// The strand of a group: how its native object is loaded, run and stored, and what its raw results become.
import { commitAtom, loadRows } from './atom'
import { answer, type AnswerSource } from './answers'
import { MlsError, errorOf, toError } from './errors'
import type { Hold } from './hold'
import { native } from './native'
import type { NativeClient, NativeGroup, NativeNeeds, NativePolicy, NativeRun, NativeState, NativeStep, NativeStepResult } from './native'
import type { Store } from './store'
import { Strand, type Outcome, type StepRun, type StrandHost } from './strand'

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
}

/** GroupFace: what is told when something is durable. */
export interface GroupFace<Result> {
  publishState(state: NativeState): void
  publishLoaded(state: NativeState): void
  publishResult(step: NativeStep, raw: Raw): Result
}

export type GroupStrand<Result> = Strand<NativeGroup, NativeState, NativeStep, Raw, Result>

/** The version of a group's scope that every step advances. */
export const epochVersion = 'epoch'

class Host<Result> implements StrandHost<NativeGroup, NativeState, NativeStep, Raw, Result> {
  readonly #home: GroupHome
  readonly #scope: Uint8Array
  readonly #face: GroupFace<Result>
  #version: bigint

  constructor(home: GroupHome, scope: Uint8Array, face: GroupFace<Result>, version: bigint) {
    this.#home = home
    this.#scope = scope
    this.#face = face
    this.#version = version
  }

  async load(): Promise<{ native: NativeGroup; state: NativeState }> {
    const { group, state, version } = await loadGroup(this.#home, this.#scope)
    this.#version = version
    return { native: group, state }
  }

  close(group: NativeGroup): void {
    group.close()
  }

  async run(group: NativeGroup, steps: readonly NativeStep[]): Promise<StepRun<NativeState, Raw>> {
    const { answers } = this.#home
    return this.#runOf(await group.run(steps, answers.trust, answers.now()), steps)
  }

  async persist(changes: readonly Uint8Array[]): Promise<void> {
    const expect = { [epochVersion]: this.#version }
    await commitAtom(this.#home.store, [{ scope: this.#scope, expect, advance: [epochVersion], changes }])
    this.#version += 1n
  }

  publishState(state: NativeState): void {
    this.#face.publishState(state)
  }

  publishLoaded(state: NativeState): void {
    this.#face.publishLoaded(state)
  }

  publishResult(step: NativeStep, raw: Raw): Result {
    return this.#face.publishResult(step, raw)
  }

  #runOf(run: NativeRun, steps: readonly NativeStep[]): StepRun<NativeState, Raw> {
    const outcomes: Outcome<Raw>[] = run.results.map((result) =>
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

/** groupStrand makes the strand of a group that is in `group` already, with its rows stored at `version`. */
export const groupStrand = <Result>(
  home: GroupHome, scope: Uint8Array, face: GroupFace<Result>, group: NativeGroup, version: bigint,
): GroupStrand<Result> => new Strand(new Host(home, scope, face, version), group)

/** resultOf gives the one result of a run that was answered. @throws MlsError as the step failed */
export function resultOf(run: NativeRun): Exclude<NativeStepResult, { readonly kind: 'error' }> {
  const [result] = run.results
  if (!result) throw new MlsError('INTERNAL')
  if (result.kind === 'error') throw errorOf(result.error)
  return result
}

/** loadGroup makes a native group from its rows. @throws MlsError `UNKNOWN_GROUP`, `STORE_FAILED`, `STORAGE_DAMAGED` */
export async function loadGroup(
  { store, keys, policy, answers }: GroupHome, scope: Uint8Array,
): Promise<{ group: NativeGroup; state: NativeState; version: bigint }> {
  const rows = new native.Rows()
  const loaded = await loadRows(store, scope, rows)
  if (!loaded) throw new MlsError('UNKNOWN_GROUP')
  try {
    const { group, state } = await keys().loadGroup({ scope, rows, policy }, answers.now())
    return { group, state, version: loaded.versions[epochVersion] ?? 0n }
  } catch (error) {
    throw toError(error)
  }
}
