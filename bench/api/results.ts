// The results: rows for a table, and bench/results/latest.json for programs.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type Row as TableRow, formatTable } from '../../examples/group-server/table'

/** `×` is a ratio that is a result by itself. */
export type Unit = 'ms' | 'per s' | 'rows' | 'B' | 'MiB' | '×'

/** One figure of ours, beside that of each peer. */
export interface ResultRow {
  readonly row: string
  /** Members; in rows of state that say so, groups. */
  readonly n: number
  readonly threads: number
  /** What the cryptography takes by itself, in `unit`, and how often that we took; null where there is none. */
  readonly floor: number | null
  readonly value: number | null
  readonly unit: Unit
  readonly ratio: number | null
  readonly target: number | null
  /** Null where there is no target. */
  readonly ok: boolean | null
  readonly peers: Readonly<Record<string, number>>
  /** Of rows about writes: who has committed besides the writer, chosen so that her way to the root is warm. */
  readonly warmers?: number
}

/** What the names of rows of loop delays end with. */
export const DELAY = ': longest loop delay'

export interface Results {
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memory: number
    readonly system: string
    readonly node: string
    readonly openssl: string | null
    /** Running processes per core when the run began and ended: far over 1, the figures say little. */
    readonly load: readonly [number, number]
    readonly date: string
  }
  readonly suite: number
  readonly rows: readonly ResultRow[]
}

export function describeMachine(openssl: string | null, loadBefore: number): Results['machine'] {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    memory: os.totalmem(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    openssl,
    load: [loadBefore, os.loadavg()[0] ?? 0],
    date: new Date().toISOString(),
  }
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
}

/** readResults gives what writeResults wrote. */
export const readResults = async (file: string): Promise<Results> => JSON.parse(await readFile(file, 'utf8')) as Results

export const ratioOf = (value: number | null, floor: number | null): number | null =>
  value === null || floor === null || floor <= 0 ? null : value / floor

/**
 * formatResults gives the rows as text, a column for us and one for each peer; floors and ratios where a row has them.
 * @param count what `n` counts
 */
export function formatResults(results: readonly ResultRow[], peers: readonly string[], count = 'members'): string {
  const floors = results.some(({ floor }) => floor !== null)
  const rows = results.map((row): TableRow => {
    const beside = floors ? [formatFigure(row.floor, row.unit), row.ratio === null ? '–' : row.ratio.toFixed(2)] : []
    const theirs = peers.map((peer) => formatFigure(row.peers[peer] ?? null, row.unit))
    const verdict = row.target === null ? '' : `${row.ok ? 'under' : 'OVER'} ${row.target.toLocaleString('en')}`
    return [row.row, row.n, formatFigure(row.value, row.unit), ...beside, ...theirs, row.unit, verdict]
  })
  return formatTable(['', count, 'node-mls', ...(floors ? ['floor', 'ratio'] : []), ...peers, 'unit', 'target'], rows)
}

const formatFigure = (value: number | null, unit: Unit): string => {
  if (value === null) return '–'
  if (unit === 'rows' || unit === 'B' || value >= 1000) return Math.round(value).toLocaleString('en')
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3)
}
