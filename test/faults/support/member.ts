// A member in a process of its own, which can be killed.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** State: what a member says of its group. */
export interface State {
  readonly epoch: bigint
  readonly phase: string
  readonly authenticator: Uint8Array
  readonly pending: readonly Uint8Array[]
}

/** Killed: the process died before it answered. */
export class Killed extends Error {}
/** Failed: the operation rejected with an MlsError of this code. */
export class Failed extends Error {
  constructor(readonly code: string, readonly why = '') {
    super(why ? `${code}: ${why}` : code)
  }
}

/** Told: what a process says by itself. */
export interface Told {
  readonly kind: string
}

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

interface Answer {
  readonly call: number
  readonly told?: Told
  readonly value?: never
  readonly error?: { readonly code: string; readonly why?: string }
}

const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

export class Member {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0
  /** told hears what the process says by itself. */
  told: (told: Told) => void = () => {}

  /** A process; `env` goes to it besides this one's. */
  constructor(env: Readonly<Record<string, string>> = {}, program = 'member.cjs') {
    this.#process = fork(path.join(__dirname, '..', 'programs', program), {
      serialization: 'advanced', execArgv: [], env: { ...process.env, ...env },
    })
    running.add(this.#process)
    this.#process.once('exit', () => running.delete(this.#process))
    this.#process.on('message', (answer) => this.#take(answer as Answer))
    // Not at its exit: what it said before may still be in the pipe.
    this.#process.on('disconnect', () => {
      for (const { reject } of this.#waiting.values()) reject(new Killed('the process ended'))
      this.#waiting.clear()
    })
  }

  /** open opens the client; its state, if it is in a group already. */
  open(store: string, options: object = {}, name = 'alice'): Promise<State | null> {
    return this.call('open', { store, name, ...options })
  }

  /** call has an operation done. Rejects with Failed, or with Killed when nobody knows what became of it. */
  call<T>(operation: string, argument?: unknown): Promise<T> {
    const answered = new Promise<T>((resolve, reject) => {
      this.#calls += 1
      this.#waiting.set(this.#calls, { resolve, reject })
      this.#process.send({ call: this.#calls, operation, argument }, (error) => error && reject(new Killed('the process ended')))
    })
    answered.catch(() => {})  // it may be looked at later
    return answered
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = [once(this.#process, 'exit'), ...(this.#process.connected ? [once(this.#process, 'disconnect')] : [])]
    this.#process.kill('SIGKILL')
    await Promise.all(ended)
  }

  /** ended waits for the end of the process and says whether it was killed. */
  async ended(): Promise<boolean> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit')
    return this.#process.signalCode === 'SIGKILL'
  }

  /** stop and goOn: as if the machine did something else in between. */
  stop(): void {
    this.#process.kill('SIGSTOP')
  }
  goOn(): void {
    this.#process.kill('SIGCONT')
  }

  #take({ call, told, value, error }: Answer): void {
    if (told) return this.told(told)
    const waiting = this.#waiting.get(call)
    this.#waiting.delete(call)
    if (error) waiting?.reject(new Failed(error.code, error.why))
    else waiting?.resolve(value as never)
  }
}
