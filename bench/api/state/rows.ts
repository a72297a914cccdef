// State that survives: what is written, how it is loaded, and how many durable messages there are in a second.
import fs from 'node:fs'
import path from 'node:path'
import { memoryStore, sqliteStore, type Store, threads } from 'node-mls'
import type { ResultRow, Unit } from '../results'
import type { Progress } from '../world'
import { countedStore } from './counted-store'
import { GROUPS, measureDurable, measureSync } from './durable'
import { type Load, measureLoad, measureManyGroups } from './opening'
import { storeAt, withPostgres } from './places'
import { type Write, measureWrites } from './small-writes'
import { makeWarmGroup } from './warm-group'

/** Milliseconds to load a group; its peak over its final memory; milliseconds that the loop may be held up meanwhile. */
const LOAD = 500
const PEAK = 2
const LONGEST = 10
/** Groups of a client, and milliseconds to open it. */
const STORED = 100_000
const OPEN = 1000

export interface StateSetting {
  readonly suite: number
  /** Sizes of the group that is written and loaded. */
  readonly sizes: readonly number[]
  readonly fillers: (count: number) => Promise<Uint8Array[]>
  readonly tell: Progress
  /** What the names of rows of loop delays end with. */
  readonly delay: string
}

export interface StateResults {
  readonly rows: readonly ResultRow[]
  /** What was left out and why, and by which tags a target was missed. */
  readonly notes: readonly string[]
}

/** measureState measures all of it. */
export const measureState = (setting: StateSetting): Promise<StateResults> =>
  inFolder(async (folder, notes) => {
    // Large groups last: what they leave on the heap is not of the other figures.
    const others = [...(await manyGroups(folder, setting, notes)), ...(await durable(folder, setting, notes))]
    const rows: ResultRow[] = []
    for (const n of setting.sizes) rows.push(...(await largeGroup(n, folder, setting, notes)))
    return [...rows, ...others]
  })

/** measureOpening measures how long a client with very many groups opens, and nothing else. */
export const measureOpening = (setting: StateSetting): Promise<StateResults> => inFolder((folder, notes) => manyGroups(folder, setting, notes))

/** inFolder uses a folder below build/, on the disk of the checkout: a temporary folder may be memory. */
async function inFolder(work: (folder: string, notes: string[]) => Promise<ResultRow[]>): Promise<StateResults> {
  fs.mkdirSync('build', { recursive: true })
  const folder = fs.mkdtempSync(path.join('build', 'bench-state-'))
  const notes: string[] = []
  try {
    return { rows: await work(folder, notes), notes }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function manyGroups(folder: string, { suite, tell }: StateSetting, notes: string[]): Promise<ResultRow[]> {
  tell(`${STORED} groups`)
  const openedAt = async (kind: string, place: string): Promise<ResultRow> =>
    row(`open a client of n groups, ${kind}`, STORED, await measureManyGroups(place, suite, STORED), 'ms', OPEN)
  const sqlite = await openedAt('SQLite', path.join(folder, 'many.db'))
  const postgres = await withPostgres(notes, (url) => openedAt('PostgreSQL', url))
  return postgres ? [sqlite, postgres] : [sqlite]
}

function row(name: string, n: number, value: number, unit: Unit, target: number | null): ResultRow {
  const ok = target === null ? null : value <= target
  return { row: name, n, threads: threads(), floor: null, value, unit, ratio: null, target, ok, peers: {} }
}

async function largeGroup(n: number, folder: string, { suite, fillers, tell, delay }: StateSetting, notes: string[]): Promise<ResultRow[]> {
  const file = path.join(folder, `alice-${n}.db`)
  const sqlite = sqliteStore(file)
  const counted = { alice: countedStore(sqlite), bob: countedStore(memoryStore()) }
  const stores = { alice: counted.alice.store, bob: counted.bob.store }
  const warm = await makeWarmGroup(n, suite, stores, fillers, (what) => tell(`state, ${n} members: ${what}`))
  tell(`state, ${n} members: writes`)
  const writes = await measureWrites(warm, counted)
  await Promise.all([warm.alice.client.close(), warm.bob.client.close()])
  await sqlite.close()
  tell(`state, ${n} members: loads`)
  const load = measureLoad(file, suite, warm.alice.group.id, n)
  fs.rmSync(file)
  notes.push(`writes, ${n} members: warm by the commits of ${warm.warmers} others along the writer's way, and her own`)
  const rows = [...writes.flatMap((write) => writeRows(n, warm.warmers, write)), ...loadRows(n, load, delay)]
  for (const { step, tags } of writes) {
    if (rows.some((one) => one.ok === false && one.row.startsWith(step))) notes.push(`${step}, ${n} members, writes ${tags}`)
  }
  return rows
}

function writeRows(n: number, warmers: number, { step, rows, bytes, targets }: Write): ResultRow[] {
  const how = { warmers }
  return [
    { ...row(`${step}: rows written`, n, rows, 'rows', targets.rows), ...how },
    { ...row(`${step}: bytes written`, n, bytes, 'B', targets.bytes), ...how },
  ]
}

const loadRows = (n: number, load: Load, delay: string): ResultRow[] => [
  row('load a group, SQLite', n, load.milliseconds, 'ms', LOAD),
  row('load a group, SQLite: peak over final memory', n, load.peak, '×', PEAK),
  row('load a group, SQLite: final memory', n, load.final / (1 << 20), 'MiB', null),
  row(`load a group, SQLite${delay}`, n, load.longestDelay, 'ms', LONGEST),
]

async function durable(folder: string, { suite, tell }: StateSetting, notes: string[]): Promise<ResultRow[]> {
  tell('durable messages, SQLite')
  const sync = row('4 KiB written and synced, the disk alone', 0, await measureSync(path.join(folder, 'page')), 'ms', null)
  const rows = [sync, ...(await durableRows('SQLite', suite, (name) => sqliteStore(path.join(folder, `${name}.db`))))]
  tell('durable messages, PostgreSQL')
  const postgres = await withPostgres(notes, (url) => durableRows('PostgreSQL', suite, (schema) => storeAt(url, schema)))
  return [...rows, ...postgres ?? []]
}

async function durableRows(kind: string, suite: number, storeOf: (name: string) => Store): Promise<ResultRow[]> {
  const stores = { alice: storeOf('alice'), bob: storeOf('bob') }
  const { oneGroup, manyGroups } = await measureDurable(suite, stores)
  await Promise.all([stores.alice.close(), stores.bob.close()])
  return [
    row(`send 1 KiB, ${kind}, n groups`, 1, oneGroup.sent, 'per s', null),
    row(`send 1 KiB, ${kind}, n groups`, GROUPS, manyGroups.sent, 'per s', null),
    row(`receive 1 KiB, ${kind}, n groups`, 1, oneGroup.received, 'per s', null),
    row(`receive 1 KiB, ${kind}, n groups`, GROUPS, manyGroups.received, 'per s', null),
  ]
}
