// The life of a member in a process of its own (programs/life.cjs).
import { fork } from 'node:child_process'
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

/** Ended: everything that it said, and the signal that ended it. */
export interface Ended {
  readonly told: readonly Told[]
  readonly signal: string | null
}

/** runLife lets the program live, or check, in a place. */
export async function runLife(place: string, mode: 'live' | 'check', env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const program = path.join(__dirname, '..', 'programs', 'life.cjs')
  const child = fork(program, [place, mode], { execArgv: [], env: { ...process.env, ...env } })
  const told: Told[] = []
  child.on('message', (one) => told.push(one as Told))
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return { told: told.filter(({ step, state, error }) => step ?? state ?? error), signal }
}

/** errorsOf gives what went wrong. */
export const errorsOf = ({ told }: Ended): readonly string[] => told.flatMap(({ error }) => error ?? [])
