// Many processes of one client that do anything at once: what they lose to each other they do again or are told, and in the end
// all of them have the same groups, epochs and key packages.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { World } from './support/mixed-world'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

async function live(store: string): Promise<void> {
  const world = await World.make(store)
  await world.live()
  await world.end()
  process.stdout.write(`${JSON.stringify(world.counts)}\n`)
}

test('on one SQLite file all agree in the end, whatever they lost to each other', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-mixed-'))
  await live(path.join(folder, 'alice.db'))
  fs.rmSync(folder, { recursive: true })
}, 1_800_000)

test('on PostgreSQL, too', async () => {
  const server = await startPostgres()
  try {
    await live(`${server.url}#mixed`)
  } finally {
    await server.stop()
  }
}, 1_800_000)
