// Staged: a received commit that was verified and waits for a word, in memory, one per group, for a while.
import { MlsError } from './errors'
import type { NativeNeeds, NativeRun } from './native'

export class Staged {
  readonly #timeout: number
  #needs: NativeNeeds<NativeRun> | null
  #timer: NodeJS.Timeout | undefined

  /** @param timeout milliseconds until it is let go */
  constructor(needs: NativeNeeds<NativeRun>, timeout: number) {
    this.#needs = needs
    this.#timeout = timeout
    this.#start()
  }

  /** What is staged. @throws MlsError `STALE_VERSION` when it was let go */
  get needs(): NativeNeeds<NativeRun> {
    if (!this.#needs) throw new MlsError('STALE_VERSION')
    return this.#needs
  }

  /** Whether it can still be accepted. */
  get alive(): boolean {
    return this.#needs !== null
  }

  /** use runs what applies it; it does not expire meanwhile, and has its time again when that failed. */
  async use<T>(apply: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer)
    try {
      return await apply()
    } finally {
      if (this.#needs) this.#start()
    }
  }

  /** letGo forgets it, and the work that it holds. */
  letGo(): void {
    clearTimeout(this.#timer)
    this.#needs = null
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.letGo(), this.#timeout).unref()
  }
}
