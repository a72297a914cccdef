// npm run bench: the API beside its peers on npm, in one run: time, and how long the event loop was held up.
import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { opensslVersion, threads } from 'node-mls'
import { mlsTs } from '../../test/interop/peers/mls-ts'
import { ours } from '../../test/interop/peers/ours'
import type { Peer } from '../../test/interop/peers/peer'
import { tsMls } from '../../test/interop/peers/ts-mls'
import { MEMBERS, MESSAGES, measureBusyLoop, measureIdleLoop } from './busy-loop'
import { drawChart } from './chart'
import { type Floors, lower, measureFloors } from './floors'
import { type ResultRow, type Results, describeMachine, formatResults, ratioOf, writeResults } from './results'
import { type Figures, OPERATIONS, type Operation, measureGroup } from './world'

/** The one suite that all three have. */
const SUITE = 3
const PEERS: readonly Peer[] = [ours, tsMls, mlsTs]
/** Milliseconds: what the loop may be held up while the addon is busy. */
const P99 = 2
const LONGEST = 10

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '2,10,100,1000' },
    out: { type: 'string', default: path.join('bench', 'results') },
    // The engine's bench program, which measures the floors; npm run bench builds it.
    floors: { type: 'string', default: path.join('build', 'release', 'bench', 'core_bench') },
  },
})

async function main(): Promise<void> {
  const sizes = values.members.split(',').map(Number)
  if (!sizes.every((n) => Number.isInteger(n) && n >= 2)) throw new RangeError(`--members must be sizes of groups, not "${values.members}"`)
  const loadBefore = os.loadavg()[0] ?? 0
  const fillers = fillerSource()
  for (const peer of PEERS) await measureOne(peer, 2, fillers, 'warm-up')
  const rows: ResultRow[] = []
  for (const n of sizes) {
    const figures = new Map<Peer, Figures>()
    const before = measureFloors(values.floors, n, threads())
    for (const peer of PEERS) figures.set(peer, await measureOne(peer, n, fillers, `${n} members`))
    const floors = lower(before, measureFloors(values.floors, n, threads()))
    for (const operation of OPERATIONS) rows.push(...rowsOf(operation, n, figures, floors))
  }
  rows.push(...(await busyRows(fillers)))
  const machine = describeMachine(opensslVersion, loadBefore)
  await report({ machine, suite: SUITE, rows })
}

/** fillerSource gives key packages of members who never join; each is made once. */
function fillerSource(): (count: number) => Promise<Uint8Array[]> {
  const made: Uint8Array[] = []
  return async (count) => {
    while (made.length < count) {
      const member = await ours.member(`filler-${made.length}`, SUITE)
      made.push(await member.makeKeyPackage())
      await member.close()
    }
    return made.slice(0, count)
  }
}

function measureOne(peer: Peer, n: number, fillers: (count: number) => Promise<Uint8Array[]>, what: string): Promise<Figures> {
  const tell = (part: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}, ${peer.name}: ${part}`)
  }
  // mls-ts cannot add many at once; in its groups we do that.
  const founder = peer === mlsTs && n > 2 ? ours : null
  return measureGroup(peer, founder, SUITE, n, fillers, tell)
}

/** What the rows of delays end with. */
const DELAY = ': longest loop delay'

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
  const { p99, longest } = await measureBusyLoop(SUITE, await fillers(MEMBERS))
  const row = (name: string, n: number, value: number, target: number | null): ResultRow => {
    const ok = target === null ? null : value < target
    return { row: `${name}${DELAY}`, n, threads: threads(), floor: null, value, unit: 'ms', ratio: null, target, ok, peers: {} }
  }
  const idle = await measureIdleLoop()
  const busy = `${MEMBERS} added, ${MESSAGES} messages received`
  return [
    row(`${busy}, p99`, MEMBERS, p99, P99),
    row(busy, MEMBERS, longest, LONGEST),
    row('nothing at all, p99', 0, idle.p99, null),
    row('nothing at all', 0, idle.longest, null),
  ]
}

async function report(results: Results): Promise<void> {
  const names = PEERS.filter((peer) => peer !== ours).map(({ name }) => name)
  const isDelay = ({ row }: ResultRow): boolean => row.endsWith(DELAY)
  const times = results.rows.filter((row) => !isDelay(row))
  const delays = results.rows.filter(isDelay).map((row) => ({ ...row, row: row.row.slice(0, -DELAY.length) }))
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  console.log(`\n${results.machine.cpu}, ${results.machine.cores} cores, Node ${results.machine.node}, suite ${SUITE}\n`)
  console.log(`Time\n\n${formatResults(times, names)}\n`)
  console.log(`How long the event loop was held up at most\n\n${formatResults(delays, names)}\n`)
  const json = path.join(values.out, 'latest.json')
  const svg = path.join(values.out, 'latest.svg')
  await writeResults(json, results)
  await writeFile(svg, drawChart(times, [ours.name, ...names]))
  console.log(`${json}, ${svg}`)
}

void main()
