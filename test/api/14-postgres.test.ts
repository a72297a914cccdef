// The PostgreSQL store, on a real server.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Client as PgClient, Pool, type PoolConfig } from 'pg'
import { packBatch, postgresStore, rowChanges, type Atom, type PostgresOptions, type Store } from '../../lib'
import { toHex } from '../../lib/bytes'
import { storeContract } from '../../lib/stores/contract'
import { version as latest } from '../../lib/stores/postgres-schema'
import { addTo, agree, fails, open } from './support/people'

// A script of the project, which has no declarations.
const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

let server: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server?.stop())

const stores: Store[] = []
let schemas = 0
const newSchema = (): string => `store${schemas += 1}`
function openStore(options: PostgresOptions = { schema: newSchema() }): Store {
  const store = postgresStore(server.url, options)
  stores.push(store)
  return store
}
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})
async function sql(text: string): Promise<Record<string, unknown>[]> {
  const client = new PgClient(server.url)
  await client.connect()
  try {
    return (await client.query(text)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

/** everything gives all rows of all tables of a schema, and what else is in it. */
async function everything(schema: string): Promise<unknown> {
  const tables = await sql(`SELECT relname, relkind, relnatts FROM pg_class WHERE relnamespace = '${schema}'::regnamespace ORDER BY relname`)
  const functions = await sql(`SELECT proname, prosrc FROM pg_proc WHERE pronamespace = '${schema}'::regnamespace ORDER BY proname`)
  const rows: unknown[] = []
  for (const { relname, relkind } of tables) if (relkind === 'r') rows.push(relname, await sql(`SELECT xmin, t.* FROM ${schema}.${String(relname)} t ORDER BY t`))
  return { tables, functions, rows }
}

const scope = Uint8Array.of(2, 1)
const atomOf = (key: number, value: Uint8Array, expect: Atom['parts'][number]['expect'] = {}): Atom => ({
  id: new Uint8Array(randomBytes(16)),
  parts: [{ scope, expect, advance: ['epoch'], changes: [packBatch([{ kind: 'put', key: Uint8Array.of(key), value }])] }],
})
async function keysOf(store: Store): Promise<number[]> {
  const keys: number[] = []
  for await (const { rows } of store.load(scope)) for (const { key } of rowChanges(rows)) keys.push(key[0] ?? -1)
  return keys
}
/** like matches an error by its words. */
const like = (words: RegExp): Error => expect.objectContaining({ message: expect.stringMatching(words) as string }) as Error

describe('postgresStore keeps the contract:', () => {
  for (const { name, run } of storeContract(async () => openStore())) test(name, run)
})

test('groups are there again, and two processes see each other\'s commits', async () => {
  const schema = newSchema()
  const bob = await open('bob')
  const alice = await open('alice', { store: openStore({ schema }) })
  const first = await alice.createGroup()
  const bobs = await addTo(first, bob)
  const again = await open('alice', { store: openStore({ schema }) })
  const second = await again.group(bobs.id)
  agree(second, bobs)
  const commit = await second.commit()
  await commit.accepted()
  await bobs.receive(commit.message)
  await bobs.receive(await second.send('x'))
  agree(second, bobs)
})

test('many stores that are opened at once make one schema', async () => {
  const schema = newSchema()
  const all = Array.from({ length: 8 }, () => openStore({ schema }))
  await Promise.all(all.map((store, i) => store.commit(atomOf(i, Uint8Array.of(i)))))
  for (const store of all) expect(await keysOf(store)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('a pool of the caller stays open', async () => {
  const pool = new Pool({ connectionString: server.url, max: 2 })
  const store = postgresStore(pool, { schema: newSchema() })
  await Promise.all(Array.from({ length: 50 }, (_, i) => store.commit(atomOf(i, Uint8Array.of(i)))))
  await store.close()
  await fails(store.commit(atomOf(1, Uint8Array.of(1))), 'CLOSED')
  await fails(keysOf(store), 'CLOSED')
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await pool.end()
})

test('a connection in the middle of things is lent again as it was', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 })
  const store = postgresStore(pool, { schema: newSchema() })
  await store.commit({ ...atomOf(1, new Uint8Array(3 << 20)), parts: [0, 1].flatMap((i) =>
    atomOf(i, new Uint8Array(3 << 20)).parts.map((part) => ({ ...part, scope: Uint8Array.of(i) }))) })
  for await (const slice of store.load(Uint8Array.of(1))) {
    expect(slice.rows.length).toBeGreaterThan(0)
    break
  }
  await expect((async () => {
    for await (const slice of store.load(Uint8Array.of(1))) throw new Error(`of ${slice.rows.length} bytes`)
  })()).rejects.toThrow(/^of/)
  await store.commit(atomOf(2, Uint8Array.of(2)))
  expect((await pool.query('SELECT pg_current_xact_id_if_assigned() AS id')).rows).toEqual([{ id: null }])
  await store.close()
  await pool.end()
})

test('a session that does not wait for the disk waits for atoms', async () => {
  const pool = new Pool({ connectionString: server.url, options: '-c synchronous_commit=off', max: 1 })
  const store = postgresStore(pool, { schema: newSchema() })
  await store.commit(atomOf(1, Uint8Array.of(1)))
  for (let i = 0; i < 5; i += 1) {
    const [before] = await sql('SELECT pg_current_wal_insert_lsn() AS lsn')
    await store.commit(atomOf(1, Uint8Array.of(i)))
    const [after] = await sql(`SELECT pg_current_wal_flush_lsn() > '${String(before?.lsn)}' AS flushed`)
    expect(after).toEqual({ flushed: true })
  }
  expect((await pool.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }])
  await store.close()
  await pool.end()
})

test('a schema of a later version, one of another program and a damaged one are left alone, to the last row', async () => {
  const [later, foreign, damaged] = [newSchema(), newSchema(), newSchema()]
  for (const schema of [later, damaged]) {
    const alice = await open('alice', { store: openStore({ schema }) })
    await alice.createGroup()
    await alice.close()
  }
  await sql(`UPDATE ${later}.store SET version = ${latest + 1}; CREATE SCHEMA ${foreign}; CREATE TABLE ${foreign}.rows (a int);
    INSERT INTO ${foreign}.rows VALUES (1); DROP TABLE ${damaged}.versions`)
  const refused = async (schema: string, code: string, words: RegExp): Promise<void> => {
    const before = await everything(schema)
    const store = openStore({ schema })
    const calls = [() => store.commit(atomOf(2, Uint8Array.of(2))), () => keysOf(store), () => store.delete(scope), () => open('alice', { store })]
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ name: 'MlsError', code, fault: 'storage', cause: like(words) })
    }
    expect(await everything(schema)).toEqual(before)
  }
  await refused(later, 'STORAGE_VERSION', new RegExp(`version ${latest + 1} and this node-mls reads up to ${latest}: update node-mls`))
  await refused(foreign, 'STORAGE_DAMAGED', /another program: give the store a schema of its own/)
  await refused(damaged, 'STORAGE_DAMAGED', /versions.* is damaged: restore it from a copy/)
})

