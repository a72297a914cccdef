// The life of a member in a process of its own (programs/life.cjs).
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** Told: what the program says of a step, or of its end. */
export interface Told {
  readonly step?: string
  readonly state?: string
  /** The step's name, when it failed at first because the store did. */
  readonly failed?: string | null
  readonly error?: string
}

/** Ended: everything that it said, and the signal that ended its process. */
export interface Ended {
  readonly told: readonly Told[]
  readonly signal: string | null
}

const program = path.join(__dirname, '..', 'programs', 'life.cjs')

const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** LifeProcess is a process that lives, or checks, in one place after the other, until it is killed. */
export class LifeProcess {
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown[]>
  #last: Promise<unknown> = Promise.resolve()

  /** Starts it; `env` goes to it besides this process's. */
  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#process = fork(program, [], { execArgv: [], env: { ...process.env, ...env } })
    this.#exited = once(this.#process, 'exit')
    running.add(this.#process)
    this.#process.once('exit', () => running.delete(this.#process))
  }

  /** run lets it live, or check, in a place, until it has done so or is dead: one after the other. */
  run(place: string, mode: 'live' | 'check'): Promise<Ended> {
    const ended = this.#last.then(() => this.#run(place, mode))
    this.#last = ended
    return ended
  }

  async #run(place: string, mode: 'live' | 'check'): Promise<Ended> {
    const told: Told[] = []
    let take = (_: Told & { readonly end?: true }): void => {}
    const ended = new Promise<void>((resolve) => {
      take = ({ end, ...one }) => (end ? resolve() : void told.push(one))
    })
    this.#process.on('message', take)
    this.#process.send({ place, mode }, () => {})
    const exit = await Promise.race([ended, this.#exited])
    this.#process.off('message', take)
    return { told, signal: exit ? (exit as [number | null, string | null])[1] ?? 'none' : null }
  }

  /** stop ends it, if it is not dead yet. */
  async stop(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }
}

/** runLife lets a process live, or check, in one place. */
export async function runLife(place: string, mode: 'live' | 'check'): Promise<Ended> {
  const life = new LifeProcess()
  const ended = await life.run(place, mode)
  await life.stop()
  return ended
}

/** errorsOf gives what went wrong. */
export const errorsOf = ({ told }: Ended): readonly string[] => told.flatMap(({ error }) => error ?? [])
