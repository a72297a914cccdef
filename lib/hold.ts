// Holds: who waits for whom, so that a callback that calls back into its own group is told so and does not wait for
// itself.
//
// A strand that asks the application something is held until the answer is there. The asked code runs in an async
// context that knows its hold. When it enters a strand, the strand looks along the holds: is it held, through any
// number of strands, by the very code that now wants to wait for it?
import { AsyncLocalStorage } from 'node:async_hooks'
import { MlsError } from './errors'

const current = new AsyncLocalStorage<Hold | undefined>()
const holdOf = new WeakMap<object, Hold>()

export class Hold {
  readonly #owner: object
  readonly #caller: Hold | undefined
  readonly #waitsFor = new Map<object, number>()
  #interrupt: ((error: Error) => void) | undefined
  #asking = false

  /** A hold of `owner`, for an operation that was called in the context of `caller`. */
  constructor(owner: object, caller: Hold | undefined) {
    this.#owner = owner
    this.#caller = caller
  }

  /**
   * ask runs a question of ours in the context of this hold and gives its answer.
   * @throws MlsError `ANSWER_TIMEOUT` after `timeout` milliseconds, or what `interrupt` was given.
   */
  async ask<T>(question: () => T | PromiseLike<T>, timeout: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const given = new Promise<never>((_resolve, reject) => {
      this.#interrupt = reject
      timer = setTimeout(() => reject(new MlsError('ANSWER_TIMEOUT')), timeout)
    })
    this.#asking = true
    holdOf.set(this.#owner, this)
    try {
      return await Promise.race([current.run(this, async () => question()), given])
    } finally {
      clearTimeout(timer)
      this.#asking = false
      this.#interrupt = undefined
      holdOf.delete(this.#owner)
    }
  }

  /** interrupt ends the wait for an answer. */
  interrupt(error: Error): void {
    this.#interrupt?.(error)
  }

  /** active gives the innermost hold of this context whose question is still open. */
  static active(): Hold | undefined {
    let hold = current.getStore()
    while (hold && !hold.#asking) hold = hold.#caller
    return hold
  }

  /** outside runs code in no hold. */
  static outside<T>(body: () => T): T {
    return current.run(undefined, body)
  }

  /** enter notes that code of this hold waits for `owner`, until `leave`. @throws MlsError `REENTRANT` */
  enter(owner: object): void {
    for (let hold: Hold | undefined = this; hold; hold = hold.#caller) {
      if (hold.#asking && reaches(owner, hold.#owner)) throw new MlsError('REENTRANT')
    }
    this.#waitsFor.set(owner, (this.#waitsFor.get(owner) ?? 0) + 1)
  }

  leave(owner: object): void {
    const count = (this.#waitsFor.get(owner) ?? 0) - 1
    if (count > 0) this.#waitsFor.set(owner, count)
    else this.#waitsFor.delete(owner)
  }

  /** waited: the owners that code of this hold waits for. */
  get waited(): Iterable<object> {
    return this.#waitsFor.keys()
  }
}

/** reaches: does `from` wait, through whatever holds it, for `to`? */
function reaches(from: object, to: object, seen = new Set<object>()): boolean {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  for (const next of holdOf.get(from)?.waited ?? []) if (reaches(next, to, seen)) return true
  return false
}
