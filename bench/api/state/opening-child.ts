// A process of its own that opens a client of a SQLite file or of PostgreSQL, so that nothing of the process that made it counts. With the
// id of a group it loads that too. Its last line is an Opened.
//
//     node --expose-gc opening-child.js FILE|ADDRESS IDENTITY SUITE [GROUP-ID]
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchLoop } from '../../../examples/group-server/loop-delay'
import { storeAt } from './places'
import { open } from './warm-group'

export interface Opened {
  /** Milliseconds to open store and client, and the number of its groups. */
  readonly open: number
  readonly groups: number
  readonly load: Loaded | null
}
export interface Loaded {
  readonly milliseconds: number
  readonly longestDelay: number
  readonly members: number
  /** Bytes of resident memory above those before the load: the most meanwhile, and after collecting garbage. */
  readonly peak: number
  readonly final: number
}

const [place = '', identity = '', suite = '', id] = process.argv.slice(2)

async function main(): Promise<void> {
  const start = performance.now()
  const store = storeAt(place)
  const client = await open(identity, Number(suite), store)
  const opened = performance.now() - start
  const groups = client.groups().length
  const load = id === undefined ? null : await loadGroup((groupId) => client.group(groupId), Buffer.from(id, 'hex'))
  await client.close()
  await store.close()
  console.log(JSON.stringify({ open: opened, groups, load } satisfies Opened))
}

async function loadGroup(load: (id: Uint8Array) => Promise<{ readonly memberCount: number }>, groupId: Uint8Array): Promise<Loaded> {
  const before = await settledMemory()
  const ended = watchLoop()
  await sleep(5)
  const start = performance.now()
  const group = await load(groupId)
  const milliseconds = performance.now() - start
  await sleep(5)
  const { longest } = ended()
  const peak = highestMemory()
  const final = await settledMemory()
  return { milliseconds, longestDelay: longest, members: group.memberCount, peak: peak - before, final: final - before }
}

/**
 * highestMemory gives the most that was ever resident, in bytes; what came before the load was less than a large group.
 * On Linux not by getrusage: there a child begins with the maximum of its parent.
 */
function highestMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kibibytes) * 1024
}

async function settledMemory(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await sleep(50)
  }
  return process.memoryUsage.rss()
}

void main()
