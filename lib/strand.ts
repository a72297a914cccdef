// Strand: the order of one group's operations, and how they overlap.
//
//     calls ──▶ queue ──▶ native, one at a time ──▶ unpublished ──▶ store ──▶ published
//
// Operations take effect in the order of the calls. Message steps that wait next to each other become one native run.
// The native state runs ahead of the store: while the rows of one step are being stored, the next steps compute, and
// all that are ready when the store is free become one atom. Publishing (the state that getters show, events,
// promises) is in order and only after storing.
//
// When storing fails, that step and everything called up to then reject with the same error, the native object is
// closed, and the next operation loads it again from its rows. When another process was first (STORE_CONFLICT), the
// native object is brought up to what is stored and what was called runs again, in its order, where the host says so.
import { setTimeout as sleep } from 'node:timers/promises'
import { MlsError, isMlsError, toError, type ErrorCode } from './errors'
import { Hold } from './hold'
import { changesOf, failed, giveUp, publishUnit, sizeOf, type Called, type Place, type StepsTask, type Unit, type WorkTask } from './strand-calls'
import type { Done, Outcome, StepRun, StrandHost, WorkOptions } from './strand-host'

/** Calls that are put together into one native run, and the shortest run where many steps ask. */
const maxSteps = 1024
const minSteps = 8
/** Bytes that may wait for the store before the strand waits too. */
const maxWaitingBytes = 8 << 20
/** Milliseconds that a strand waits at most before it tries again what another process was faster with. */
const longestPause = 64

/** isLost: the addon has failed in the middle, and nobody knows how far the native object has come. */
const isLost = (error: Error): error is MlsError => isMlsError(error, 'INTERNAL') && error.cause === undefined

/** lesserOf gives the lesser of two tokens, either of which may be missing. */
export const lesserOf = (one: bigint | undefined, other: bigint | undefined): bigint | undefined =>
  one === undefined || (other !== undefined && other < one) ? other : one

export class Strand<Native, State, Step, Raw, Result> {
  readonly #host: StrandHost<Native, State, Step, Raw, Result>
  #native: Native | null
  #queue: (StepsTask<Step, Result> | WorkTask<Native>)[] = []
  readonly #started = new Set<StepsTask<Step, Result> | WorkTask<Native>>()
  #unpublished: Unit[] = []
  #waitingBytes = 0
  #running = false
  #storing = false
  /** Grows when storing fails: what was computed in an earlier round is dropped. */
  #round = 0
  #broken: { readonly unstored: Uint8Array[] } | null = null
  #conflictsInARow = 0
  #hold: Hold | null = null
  #closed: ErrorCode | null = null
  #watchers: (() => void)[] = []

  constructor(host: StrandHost<Native, State, Step, Raw, Result>, native: Native | null) {
    this.#host = host
    this.#native = native
  }

