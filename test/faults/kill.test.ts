// Killed at any moment: what was acknowledged is there, nothing is there by half.
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client as PgClient } from 'pg'
import { packBatch, postgresStore, rowChanges, sqliteStore, type Store } from '../../lib'
import type { Place } from './support/place.cjs'
import { patience, times } from './support/counts'
import { startChild } from './support/processes'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')
const { atomOf, check } = require('./support/ledger.cjs') as typeof import('./support/ledger.cjs')

const batches = { packBatch, rowChanges }
const ledgers = 4
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-kill-'))
let server: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(async () => {
  await server?.stop()
  fs.rmSync(folder, { recursive: true })
})

/** idle waits until the server has done what it was still asked for by a process that is gone. */
async function idle(): Promise<void> {
  const client = new PgClient(server.url)
  await client.connect()
  const others = `SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
  while ((await client.query(others)).rowCount !== 0) await delay(2)
  await client.end()
}

/**
 * killOften kills a writer `times` times, and looks at the store after each, once `ended` says that nobody is at it. It
 * gives how many atoms there are.
 */
async function killOften(place: Place, open: () => Store, times: number, ended = async (): Promise<void> => {}): Promise<number> {
  const stored = new Array<number>(ledgers).fill(0)
  for (let kill = 0; kill < times; kill += 1) {
    const child = startChild('write', { place, ledgers })
    await child.spoke
    await delay(randomInt(40))
    child.process.kill('SIGKILL')
    expect(await child.ended).toBe(null)
    await ended()
    const acknowledged = [...stored]
    for (const line of child.lines) {
      const [ledger = 0, count = 0] = line.split(' ').map(Number)
      acknowledged[ledger] = count
    }
    const store = open()
    for (let ledger = 0; ledger < ledgers; ledger += 1) {
      const count = await check(batches, store, ledger)
      const least = acknowledged[ledger] ?? 0
      expect([least, least + 1]).toContain(count)
      stored[ledger] = count
    }
    await store.close()
  }
  return stored.reduce((sum, count) => sum + count, 0)
}

test('a process with a SQLite store', async () => {
  const file = path.join(folder, 'kill.db')
  const count = await killOften({ kind: 'sqlite', file }, () => sqliteStore(file), times(40, 1000))
  expect(count).toBeGreaterThan(20)
}, patience(600_000))

test('a process with a PostgreSQL store', async () => {
  const options = { schema: 'killed' }
  const count = await killOften({ kind: 'postgres', url: server.url, options }, () => postgresStore(server.url, options), times(20, 300), idle)
  expect(count).toBeGreaterThan(10)
}, patience(600_000))

test('the server: it recovers, and calls that were under way come to an end that is true', async () => {
  const options = { schema: 'crashed', retryTimeout: 20_000 }
  const store = postgresStore(server.url, options)
  let ending = false
  const writing = Array.from({ length: ledgers }, async (_, ledger) => {
    let n = 0
    for (; !ending; n += 1) await store.commit(atomOf(batches, ledger, n))
    return n
  })
  for (let crash = 0; crash < times(5, 50); crash += 1) {
    await delay(100 + randomInt(300))
    const client = new PgClient(server.url)
    client.on('error', () => {})
    await client.connect()
    const text = `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1`
    const { rows: [backend] } = await client.query<{ pid: number }>(text)
    // The server takes this as damage to its memory: it ends every connection and recovers from its log.
    if (backend) process.kill(backend.pid, 'SIGKILL')
    await client.end().catch(() => {})
    for (let up = false; !up;) {
      await delay(50)
      const probe = new PgClient(server.url)
      probe.on('error', () => {})
      up = await probe.connect().then(() => true, () => false)
      await probe.end().catch(() => {})
    }
  }
  ending = true
  const counts = await Promise.all(writing)
  for (const [ledger, count] of counts.entries()) expect(await check(batches, store, ledger)).toBe(count)
  await store.close()
}, patience(600_000))