test('a key that is not the client\'s leaves every row as it was', async () => {
  const schema = newSchema()
  const encryptionKey = randomBytes(32)
  const alice = await open('alice', { store: openStore({ schema }), encryptionKey })
  const { id } = await alice.createGroup()
  await alice.close()
  const before = await everything(schema)
  for (const wrong of [{ encryptionKey: randomBytes(32) }, {}, { encryptionKey: { wrap: (key: Uint8Array) => key, unwrap: (key: Uint8Array) => key } }]) {
    await expect(open('alice', { store: openStore({ schema }), ...wrong })).rejects.toMatchObject({ code: 'WRONG_ENCRYPTION_KEY', fault: 'storage', cause: expect.any(Error) as Error })
    expect(await everything(schema)).toEqual(before)
  }
  await (await (await open('alice', { store: openStore({ schema }), encryptionKey })).group(id)).send('x')
})

/** SchemaFixture: as make-postgres.cjs writes it. */
interface SchemaFixture {
  readonly identity: string
  readonly encryptionKey: string
  readonly groupId: string
  readonly epochAuthenticator: string
  readonly sql: readonly string[]
}

test.each(Array.from({ length: latest }, (_, i) => i + 1))('a schema of version %i is read and written', async (version) => {
  const fixture = JSON.parse(fs.readFileSync(path.join(__dirname, 'fixtures', `postgres-${version}.json`), 'utf8')) as SchemaFixture
  await sql(fixture.sql.join('\n'))
  try {
    expect(await sql('SELECT version FROM node_mls.store')).toEqual([{ version }])
    const encryptionKey = Buffer.from(fixture.encryptionKey, 'hex')
    const alice = await open(fixture.identity, { store: openStore({}), encryptionKey })
    const group = await alice.group(Buffer.from(fixture.groupId, 'hex'))
    expect(toHex(group.epochAuthenticator)).toBe(fixture.epochAuthenticator)
    expect(alice.keyPackages.list()).toHaveLength(1)
    await group.send('x')
    await (await group.commit({ psk: ['paper'] })).accepted()
    const bobs = await addTo(group, await open('bob'))
    await bobs.receive(await group.send('y'))
    await alice.close()
    const again = await (await open(fixture.identity, { store: openStore({}), encryptionKey })).group(group.id)
    agree(again, bobs)
  } finally {
    await sql('DROP SCHEMA node_mls CASCADE')
  }
})

