// A table without statistics: the planner thought that little was left of a scope, and read and sorted all of it for each page.
// What was quick with a thousand rows was quadratic with a hundred thousand.
import { randomBytes } from 'node:crypto'
import { Client as PgClient } from 'pg'
import { packBatch, postgresStore, rowChanges, type RowChange } from '../../lib'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

const rows = 20_000
const scopes = 6000

let server: Awaited<ReturnType<typeof startPostgres>>
let client: PgClient
beforeAll(async () => {
  server = await startPostgres()
  client = new PgClient(server.url)
  await client.connect()
}, 60_000)
afterAll(async () => {
  await client.end()
  await server.stop()
})

/** entriesRead gives how many entries of the indexes of a table were read so far. */
async function entriesRead(table: string): Promise<number> {
  await client.query('SELECT pg_stat_clear_snapshot()')
  const { rows: found } = await client.query(
    `SELECT sum(idx_tup_read)::int AS entries FROM pg_stat_user_indexes WHERE schemaname = 'pages' AND relname = $1`, [table])
  return (found[0] as { entries: number }).entries
}

/** settled waits until the other connections have said what they read, which they do when they are idle or end. */
async function settled(table: string): Promise<number> {
  for (let before = -1; ;) {
    const now = await entriesRead(table)
    if (now === before) return now
    before = now
    await new Promise((resolve) => setTimeout(resolve, 1500))
  }
}

test('a large scope, and the list of many, are read in the order of an index', async () => {
  const name = Uint8Array.of(2, 1)
  const puts = Array.from({ length: rows }, (_, i): RowChange =>
    ({ kind: 'put', key: Buffer.from(i.toString(16).padStart(8, '0'), 'hex'), value: randomBytes(8) }))
  const writer = postgresStore(server.url, { schema: 'pages' })
  await writer.commit({ id: randomBytes(16), parts: [{ scope: name, expect: {}, advance: [], changes: [packBatch(puts)] }] })
  const parts = Array.from({ length: scopes }, (_, i) =>
    ({ scope: Uint8Array.of(3, i >> 8, i & 255), expect: {}, advance: ['v'], changes: [] }))
  await writer.commit({ id: randomBytes(16), parts })
  await writer.close()
  const before = { rows: await settled('rows'), scopes: await settled('scopes') }

  const reader = postgresStore(server.url, { schema: 'pages' })
  let read = 0
  for await (const slice of reader.load(name)) read += [...rowChanges(slice.rows)].length
  let listed = 0
  for await (const _ of reader.list(Uint8Array.of(3))) listed += 1
  await reader.close()
  expect({ read, listed }).toEqual({ read: rows, listed: scopes })
  // A row that was updated has an entry of each of its versions.
  expect(await settled('rows') - before.rows).toBeLessThan(2 * rows)
  expect(await settled('scopes') - before.scopes).toBeLessThan(2 * scopes)
}, 120_000)
