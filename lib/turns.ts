// Turns: long loops on the JavaScript thread, a slice per turn of the event loop.
import { setImmediate as turn } from 'node:timers/promises'
import { MlsError } from './errors'

/**
 * Milliseconds of work per turn, half of what one may take, since a loop may begin where another ended; rounds between
 * two looks at the clock.
 */
const sliceTime = 1
const stride = 64

/** Slices tells a loop when to let others run: `if (slices.full()) await slices.next()` after each round. */
export class Slices {
  readonly #signal: AbortSignal | undefined
  #until = performance.now() + sliceTime

  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  full(): boolean {
    return performance.now() >= this.#until
  }

  /** next lets a turn pass. @throws MlsError `ABORTED` when the signal has asked for it */
  async next(): Promise<void> {
    await turn()
    if (this.#signal?.aborted) throw new MlsError('ABORTED', { cause: this.#signal.reason })
    this.#until = performance.now() + sliceTime
  }
}

/** inSlices calls `each` for the ranges of [0, count), at most `stride` long, in as many turns as it takes. */
export async function inSlices(count: number, each: (from: number, to: number) => void, signal?: AbortSignal): Promise<void> {
  const slices = new Slices(signal)
  for (let from = 0; from < count; from += stride) {
    each(from, Math.min(count, from + stride))
    if (slices.full() && from + stride < count) await slices.next()
  }
}
