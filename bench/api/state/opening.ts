// Opening: a client with very many groups, and a large group, each in processes of their own.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { packBatch } from 'node-mls'
import { median } from '../measure'
import type { Opened } from './opening-child'
import { storeAt } from './places'
import { open } from './warm-group'

const RUNS = 3
/** Tag of a group in the client's scope, and the status `active` (docs/store-format.md). */
const GROUP_TAG = 0x82
const ACTIVE = 1

const openAnew = (place: string, identity: string, suite: number, groupId: readonly string[] = []): Opened => {
  const words = ['--expose-gc', path.join(__dirname, 'opening-child.js'), place, identity, String(suite), ...groupId]
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Opened
}

/** measureManyGroups gives the milliseconds, a median, in which a client of `count` groups opens that is stored at `place`. */
export async function measureManyGroups(place: string, suite: number, count: number): Promise<number> {
  const store = storeAt(place)
  await (await open('many', suite, store)).close()
  const scopes: Uint8Array[] = []
  for await (const scope of store.list(Uint8Array.of(1))) scopes.push(scope)
  const [scope] = scopes
  if (scope === undefined) throw new Error('a client has a scope')
  const entries = Array.from({ length: count }, () => {
    const [handle, groupId] = [randomBytes(16), randomBytes(16)]
    return { kind: 'put', key: Buffer.concat([Uint8Array.of(GROUP_TAG), handle]), value: Buffer.concat([Uint8Array.of(ACTIVE), groupId]) } as const
  })
  await store.commit({ id: randomBytes(16), parts: [{ scope, expect: {}, advance: [], changes: [packBatch(entries)] }] })
  await store.close()
  const runs = Array.from({ length: RUNS }, () => openAnew(place, 'many', suite))
  if (!runs.every(({ groups }) => groups === count)) throw new Error('groups are missing')
  return median(runs.map((run) => run.open))
}

export interface Load {
  readonly milliseconds: number
  readonly longestDelay: number
  /** Growth of resident memory at its peak over its final growth. */
  readonly peak: number
  /** Bytes. */
  readonly final: number
}

/** measureLoad loads alice's group of `n` from her file: the median time, and the worst of the rest. */
export function measureLoad(file: string, suite: number, groupId: Uint8Array, n: number): Load {
  const loads = Array.from({ length: RUNS }, () => openAnew(file, 'alice', suite, [Buffer.from(groupId).toString('hex')]).load)
  const all = loads.flatMap((load) => load ?? [])
  if (!all.every(({ members }) => members === n)) throw new Error('members are missing')
  return {
    milliseconds: median(all.map((load) => load.milliseconds)),
    longestDelay: Math.max(...all.map((load) => load.longestDelay)),
    peak: Math.max(...all.map((load) => load.peak / load.final)),
    final: median(all.map((load) => load.final)),
  }
}
