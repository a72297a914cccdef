// A subject: one implementation of the README's table, loaded and measured in a process of its own.
import { type Measured, measure, median } from '../api/measure'
import type { Operation } from '../api/world'

/** What a subject is given: the size of the group, and the folder whose node_modules may hold packages that we do not install. */
export interface Setting {
  readonly members: number
  readonly folder: string
}

/** Findings: figures as far as there are any, and in words what was found on the way. */
export interface Findings {
  readonly load: Measured | null
  readonly figures: Partial<Record<Operation, Measured>>
  readonly notes: readonly string[]
}

export interface Subject {
  readonly name: string
  /** The package on npm. */
  readonly package: string
  /** What is measured in, and how it is called. */
  readonly how: string
  measure(setting: Setting): Promise<Findings>
}

/** timeLoad loads a library for the first time in this process. */
export async function timeLoad<T>(load: () => Promise<T>): Promise<{ load: Measured; library: T }> {
  let library: T | undefined
  const measured = await measure(() => null, async () => (library = await load()), 1)
  if (library === undefined) throw new Error('unreachable')
  return { load: measured, library }
}

/** merge gives one figure of several rounds. */
export const merge = (rounds: readonly Measured[]): Measured => ({
  median: median(rounds.map((round) => round.median)),
  longestDelay: Math.max(...rounds.map(({ longestDelay }) => longestDelay)),
})

/** messageOf gives the first line of what was thrown. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]?.replace(/\s+/g, ' ') ?? ''

export type { Measured }
