// npm run bench: the API beside its peers on npm, in one run: time, and how long the event loop was held up.
import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { mlsTs } from '../../test/interop/peers/mls-ts'
import type { Peer } from '../../test/interop/peers/peer'
import { tsMls } from '../../test/interop/peers/ts-mls'
import { drawChart } from './chart'
import { type ResultRow, type Results, describeMachine, formatResults, writeResults } from './results'
import { type Figures, OPERATIONS, measureGroup } from './world'

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '2,10,100,1000' },
    out: { type: 'string', default: path.join('bench', 'results') },
  },
})

async function main(): Promise<void> {
  const cache: Uint8Array[] = []
  const fillers = async (count: number) => {
    while (cache.length < count) cache.push(await (await tsMls.member(`filler-${cache.length}`, 3)).makeKeyPackage())
    return cache.slice(0, count)
  }
  for (const n of values.members.split(',').map(Number)) {
    for (const [peer, founder] of [[tsMls, null], [mlsTs, n > 2 ? tsMls : null]] as const) {
    const f = await measureGroup(peer, founder, 3, n, fillers, (w) => console.error(n, peer.name, w))
    console.log(n, peer.name, f)
    }
  }
}
void main()
