// When a SQLite store's worker may be in SQLite, which is as long as nobody ends its process.
//
// A thread that is being ended cannot make an error object: better-sqlite3 aborts the process where a statement fails
// then, because another process holds the file, say, or the folder was removed. So `process.exit()` first lets nobody in
// any more and waits until the worker is out. Waiting for a lock happens out here and not in SQLite, so that it ends at
// once; that is also what `worker.terminate()`, of which nobody is told before, mostly finds a worker doing.

/** The flags that a store and its worker share. */
const STOPPED = 0
const INSIDE = 1
/** Milliseconds that the end of a process waits at most: longer than a transaction takes, also on a slow disk. */
const enough = 5000

/** Gate: both sides make one over the same memory. */
export class Gate {
  readonly shared: SharedArrayBuffer
  readonly #flags: Int32Array

  constructor(shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#flags = new Int32Array(shared)
  }

  get isShut(): boolean {
    return Atomics.load(this.#flags, STOPPED) === 1
  }

  /** within runs what goes into SQLite; false, and nothing was run, when the process ends. */
  within(work: () => void): boolean {
    // Entered before looking, as the other side shuts before looking: one of the two sees the other.
    Atomics.store(this.#flags, INSIDE, 1)
    try {
      if (this.isShut) return false
      work()
      return true
    } finally {
      Atomics.store(this.#flags, INSIDE, 0)
      Atomics.notify(this.#flags, INSIDE)
    }
  }

  /** pause waits some milliseconds; false when the process ends meanwhile. */
  pause(milliseconds: number): boolean {
    return Atomics.wait(this.#flags, STOPPED, 0, milliseconds) === 'timed-out'
  }

  shut(): void {
    Atomics.store(this.#flags, STOPPED, 1)
    Atomics.notify(this.#flags, STOPPED)
  }

  /** emptied waits until nobody is within, so many milliseconds at most. */
  emptied(milliseconds: number): void {
    Atomics.wait(this.#flags, INSIDE, 1, milliseconds)
  }
}

/** The gates of the workers that this thread has. */
const gates = new Set<Gate>()
let isHooked = false

/** watchGate has the end of the process, or of this worker by itself, wait for who is within; until `forgetGate`. */
export function watchGate(gate: Gate): void {
  gates.add(gate)
  if (isHooked) return
  isHooked = true
  // Before the other listeners, one of which may remove the file.
  process.prependListener('exit', shutAll)
}

export function forgetGate(gate: Gate): void {
  gates.delete(gate)
}

function shutAll(): void {
  const end = performance.now() + enough
  for (const gate of gates) gate.shut()
  for (const gate of gates) gate.emptied(Math.max(0, end - performance.now()))
}

/** isBusy says whether an error is that another process holds the file. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_BUSY')

/** Milliseconds between two tries; the last from then on. */
const pauses = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100] as const

/** Patience tries again while another process holds the file. */
export class Patience {
  readonly #gate: Gate
  readonly #timeout: number

  /** @param timeout milliseconds */
  constructor(gate: Gate, timeout: number) {
    this.#gate = gate
    this.#timeout = timeout
  }

  /** until runs `work`, which does nothing when it throws that the file is held. @throws what it throws at last */
  until<T>(work: () => T): T {
    const start = performance.now()
    for (let tries = 0; ; tries += 1) {
      try {
        return work()
      } catch (error) {
        const rest = start + this.#timeout - performance.now()
        if (!isBusy(error) || rest <= 0) throw error
        if (!this.#gate.pause(Math.min(rest, pauses[Math.min(tries, pauses.length - 1)] ?? 100))) throw error
      }
    }
  }
}
