// The life of a member in a process of its own (programs/life.cjs), and what is to be said of the rows that it leaves.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const { difference, nothing } = require('./witness.cjs') as typeof import('./witness.cjs')

/** Rows: what a store holds: a digest of every byte, and what is the same in every run, or a mark of that (witness.cjs). */
export interface Rows {
  readonly digest: string
  readonly shape?: string
  readonly mark: string
}

/** Told: what the program says of a write, of a step, or of its end. */
export interface Told {
  /** Behind each write, and in a check. */
  readonly rows?: Rows
  readonly step?: string
  readonly state?: string
  /** The step's name, when it failed at first because the store did. */
  readonly failed?: string | null
  /** Writes of the step that failed without it, and that nobody needs. */
  readonly lost?: readonly string[]
  /** Writes and syncs before the step, where they are counted. */
  readonly calls?: number
  readonly error?: string
}

/** Ended: everything that it said, and the signal that ended its process. */
export interface Ended {
  readonly told: readonly Told[]
  readonly signal: string | null
}

/** Spoil: from which write on one is done by halves, for a test of the tests. */
export interface Spoil {
  readonly at: number
  readonly then: 'fail' | 'die'
}

/** More: `shapes` for a reference, which tells them whole; NODE_MLS_SHAPES=1 for all, to see how one differs. */
export interface More {
  readonly spoil?: Spoil
  readonly shapes?: boolean
  /** Another connection holds the file while each write is tried for the first time. */
  readonly isHeld?: boolean
  /** This call of each step fails, as the process's Fault says. */
  readonly strikes?: number
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
  run(place: string, mode: 'live' | 'check', more: More = {}): Promise<Ended> {
    const ended = this.#last.then(() => this.#run({ place, mode, shapes: process.env['NODE_MLS_SHAPES'] === '1', ...more }))
    this.#last = ended
    return ended
  }

  async #run(order: { readonly place: string; readonly mode: 'live' | 'check' } & More): Promise<Ended> {
    const told: Told[] = []
    let take = (_: Told & { readonly end?: true }): void => {}
    const ended = new Promise<void>((resolve) => {
      take = ({ end, ...one }) => (end ? resolve() : void told.push(one))
    })
    this.#process.on('message', take)
    this.#process.send(order, () => {})
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

/** errorsOf gives what went wrong. */
export const errorsOf = ({ told }: Ended): readonly string[] => told.flatMap(({ error }) => error ?? [])
/** stepsOf gives the steps that were done. */
export const stepsOf = ({ told }: Ended): readonly Told[] => told.filter(({ step }) => step !== undefined)
/** writesOf gives the rows behind each write that was done. */
export const writesOf = ({ told }: Ended): readonly Rows[] => told.flatMap(({ state, rows }) => (state === undefined ? rows ?? [] : []))

/**
 * wrongRows says what is wrong with the rows that a life left which was ended in the middle of a write: they are byte by byte
 * those behind the last one that was done, or have the shape of the next one in `reference`.
 */
export function wrongRows(ended: Ended, found: Rows | undefined, reference: Ended): string | null {
  const writes = writesOf(ended)
  const [all, next] = [writesOf(reference), writesOf(reference)[writes.length]]
  const other = writes.findIndex(({ mark }, i) => mark !== all[i]?.mark)
  if (other >= 0) return `write ${other + 1} is not that of the reference:\n${difference(writes[other]?.shape, all[other]?.shape)}`
  if (found?.digest === (writes.at(-1)?.digest ?? nothing) || found?.mark === next?.mark) return null
  const [before, after] = [writes.at(-1)?.shape, next?.shape].map((shape) => difference(found?.shape, shape))
  return `neither as before write ${writes.length + 1}:\n${before}\nnor as behind it:\n${after}`
}

/**
 * wrongEnd says what is wrong with the rows of a life that went on after what failed: they are those of its last write, and
 * have the shape of the reference. But a group that was loaded again takes its lease and generations anew, which advances
 * versions; and what writes would have done that nobody needs may not be there.
 */
export function wrongEnd(ended: Ended, found: Rows | undefined, reference: Ended): string | null {
  const last = writesOf(ended).at(-1)
  if (found?.digest !== last?.digest) return `not as behind the last write:\n${difference(found?.shape, last?.shape)}`
  const hasLost = stepsOf(ended).some(({ lost = [] }) => lost.length > 0)
  const hasFailed = hasLost || stepsOf(ended).some(({ failed }) => failed)
  const shapeOf = (shape = ''): string => {
    const same = hasFailed ? shape.replace(/(ratchets\/\d+|until)=\d+/g, '$1') : shape
    return hasLost ? withoutNotes(same) : same
  }
  const [one, other] = [shapeOf(found?.shape), shapeOf(writesOf(reference).at(-1)?.shape)]
  return one === other ? null : `not as in the reference:\n${difference(one, other)}`
}

/** Without the version of the client, which a note in its list of groups advances, and scopes of which versions alone are left. */
const withoutNotes = (shape: string): string =>
  shape.split('\nscope ').filter((scope) => scope.includes('\n')).join('\nscope ').replace(/client=\d+/, '')
