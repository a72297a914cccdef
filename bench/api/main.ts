// npm run bench: the API beside its peers on npm, in one run: time, and how long the event loop was held up; then state,
// which no peer on npm keeps: what is written, loading, durable messages.
import { mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { opensslVersion, threads } from 'node-mls'
import type { LoopDelay } from '../../examples/group-server/loop-delay'
import { mlsTs } from '../../test/interop/peers/mls-ts'
import { ours } from '../../test/interop/peers/ours'
import type { Peer } from '../../test/interop/peers/peer'
import { tsMls } from '../../test/interop/peers/ts-mls'
import { MEMBERS, MESSAGES, measureBesideThreads, measureBusyLoop, measureIdleLoop } from './busy-loop'
import { drawChart } from './chart'
import { type Floors, lower, measureFloors } from './floors'
import { median } from './measure'
import { DELAY, type ResultRow, type Results, describeMachine, formatResults, ratioOf, readResults, writeResults } from './results'
import { type StateResults, measureOpening, measureState } from './state/rows'
import { type Figures, OPERATIONS, type Operation, measureGroup } from './world'

/** The one suite that all three have. */
const SUITE = 3
const PEERS: readonly Peer[] = [ours, tsMls, mlsTs]
/** Milliseconds: what the loop may be held up while the addon is busy. */
const P99 = 2
const LONGEST = 10
/** How often that is measured: the worst counts. */
const BUSY_RUNS = 5
/** Key packages of fillers that are made at a time. */
const SIDE_BY_SIDE = 32
const PARTS = ['peers', 'busy', 'state', 'opening']

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '2,10,100,1000' },
    // Sizes of the group whose state is measured; one of 50,000 takes some minutes to make.
    state: { type: 'string', default: '1000,50000' },
    only: { type: 'string' },
    // Measures nothing, and draws the results that are there.
    chart: { type: 'boolean', default: false },
    // The whole goes where it is kept, a part where nothing is.
    out: { type: 'string' },
    // The engine's bench program, which measures the floors; npm run bench builds it.
    floors: { type: 'string', default: path.join('build', 'release', 'bench', 'core_bench') },
  },
})

const out = values.out ?? (values.only === undefined ? path.join('bench', 'results') : path.join('build', 'bench-part'))

async function main(): Promise<void> {
  if (values.chart) return writeChart(await readResults(path.join(out, 'latest.json')))
  const [sizes, stateSizes] = [sizesOf('members'), sizesOf('state')]
  const loadBefore = os.loadavg()[0] ?? 0
  const part = values.only ?? 'all'
  if (part !== 'all' && !PARTS.includes(part)) throw new RangeError(`--only must be one of ${PARTS.join(', ')}`)
  const fillers = fillerSource()
  const setting = { suite: SUITE, sizes: stateSizes, fillers, tell, delay: DELAY }
  const none: StateResults = { rows: [], notes: [] }
  const beside = part === 'busy' ? await busyRows(fillers) : ['all', 'peers'].includes(part) ? await peerRows(sizes, fillers) : []
  const state = part === 'opening' ? await measureOpening(setting) : ['all', 'state'].includes(part) ? await measureState(setting) : none
  await report(describeMachine(opensslVersion, loadBefore), beside, state)
}

async function peerRows(sizes: readonly number[], fillers: (count: number) => Promise<Uint8Array[]>): Promise<ResultRow[]> {
  for (const peer of PEERS) await measureOne(peer, 2, fillers, 'warm-up')
  // Before the peers have filled the heap: what they leave is collected in pauses that are not ours.
  const busy = await busyRows(fillers)
  const rows: ResultRow[] = []
  for (const n of sizes) {
    const figures = new Map<Peer, Figures>()
    const before = measureFloors(values.floors, n, threads())
    for (const peer of PEERS) figures.set(peer, await measureOne(peer, n, fillers, `${n} members`))
    const floors = lower(before, measureFloors(values.floors, n, threads()))
    for (const operation of OPERATIONS) rows.push(...rowsOf(operation, n, figures, floors))
  }
  return [...rows, ...busy]
}

/** sizesOf gives the sizes of groups that an option names. */
function sizesOf(option: 'members' | 'state'): number[] {
  const sizes = values[option].split(',').map(Number)
  if (sizes.every((n) => Number.isInteger(n) && n >= 2)) return sizes
  throw new RangeError(`--${option} must be sizes of groups, not "${values[option]}"`)
}

