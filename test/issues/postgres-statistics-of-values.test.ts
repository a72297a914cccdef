// ANALYZE, which autovacuum runs by itself, copied sealed values into the statistics of the planner: there they stayed, keys of
// erased epochs among them, whatever was done about the tables of the store.
import { randomBytes } from 'node:crypto'
import { Client as PgClient } from 'pg'
import { packBatch, postgresStore } from '../../lib'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

test('no value of a row is in the statistics of its table', async () => {
  const server = await startPostgres()
  const client = new PgClient(server.url)
  await client.connect()
  try {
    const store = postgresStore(server.url)
    const changes = Array.from({ length: 300 }, (_, i) => ({ kind: 'put', key: Uint8Array.of(1, i >> 8, i & 0xff), value: randomBytes(60) } as const))
    await store.commit({ id: randomBytes(16), parts: [{ scope: Uint8Array.of(1), expect: {}, advance: [], changes: [packBatch(changes)] }] })
    await client.query('ANALYZE node_mls.rows')
    const { rows } = await client.query("SELECT attname FROM pg_stats WHERE schemaname = 'node_mls' AND tablename = 'rows' ORDER BY attname")
    expect(rows.map(({ attname }: { attname: string }) => attname)).toEqual(['count', 'key', 'scope'])
    await store.close()
  } finally {
    await client.end()
    await server.stop()
  }
}, 60_000)
