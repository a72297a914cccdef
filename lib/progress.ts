// Long work: how its caller sees how far it is, and ends it.
import type { AnswerSource } from './answers'
import { MlsError } from './errors'
import { native, type NativeWatch } from './native'
import type { Options } from './options'

/** Progress of long work: `done` of `total` in a phase such as `verify` or `seal`. */
export interface Progress {
  readonly done: number
  readonly total: number
  readonly phase: string
}

/** LongWork: how long work is watched and ended. */
export interface LongWork {
  /** Ends it: the promise rejects with `ABORTED`, and nothing has changed. */
  readonly signal?: AbortSignal
  /** Called at most 20 times a second while the work is under way. What it throws is an uncaught exception. */
  readonly onProgress?: (progress: Progress) => void
}

/** Watched: LongWork, read. */
export interface Watched {
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: Progress) => void) | undefined
}

const interval = 50

export const readWatched = (options: Options): Watched =>
  ({ signal: options.signal('signal'), onProgress: options.call<(progress: Progress) => void>('onProgress') })

/** watch runs `work`, tells how far it is, and ends it when the signal aborts. */
export async function watch<T>(
  { signal, onProgress }: Watched, work: (watching: NativeWatch | null) => Promise<T>,
): Promise<T> {
  if (!signal && !onProgress) return work(null)
  const watching = new native.Watch()
  const abort = (): void => watching.abort()
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  const timer = onProgress && setInterval(() => {
    const progress = watching.progress()
    if (progress) onProgress(progress)
  }, interval)
  try {
    return await work(watching)
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** endable gives `source`, which is asked no more, and takes no step on, once `signal` has aborted: that is `ABORTED`. */
export function endable(source: AnswerSource, signal: AbortSignal | undefined): AnswerSource {
  if (!signal) return source
  const unlessAborted = <Words extends unknown[], T>(ask: (...words: Words) => T) => (...words: Words): T => {
    throwIfAborted(signal)
    return ask(...words)
  }
  const { authenticate, psk, now } = source
  return { ...source, authenticate: unlessAborted(authenticate), psk: unlessAborted(psk), now: unlessAborted(now) }
}

/** @throws MlsError `ABORTED` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MlsError('ABORTED', { cause: signal.reason })
}