/** tell says what is going on, to who looks on. */
function tell(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`)
}

/** fillerSource gives key packages of members who never join; each is made once, some side by side. */
function fillerSource(): (count: number) => Promise<Uint8Array[]> {
  const made: Uint8Array[] = []
  const make = async (index: number): Promise<Uint8Array> => {
    const member = await ours.member(`filler-${index}`, SUITE)
    const keyPackage = await member.makeKeyPackage()
    await member.close()
    return keyPackage
  }
  return async (count) => {
    while (made.length < count) {
      const indices = Array.from({ length: Math.min(SIDE_BY_SIDE, count - made.length) }, (_, index) => made.length + index)
      made.push(...(await Promise.all(indices.map(make))))
    }
    return made.slice(0, count)
  }
}

function measureOne(peer: Peer, n: number, fillers: (count: number) => Promise<Uint8Array[]>, what: string): Promise<Figures> {
  // mls-ts cannot add many at once; in its groups we do that.
  const founder = peer === mlsTs && n > 2 ? ours : null
  return measureGroup(peer, founder, SUITE, n, fillers, (part) => tell(`${what}, ${peer.name}: ${part}`))
}

/** rowsOf gives two rows, time and loop delay. No cryptography has to run on the loop, so its delay has no floor. */
function rowsOf(operation: Operation, n: number, figures: ReadonlyMap<Peer, Figures>, floors: Floors): ResultRow[] {
  const of = (key: 'median' | 'longestDelay', row: string, floor: number | null): ResultRow => {
    const peers: Record<string, number> = {}
    for (const [peer, measured] of figures) {
      const figure = measured[operation]?.[key]
      if (peer !== ours && figure !== undefined) peers[peer.name] = figure
    }
    const value = figures.get(ours)?.[operation]?.[key] ?? null
    return { row, n, threads: threads(), floor, value, unit: 'ms', ratio: ratioOf(value, floor), target: null, ok: null, peers }
  }
  return [of('median', operation, floors[operation] ?? null), of('longestDelay', `${operation}${DELAY}`, null)]
}

async function busyRows(fillers: (count: number) => Promise<Uint8Array[]>): Promise<ResultRow[]> {
  const keyPackages = await fillers(MEMBERS)
  const busy = await several(() => measureBusyLoop(SUITE, keyPackages))
  const beside = await several(() => measureBesideThreads(threads()))
  const row = (name: string, n: number, value: number, target: number | null): ResultRow => {
    const ok = target === null ? null : value < target
    return { row: `${name}${DELAY}`, n, threads: threads(), floor: null, value, unit: 'ms', ratio: null, target, ok, peers: {} }
  }
  const idle = await measureIdleLoop()
  const what = `${MEMBERS} added, ${MESSAGES} messages received`
  const control = `${threads()} threads that only count`
  return [
    row(`${what}, p99`, MEMBERS, Math.max(...busy.map(({ p99 }) => p99)), P99),
    row(what, MEMBERS, Math.max(...busy.map(({ longest }) => longest)), LONGEST),
    row(`${what}, median of ${BUSY_RUNS}`, MEMBERS, median(busy.map(({ longest }) => longest)), null),
    row(control, 0, Math.max(...beside.map(({ longest }) => longest)), null),
    row(`${control}, median of ${BUSY_RUNS}`, 0, median(beside.map(({ longest }) => longest)), null),
    row('nothing at all, p99', 0, idle.p99, null),
    row('nothing at all', 0, idle.longest, null),
  ]
}

/** several measures one after the other. */
async function several(measure: () => Promise<LoopDelay>): Promise<readonly LoopDelay[]> {
  const delays: LoopDelay[] = []
  while (delays.length < BUSY_RUNS) delays.push(await measure())
  return delays
}

async function report(machine: Results['machine'], beside: readonly ResultRow[], state: StateResults): Promise<void> {
  const names = PEERS.filter((peer) => peer !== ours).map(({ name }) => name)
  const rows = [...beside, ...state.rows]
  const isDelay = ({ row }: ResultRow): boolean => row.endsWith(DELAY)
  const times = beside.filter((row) => !isDelay(row))
  const stored = state.rows.filter((row) => !isDelay(row))
  const delays = rows.filter(isDelay).map((row) => ({ ...row, row: row.row.slice(0, -DELAY.length) }))
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  console.log(`\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, suite ${SUITE}\n`)
  if (times.length > 0) console.log(`Time\n\n${formatResults(times, names)}\n`)
  console.log(`How long the event loop was held up at most\n\n${formatResults(delays, names)}\n`)
  if (stored.length > 0) console.log(`State; n is members, or groups where the row says so\n\n${formatResults(stored, [], 'n')}\n`)
  for (const note of state.notes) console.log(`${note}\n`)
  const results = { machine, suite: SUITE, rows }
  const json = path.join(out, 'latest.json')
  await mkdir(out, { recursive: true })
  await writeResults(json, results)
  console.log(json)
  await writeChart(results)
}

/** writeChart draws all rows of the tables. */
async function writeChart({ machine, suite, rows }: Results): Promise<void> {
  const svg = path.join(out, 'latest.svg')
  const caption = `${machine.date.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, suite ${suite}`
  await writeFile(svg, drawChart(rows, PEERS.map(({ name }) => name), caption))
  console.log(svg)
}

void main()
