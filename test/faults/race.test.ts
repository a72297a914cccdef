// Many processes on one scope: exactly one wins each version.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { postgresStore, rowChanges, sqliteStore, type Store } from '../../lib'
import type { Place } from './support/place.cjs'
import { patience, times } from './support/counts'
import { startChild } from './support/processes'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

const processes = 16
const wins = times(10, 200)

async function race(place: Place, store: Store): Promise<void> {
  const children = Array.from({ length: processes }, (_, i) => startChild('race', { place, name: `p${i}`, wins }))
  for (const child of children) expect(await child.ended).toBe(0)
  const winners: string[] = []
  let version = 0n
  for await (const { rows, versions } of store.load(Uint8Array.of(9))) {
    version = versions.epoch ?? 0n
    for (const change of rowChanges(rows)) if (change.kind === 'put') winners.push(Buffer.from(change.value).toString())
  }
  await store.close()
  expect(version).toBe(BigInt(processes * wins))
  expect(winners).toHaveLength(processes * wins)
  for (let i = 0; i < processes; i += 1) expect(winners.filter((name) => name === `p${i}`)).toHaveLength(wins)
}

test('of one SQLite file', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-race-'))
  const file = path.join(folder, 'race.db')
  const options = { busyTimeout: 60_000 }
  await race({ kind: 'sqlite', file, options }, sqliteStore(file, options))
  fs.rmSync(folder, { recursive: true })
}, patience(600_000))

test('of one PostgreSQL schema', async () => {
  const server = await startPostgres()
  try {
    await race({ kind: 'postgres', url: server.url }, postgresStore(server.url))
  } finally {
    await server.stop()
  }
}, patience(600_000))
