// Calls: those of a client that are under way, so that its close() can wait for them; and waiting that is told when it would
// wait for itself.
//
// Each call has an object that owns the holds of its questions (hold.ts), and the Calls own that of `unwrap`. So a callback that
// closes the client which asks it gets REENTRANT, and does not wait for its own answer.
import { MlsError } from './errors'
import { Hold } from './hold'
import type { EncryptionKey } from './sealing-key'

export class Calls implements Iterable<object> {
  readonly #underWay = new Set<object>()
  #closed = false
  #watchers: (() => void)[] = []

  /** run counts `body` as under way until it settles. @throws MlsError `CLOSED` after `close` */
  async run<T>(body: (call: object) => Promise<T>): Promise<T> {
    if (this.#closed) throw new MlsError('CLOSED')
    const call = {}
    this.#underWay.add(call)
    try {
      return await body(call)
    } finally {
      this.#underWay.delete(call)
      if (this.#underWay.size === 0) for (const watcher of this.#watchers.splice(0)) watcher()
    }
  }

  /** settled waits until none is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  /** close takes no more of them; those under way go on. */
  close(): void {
    this.#closed = true
  }

  get size(): number {
    return this.#underWay.size
  }

  [Symbol.iterator](): Iterator<object> {
    return this.#underWay.values()
  }
}

/**
 * waitFor runs `wait`, which waits for each of `owners` (of holds), and notes that for the code of whichever hold calls.
 * @throws MlsError `REENTRANT`, before anything is run, when one of them waits for this very code
 */
export async function waitFor(owners: Iterable<object>, wait: () => Promise<void>): Promise<void> {
  const caller = Hold.active()
  const entered: object[] = []
  try {
    for (const owner of caller ? owners : []) {
      caller?.enter(owner)
      entered.push(owner)
    }
    await wait()
  } finally {
    for (const owner of entered) caller?.leave(owner)
  }
}

/** timed gives a key whose `unwrap` has so many milliseconds, 0 for any: when rows are read again all changes wait for it. */
export function timed(key: EncryptionKey, calls: Calls, limit: { readonly timeout: number }): EncryptionKey {
  if (key instanceof Uint8Array) return key
  const unwrap = (wrapped: Uint8Array): ReturnType<typeof key.unwrap> => {
    const { timeout } = limit
    return timeout === 0 ? key.unwrap(wrapped) : new Hold(calls, Hold.active()).ask(() => key.unwrap(wrapped), timeout)
  }
  return { wrap: (bytes) => key.wrap(bytes), unwrap }
}