test('what is no pool, no schema', () => {
  for (const pool of [undefined, 1, null]) expect(() => postgresStore(pool as unknown as string)).toThrow(TypeError)
  for (const schema of ['', 'a"b', 'a.b', 'x'.repeat(64), '1a']) expect(() => postgresStore('x', { schema })).toThrow(RangeError)
  for (const retryTimeout of [-1, 300_001]) expect(() => postgresStore('x', { retryTimeout })).toThrow(RangeError)
  for (const queryTimeout of [99, 240_001]) expect(() => postgresStore('x', { queryTimeout })).toThrow(RangeError)
  expect(() => postgresStore('x', { scheme: 'a' } as object)).toThrow(TypeError)
})

test('a server that is not there is an error after some tries', async () => {
  const store = postgresStore({ host: '/nowhere', user: 'x' }, { retryTimeout: 500 })
  await expect(store.commit(atomOf(1, Uint8Array.of(1)))).rejects.toMatchObject({ code: 'STORE_FAILED', cause: like(/nowhere/) })
  await store.close()
})

test('a call that took long and lost its answer is looked up, too', async () => {
  const schema = newSchema()
  const store = openStore({ schema, retryTimeout: 300 })
  await store.commit(atomOf(1, Uint8Array.of(1)))
  const other = new PgClient(server.url)
  await other.connect()
  await other.query(`BEGIN; SELECT FROM ${schema}.scopes FOR UPDATE`)
  const atom = atomOf(2, Uint8Array.of(2))
  const committing = store.commit(atom)
  await new Promise((resolve) => setTimeout(resolve, 600))
  const [waiting] = (await other.query(`SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}%apply%'`)).rows as
    { pid: number }[]
  await other.query(`SELECT pg_terminate_backend(${waiting?.pid})`)
  await other.query('COMMIT')
  await other.end()
  await committing
  expect(await keysOf(store)).toEqual([1, 2])
})

test('a server that is starting up is not asked for each atom by itself', async () => {
  let calls = 0
  const starting = Object.assign(new Error('the database system is starting up'), { code: '57P03', severity: 'FATAL' })
  const pool = { connect: async () => {
    calls += 1
    throw starting
  } }
  const store = postgresStore(pool, { retryTimeout: 400 })
  const start = performance.now()
  const settled = await Promise.allSettled(Array.from({ length: 100 }, (_, i) =>
    store.commit({ ...atomOf(1, Uint8Array.of(1)), parts: [{ scope: Uint8Array.of(3, i), expect: {}, advance: ['epoch'], changes: [] }] })))
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true)
  expect(performance.now() - start).toBeLessThan(4000)
  expect(calls).toBeLessThan(40)
  await store.close()
})

test('a server that became the standby of another is left for it', async () => {
  const schema = newSchema()
  await openStore({ schema }).commit(atomOf(1, Uint8Array.of(1)))
  const [standby, primary] = ['on', 'off'].map((value) => new Pool({ connectionString: server.url, options: `-c default_transaction_read_only=${value}` })) as [Pool, Pool]
  let connections = 0
  const store = postgresStore({ connect: () => ((connections += 1) <= 4 ? standby.connect() : primary.connect()) }, { schema })
  const atoms = Array.from({ length: 100 }, (_, i) => ({ ...atomOf(1, Uint8Array.of(1)), parts: [{ scope: Uint8Array.of(5, i), expect: {}, advance: ['epoch'], changes: [] }] }))
  await Promise.all(atoms.map((atom) => store.commit(atom)))
  expect(connections).toBe(5)
  await store.close()
  await Promise.all([standby.end(), primary.end()])
})

