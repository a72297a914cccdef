// Events: listeners by kind, and an async iterator with a bound.
import { MlsError } from './errors'
import { Options } from './options'

/** Stop ends what it was given for. */
export type Stop = () => void

/** EventsOptions: how many events may wait in an iterator (default 1,024), and what ends it. */
export interface EventsOptions {
  readonly limit?: number
  readonly signal?: AbortSignal
}

const defaultLimit = 1024

/** Events of one source, told apart by `kind`. */
export class Events<Event extends { readonly kind: string }> {
  readonly #listeners = new Map<string, Set<(event: never) => void>>()
  readonly #queues = new Set<Queue<Event>>()
  #ended = false
  /** heard is told each time that somebody begins to listen or ends it. @internal */
  heard: () => void = () => {}

  /** on calls `listener` for each event of a kind. What it throws is thrown outside, as an uncaught exception. */
  on<Kind extends Event['kind']>(kind: Kind, listener: (event: Extract<Event, { readonly kind: Kind }>) => void): Stop {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function')
    if (this.#ended) return () => {}
    const listeners = this.#listeners.get(kind) ?? new Set()
    this.#listeners.set(kind, listeners)
    listeners.add(listener)
    this.heard()
    return () => {
      if (listeners.delete(listener)) this.heard()
    }
  }

  /**
   * iterate gives every event from now on, of every kind, until the source is closed or `signal` aborts.
   * When more than `limit` of them wait, the iterator gives those and then throws `LIMIT_EXCEEDED`: events were lost.
   */
  iterate(options?: EventsOptions): AsyncIterableIterator<Event> {
    const read = new Options('options', options, ['limit', 'signal'])
    const limit = read.integer('limit', defaultLimit, 0, Number.MAX_SAFE_INTEGER)
    const signal = read.signal('signal')
    const abort = (): void => queue.end()
    const queue = new Queue<Event>(limit, () => {
      this.#queues.delete(queue)
      signal?.removeEventListener('abort', abort)
      this.heard()
    })
    if (this.#ended || signal?.aborted) {
      queue.end()
      return queue
    }
    this.#queues.add(queue)
    signal?.addEventListener('abort', abort, { once: true })
    this.heard()
    return queue
  }

  /** Whether anybody hears of events of a kind. @internal */
  isHeard(kind: Event['kind']): boolean {
    return this.#queues.size > 0 || (this.#listeners.get(kind)?.size ?? 0) > 0
  }

  /** Whether anybody listens. @internal */
  get isListenedTo(): boolean {
    return this.#queues.size > 0 || [...this.#listeners.values()].some(({ size }) => size > 0)
  }

  /** emit gives an event to everybody. @internal */
  emit(event: Event): void {
    if (!this.isHeard(event.kind)) return
    for (const listener of [...(this.#listeners.get(event.kind) ?? [])]) {
      try {
        ;(listener as (event: Event) => void)(event)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
    for (const queue of [...this.#queues]) queue.put(event)
  }

  /** end ends all iterators and lets all listeners go. @internal */
  end(): void {
    this.#ended = true
    for (const queue of [...this.#queues]) queue.end()
    this.#listeners.clear()
    this.heard()
  }
}

/** Queue: one iterator, with the events that wait in it. */
class Queue<Event> implements AsyncIterableIterator<Event> {
  readonly #limit: number
  readonly #forget: () => void
  readonly #events: Event[] = []
  #readers: { resolve: (result: IteratorResult<Event>) => void; reject: (error: Error) => void }[] = []
  #ended = false
  #overflowed = false

  constructor(limit: number, forget: () => void) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError('options.limit must be a positive integer')
    this.#limit = limit
    this.#forget = forget
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  put(event: Event): void {
    const reader = this.#readers.shift()
    if (reader) return reader.resolve({ done: false, value: event })
    if (this.#events.length < this.#limit) this.#events.push(event)
    else this.#overflowed = true
    if (this.#overflowed) this.end()
  }

  end(): void {
    this.#ended = true
    this.#forget()
    for (const reader of this.#readers) reader.resolve({ done: true, value: undefined })
    this.#readers = []
  }

  next(): Promise<IteratorResult<Event>> {
    const [event] = this.#events.splice(0, 1)
    if (event !== undefined) return Promise.resolve({ done: false, value: event })
    if (this.#overflowed) {
      this.#overflowed = false
      return Promise.reject(new MlsError('LIMIT_EXCEEDED'))
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<Event>> {
    this.#events.length = 0
    this.#overflowed = false
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }
}
