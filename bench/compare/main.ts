// npm run bench:compare: the figures of the README's table. How long each implementation holds up the event loop in one group,
// and how large its package is as it was installed. Only what is installed here is measured.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Row, formatTable } from '../../examples/group-server/table'
import { ours } from '../../test/interop/peers/ours'
import type { Peer } from '../../test/interop/peers/peer'
import { tsMls } from '../../test/interop/peers/ts-mls'
import { measureIdleLoop } from '../api/busy-loop'
import { type Figures, measureGroup } from '../api/world'

/** The suite that every implementation of RFC 9420 has. */
const SUITE = 1
const SHOWN = ['add all in one commit', 'join', 'add one member', 'process: one was added'] as const
/** Peers of the table that are no devDependencies, and why there is nothing to measure without them. */
const OTHERS = [
  { name: '@wireapp/core-crypto', note: 'npm install --no-save @wireapp/core-crypto; there is no measurement for it yet' },
  { name: '@snazzah/davey', note: 'npm install --no-save @snazzah/davey; it works with Discord\'s voice gateway only' },
]

const { values } = parseArgs({ options: { members: { type: 'string', default: '1000' } } })

async function main(): Promise<void> {
  const members = Number(values.members)
  if (!Number.isInteger(members) || members < 2) throw new RangeError(`--members must be a size of a group, not "${values.members}"`)
  const load = (os.loadavg()[0] ?? 0).toFixed(1)
  console.log(`${members} members, suite ${SUITE}, ${os.cpus()[0]?.model}, ${os.cpus().length} cores, Node ${process.version}, load ${load}\n`)
  const fillers = await makeFillers(members)
  const peers: readonly Peer[] = [ours, tsMls]
  const figures: Figures[] = []
  for (const peer of peers) figures.push(await measureGroup(peer, null, SUITE, members, async (count) => fillers.slice(0, count), () => {}))
  const idle = await measureIdleLoop()
  const rows = SHOWN.map((operation): Row => [operation, ...figures.map((one) => milliseconds(one[operation]?.longestDelay))])
  const names = peers.map(({ name }) => name)
  console.log(`Longest event-loop delay, ms\n\n${formatTable(['', ...names], [...rows, ['nothing at all', milliseconds(idle.longest), '']])}\n`)
  const times = SHOWN.map((operation): Row => [operation, ...figures.map((one) => milliseconds(one[operation]?.median))])
  console.log(`Time, ms\n\n${formatTable(['', ...names], times)}\n`)
  console.log(`ts-mls ${versionOf('ts-mls')}, installed with what it needs: ${megabytes(sizeOf('ts-mls', new Set()))} MB`)
  for (const { name, note } of OTHERS) console.log(`${name}: not measured here (${isInstalled(name) ? 'installed' : note})`)
}

/** makeFillers makes the key packages of members who never join. */
async function makeFillers(count: number): Promise<Uint8Array[]> {
  const made: Uint8Array[] = []
  while (made.length < count) {
    const member = await ours.member(`filler-${made.length}`, SUITE)
    made.push(await member.makeKeyPackage())
    await member.close()
  }
  return made
}

const milliseconds = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(1))
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

const requireHere = createRequire(path.join(process.cwd(), 'package.json'))
const folderOf = (name: string): string => path.join(process.cwd(), 'node_modules', name)
const isInstalled = (name: string): boolean => fs.existsSync(folderOf(name))
const manifestOf = (name: string): { version: string; dependencies?: Record<string, string> } =>
  requireHere(path.join(folderOf(name), 'package.json')) as { version: string; dependencies?: Record<string, string> }
const versionOf = (name: string): string => manifestOf(name).version

/** sizeOf gives the bytes of a package and of what it depends on. */
function sizeOf(name: string, seen: Set<string>): number {
  if (seen.has(name) || !isInstalled(name)) return 0
  seen.add(name)
  const files = fs.readdirSync(folderOf(name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const own = files.reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0)
  return Object.keys(manifestOf(name).dependencies ?? {}).reduce((sum, one) => sum + sizeOf(one, seen), own)
}

void main()