test('atoms that are ready together are one call', async () => {
  const pool = new Pool({ connectionString: server.url })
  let calls = 0
  const counting = { connect: async () => {
    const client = await pool.connect()
    return { on: client.on.bind(client), removeListener: client.removeListener.bind(client), release: client.release.bind(client),
      query: async (question: string | { readonly text: string }): Promise<unknown> => {
        if (typeof question !== 'string' && question.text.includes('.apply(')) calls += 1
        return client.query(question as string)
      } }
  } }
  const store = postgresStore(counting, { schema: newSchema() })
  await store.commit(atomOf(1, Uint8Array.of(1)))
  expect(calls).toBe(1)
  await Promise.all(Array.from({ length: 100 }, (_, i) =>
    store.commit({ ...atomOf(1, Uint8Array.of(1)), parts: [{ scope: Uint8Array.of(5, i), expect: {}, advance: ['epoch'], changes: [] }] })))
  expect(calls).toBe(2)
  await store.close()
  await pool.end()
})

test('what parsers a pool of the caller has, and how its sessions write bytes, does not matter', async () => {
  const types = { getTypeParser: () => () => { throw new Error('not for us') } } as unknown as PoolConfig['types']
  const pool = new Pool({ connectionString: server.url, types, options: '-c bytea_output=escape' })
  const options = { schema: newSchema() }
  for (const store of [postgresStore(pool, options), postgresStore(pool, options)]) {
    const before = await store.commit(atomOf(1, Uint8Array.of(1, 92, 255)))
    await store.commit({ ...atomOf(2, Uint8Array.of(2)), parts: [{ scope, expect: {}, advance: ['epoch'], changes: [
      packBatch([{ kind: 'delete-prefix', key: Uint8Array.of(3) }, { kind: 'delete', key: Uint8Array.of(4) }, { kind: 'put', key: Uint8Array.of(2), value: Uint8Array.of(92) }])] }] })
    const slices: string[] = []
    for await (const { rows, whole } of store.load(scope, before[0], [Uint8Array.of(1)])) {
      for (const { kind, key } of rowChanges(rows)) slices.push(`${kind} ${key.join()}`)
      expect(whole).toBe(false)
    }
    expect(slices.sort()).toEqual(['delete 4', 'delete-prefix 1', 'delete-prefix 3', 'put 1', 'put 2'])
    expect(await keysOf(store)).toEqual([1, 2])
    const names: Uint8Array[] = []
    for await (const name of store.list(Uint8Array.of(2))) names.push(name)
    expect(names.map((name) => [...name])).toEqual([[...scope]])
    await store.delete(scope)
    await store.close()
  }
  await pool.end()
})

test('a row that PostgreSQL would take and nobody could read is refused', async () => {
  const store = openStore()
  await fails(store.commit(atomOf(1, new Uint8Array(200 * 2 ** 20 + 1))), 'TOO_LARGE')
  await store.commit(atomOf(2, Uint8Array.of(2)))
  expect(await keysOf(store)).toEqual([2])
})

test('a database whose transactions see one snapshot is as good', async () => {
  const pool = new Pool({ connectionString: server.url, options: '-c default_transaction_isolation=serializable' })
  pool.on('error', () => {})  // the server may end before its connections have
  try {
    const schema = newSchema()
    const two = [postgresStore(pool, { schema }), postgresStore(pool, { schema })]
    await Promise.all(two.map((store, i) => store.commit({ ...atomOf(1, Uint8Array.of(1)), parts: [{ scope: Uint8Array.of(4, i), expect: {}, advance: [],
      changes: [packBatch([{ kind: 'put', key: Uint8Array.of(1), value: Uint8Array.of(i) }])] }] })))
    await Promise.all(two.map((store) => store.close()))
  } finally {
    await pool.end()
  }
})