  /** steps runs message steps in order; a step that fails does not stop those after it. */
  steps(steps: readonly Step[]): Promise<Outcome<Result>[]> {
    return this.#enqueue<Outcome<Result>[]>((caller, resolve, reject) =>
      ({ kind: 'steps', steps, outcomes: [], caller, resolve, reject, conflicts: 0 }))
  }

  /** perform runs any other operation; `work` has the native object to itself until its promise settles. */
  perform<T>(
    work: (native: Native, hold: Hold) => Promise<Done<State, T>>, options: WorkOptions = {},
  ): Promise<T> {
    const { signal, boundToEpoch = false, onWire = false, namesLeaves = false } = options
    return this.#enqueue<T>((caller, settleWith, failWith) => {
      let running: Hold | null = null
      let former: State | null = null
      const abort = (): void => this.#abort(task, running, new MlsError('ABORTED', { cause: signal?.reason }))
      const finish = <V>(settle: (value: V) => void) => (value: V): void => {
        signal?.removeEventListener('abort', abort)
        settle(value)
      }
      const [resolve, reject] = [finish(settleWith), finish(failWith)]
      const start = async (native: Native, hold: Hold): Promise<Unit> => {
        if (signal?.aborted) throw new MlsError('ABORTED', { cause: signal.reason })
        if (former !== null && !await this.#host.sameEpoch(native, former)) throw new MlsError('STORE_CONFLICT')
        running = hold
        const { batch, state, publish, commit } = await work(native, hold)
        if (boundToEpoch) former = state
        const settle = (): void => {
          if (state !== null) this.#host.publishState(state)
          resolve(publish())
        }
        return { changes: changesOf(batch), publish: settle, fail: reject, commit }
      }
      const task: WorkTask<Native> = { kind: 'work', onWire, namesLeaves, start, caller, reject, conflicts: 0 }
      signal?.addEventListener('abort', abort, { once: true })
      return task
    })
  }

  /** refresh takes over what other processes have stored. */
  async refresh(): Promise<void> {
    await this.#enqueue<void>((caller, resolve, reject) => {
      const start = async (native: Native): Promise<Unit> => {
        await this.#stored()
        const state = await this.#host.refresh(native, []) ?? await this.#reload(native)
        const publish = (): void => {
          this.#host.publishLoaded(state)
          resolve()
        }
        return { changes: [], publish, fail: reject }
      }
      return { kind: 'work', onWire: false, namesLeaves: false, start, caller, reject, conflicts: 0 }
    })
  }

  /** close takes no more operations, which fail with `code`, finishes those that were called, and closes the native object. */
  async close(code: ErrorCode = 'CLOSED'): Promise<void> {
    this.#closed = code
    await this.#idle()
    this.#release()
  }

  /** unload closes the native object when nothing is under way; the next operation loads it again. */
  unload(): boolean {
    if (this.#running || this.#storing || this.#queue.length > 0 || this.#broken) return false
    this.#release()
    return true
  }

  #enqueue<T>(
    make: (
      caller: Hold | undefined, resolve: (value: T) => void, reject: (error: Error) => void,
    ) => StepsTask<Step, Result> | WorkTask<Native>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) throw new MlsError(this.#closed)
      const caller = Hold.active()
      caller?.enter(this)
      this.#host.used()
      const leaving = <V>(settle: (value: V) => void) => (value: V): void => {
        this.#started.delete(task)
        caller?.leave(this)
        settle(value)
      }
      const task = make(caller, leaving(resolve), leaving(reject))
      this.#queue.push(task)
      this.#start()
    })
  }

  /** abort takes a task out of the queue; one that runs stops waiting for an answer. */
  #abort(task: WorkTask<Native>, running: Hold | null, error: MlsError): void {
    const at = this.#queue.indexOf(task)
    if (at < 0) return running?.interrupt(error)
    this.#queue.splice(at, 1)
    task.reject(error)
  }

  #start(): void {
    if (this.#running) return
    this.#running = true
    // A turn later, so that calls of one turn run together; outside of any hold, since this loop serves all callers.
    Hold.outside(() => queueMicrotask(() => void this.#loop()))
  }

  async #loop(): Promise<void> {
    while (this.#queue.length > 0 || this.#broken) {
      if (this.#broken) await this.#recover(this.#broken.unstored)
      else if (this.#waitingBytes > maxWaitingBytes) await this.#changed()
      else await this.#next()
    }
    this.#running = false
    this.#notify()
  }

  async #next(): Promise<void> {
    const round = this.#round
    let native = this.#native
    if (native === null) {
      try {
        const loaded = await this.#host.load()
        native = this.#native = loaded.native
        if (this.#host.publishLoaded(loaded.state)) this.#dropWhatNamesLeaves()
      } catch (error) {
        this.#giveUpQueued(toError(error))
        return
      }
    }
    const [head] = this.#queue
    if (!head || this.#broken) return
    if (head.kind === 'work') {
      this.#queue.shift()
      this.#started.add(head)
      await this.#work(native, head, round)
    } else {
      await this.#runSteps(native, this.#takeSteps(), round)
    }
  }

  async #work(native: Native, task: WorkTask<Native>, round: number): Promise<void> {
    const hold = new Hold(this, task.caller)
    this.#hold = hold
    try {
      if (task.onWire && await this.#host.ready() && await this.#isBehind(round)) return await this.#catchUp(round)
      this.#add(await task.start(native, hold), round)
    } catch (cause) {
      const error = toError(cause)
      if (isLost(error)) await this.#startAgain(error, round)
      else this.#addFailure(error, task.reject, round)
    } finally {
      this.#hold = null
    }
  }

  /** dropWhatNamesLeaves: another process has begun an epoch, in which a leaf may be somebody else's. */
  #dropWhatNamesLeaves(): void {
    const names = (task: StepsTask<Step, Result> | WorkTask<Native>): boolean => task.kind === 'work' && task.namesLeaves
    const dropped = this.#queue.filter(names)
    this.#queue = this.#queue.filter((task) => !names(task))
    for (const task of dropped) task.reject(new MlsError('STORE_CONFLICT'))
  }

  /** giveUpQueued: the group cannot be loaded. What waits now fails at once: each call by itself would wait as long for the store. */
  #giveUpQueued(error: Error): void {
    const queued = this.#queue
    this.#queue = []
    for (const task of queued) giveUp(task, error)
  }

  #takeSteps(): Place<Step, Result>[] {
    const places: Place<Step, Result>[] = []
    while (places.length < maxSteps) {
      const [head] = this.#queue
      if (head?.kind !== 'steps') break
      this.#queue.shift()
      this.#started.add(head)
      // What was published before another process was faster does not run again.
      for (const step of head.steps.slice(head.outcomes.length)) places.push({ task: head, step })
      if (head.steps.length === 0) head.resolve(head.outcomes)
    }
    return places
  }

  async #runSteps(native: Native, places: readonly Place<Step, Result>[], round: number): Promise<void> {
    let at = 0
    // A step that asks ends a run. Where many ask, runs get short, so that the steps behind are not handed over each time.
    let length = maxSteps
    while (at < places.length && round === this.#round) {
      try {
        const run = await this.#host.run(native, places.slice(at, at + length).map(({ step }) => step))
        if (run.behind && await this.#looksBehind(run, round)) return
        if (run.behind && run.outcomes.length === 0) continue  // nothing ran, and now it may
        const ran = places.slice(at, at + run.outcomes.length)
        at += ran.length
        length = Math.min(maxSteps, run.ask ? Math.max(minSteps, 2 * ran.length) : 2 * length)
        this.#settle(ran, run, round)
        const asking = run.ask ? places[at] : undefined
        if (run.ask && asking) {
          at += 1
          await this.#ask(asking, run.ask, round)
        } else if (ran.length === 0) {
          throw new MlsError('INTERNAL')
        }
      } catch (cause) {
        const error = toError(cause)
        if (isLost(error)) return await this.#startAgain(error, round)
        const rest = places.slice(at)
        at = places.length
        for (const place of rest) this.#settle([place], failed(error), round)
      }
    }
  }

  async #ask(
    place: Place<Step, Result>, ask: (hold: Hold) => Promise<StepRun<State, Raw>>, round: number,
  ): Promise<void> {
    const hold = new Hold(this, place.task.caller)
    this.#hold = hold
    try {
      this.#settle([place], await ask(hold), round)
    } catch (cause) {
      const error = toError(cause)
      if (isLost(error)) return await this.#startAgain(error, round)
      this.#settle([place], failed<State, Raw>(error), round)
    } finally {
      this.#hold = null
    }
  }

  /** isBehind waits for our own writes first: they are no other process's. */
  async #isBehind(round: number): Promise<boolean> {
    await this.#stored()
    return round !== this.#round || await this.#host.hasMoved()
  }

  /** looksBehind says whether a run was given up, which lacked something: what it made is not stored then, and nothing of it stays. */
  async #looksBehind({ batch }: StepRun<State, Raw>, round: number): Promise<boolean> {
    try {
      if (!await this.#isBehind(round)) return false
    } catch (error) {
      await this.#startAgain(toError(error), round, changesOf(batch))
      return true
    }
    await this.#catchUp(round, changesOf(batch))
    return true
  }

  /** catchUp runs what was called again on what is stored, as if another process had been first; `unstored` is dropped. */
  #catchUp(round: number, unstored: readonly Uint8Array[] = []): Promise<void> {
    return this.#startAgain(new MlsError('STORE_CONFLICT'), round, unstored)
  }

  /** startAgain goes back to what is stored: the native object has made `unstored` besides. */
  async #startAgain(error: Error, round: number, unstored: readonly Uint8Array[] = []): Promise<void> {
    await this.#stored()
    if (round === this.#round) this.#break([], error)
    this.#broken?.unstored.push(...unstored)
  }

  /** settle makes a unit of what `places` came to. */
  #settle(places: readonly Place<Step, Result>[], run: StepRun<State, Raw>, round: number): void {
    const publish = (): void => {
      if (run.state !== null) this.#host.publishState(run.state)
      places.forEach(({ task, step }, i) => {
        const outcome = run.outcomes[i] ?? { error: new MlsError('INTERNAL') }
        task.outcomes.push(outcome.error ? outcome : { value: this.#host.publishResult(step, outcome.value as Raw) })
        if (task.outcomes.length === task.steps.length) task.resolve(task.outcomes)
      })
    }
    const fail = (error: Error): void => places.forEach(({ task }) => giveUp(task, error))
    if (places.length > 0) this.#add({ changes: changesOf(run.batch), fenced: run.fenced, publish, fail }, round)
  }

  #addFailure(error: Error, reject: (error: Error) => void, round: number): void {
    this.#add({ changes: [], publish: () => reject(error), fail: reject }, round)
  }

  #add(unit: Unit, round: number): void {
    if (round !== this.#round) {  // its call was rejected, or runs again
      this.#broken?.unstored.push(...unit.changes)
      return
    }
    this.#unpublished.push(unit)
    this.#waitingBytes += sizeOf([unit])
    if (!this.#storing) void this.#store()
  }

  async #store(): Promise<void> {
    this.#storing = true
    while (this.#unpublished.length > 0) {
      const units = this.#takeUnits()
      try {
        const changes = units.flatMap((unit) => unit.changes)
        const fenced = units.flatMap((unit) => unit.fenced ?? []).reduce<bigint | undefined>(lesserOf, undefined)
        if (changes.length > 0) await this.#host.persist(changes, units.at(-1)?.commit, fenced)
        else if (fenced !== undefined) await this.#host.fence?.(fenced)
        this.#conflictsInARow = 0
      } catch (error) {
        this.#break(units, toError(error))
        break
      }
      for (const unit of units) publishUnit(unit)
      this.#notify()
    }
    this.#storing = false
    if (this.#broken) this.#start()
    this.#notify()
  }

  /** takeUnits takes what goes into the next atom: all, or all up to the first that has a way of its own to the store. */
  #takeUnits(): Unit[] {
    const own = this.#unpublished.findIndex(({ commit }) => commit)
    const units = this.#unpublished.splice(0, own < 0 ? Infinity : own + 1)
    this.#waitingBytes -= sizeOf(units)
    return units
  }

  /** break rejects what was stored in vain, and everything that was called before this was known, or runs it again. */
  #break(units: readonly Unit[], error: Error): void {
    const conflict = isMlsError(error, 'STORE_CONFLICT')
    this.#broken = { unstored: [...units, ...this.#unpublished].flatMap(({ changes }) => changes) }
    this.#round += 1
    this.#conflictsInARow = conflict ? this.#conflictsInARow + 1 : 0
    this.#unpublished = []
    this.#waitingBytes = 0
    const started = [...this.#started]
    const queued = this.#queue
    const again = (task: Called): boolean => conflict && task.conflicts < this.#host.repeats
    this.#started.clear()
    this.#queue = [...started, ...queued].filter(again)
    for (const task of [...started, ...queued]) if (!again(task)) giveUp(task, error)
    for (const task of started) task.conflicts += 1
    this.#hold?.interrupt(error)
  }

  async #recover(unstored: readonly Uint8Array[]): Promise<void> {
    const native = this.#native
    if (native !== null && this.#conflictsInARow > 0) {
      // Who lost waits a moment of random length, so that as many as there may be get their turn.
      const pause = Math.random() * Math.min(longestPause, 2 ** this.#conflictsInARow)
      if (this.#conflictsInARow > 1) await sleep(pause)
      const state = await this.#host.refresh(native, unstored).catch(() => null)
      this.#broken = null
      try {
        if (state !== null) {
          if (this.#host.publishLoaded(state)) this.#dropWhatNamesLeaves()
          return
        }
      } catch {
        // What cannot be published is loaded again, and then fails in the call that wants it.
      }
    }
    this.#broken = null
    this.#release()
  }

  async #reload(native: Native): Promise<State> {
    const loaded = await this.#host.load()
    this.#host.close(native)
    this.#native = loaded.native
    return loaded.state
  }

  #release(): void {
    if (this.#native !== null) this.#host.close(this.#native)
    this.#native = null
  }

  async #idle(): Promise<void> {
    while (this.#running || this.#storing) await this.#changed()
  }

  /** stored waits until nothing computed waits for the store. */
  async #stored(): Promise<void> {
    while (this.#storing) await this.#changed()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve))
  }

  #notify(): void {
    const watchers = this.#watchers
    this.#watchers = []
    for (const watcher of watchers) watcher()
  }
}
