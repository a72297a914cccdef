// A store whose connections were all at work failed with STORE_FAILED after some seconds: pg gives everybody in its queue the time
// that a new connection may take, however fast those before it go. Sixteen processes that did many things at once met it.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'pg'
import { packBatch, postgresStore, type Atom, type RowChange, type Slice } from '../../lib'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

let server: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server.stop())

const [large, small] = [Uint8Array.of(1), Uint8Array.of(2)]
const atomOf = (scope: Uint8Array, changes: readonly RowChange[]): Atom =>
  ({ id: randomBytes(16), parts: [{ scope, expect: {}, advance: [], changes: [packBatch(changes)] }] })
/** More than a page and what is read ahead: who reads it slowly keeps a connection. */
const muchData = Array.from({ length: 10 }, (_, i): RowChange => ({ kind: 'put', key: Uint8Array.of(i), value: randomBytes(200_000) }))
const little: readonly RowChange[] = [{ kind: 'put', key: small, value: small }]

async function read(slices: AsyncIterable<Slice>): Promise<number> {
  let count = 0
  for await (const _ of slices) count += 1
  return count
}

test('calls wait while connections are at work, longer than for a new connection', async () => {
  const connection = { connectionString: server.url, max: 1, connectionTimeoutMillis: 1000 }
  const store = postgresStore(connection, { schema: 'busy', retryTimeout: 0 })
  await store.commit(atomOf(large, muchData))
  const slow = store.load(large)[Symbol.asyncIterator]()
  await slow.next()
  const waiting = [store.commit(atomOf(small, little)), read(store.load(small)), ...Array.from({ length: 10 }, () => read(store.load(large)))]
  const all = Promise.all(waiting)
  await delay(1500)
  while (!(await slow.next()).done);
  await all
  await store.close()
})

test('of many calls each waits for as long as others end, however long that is for all', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 })
  const store = postgresStore(pool, { schema: 'many', retryTimeout: 0, queryTimeout: 1000 })
  await store.commit(atomOf(large, muchData))
  for (let [calls, took] = [50, 0]; took < 1500; calls *= 2) {
    const start = performance.now()
    await Promise.all(Array.from({ length: calls }, () => read(store.load(large))))
    took = performance.now() - start
  }
  await store.close()
  await pool.end()
}, 60_000)

test('when none comes back for queryTimeout they fail, and work again when one does', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 })
  const store = postgresStore(pool, { schema: 'held', retryTimeout: 0, queryTimeout: 1000 })
  await store.commit(atomOf(large, muchData))
  const held = store.load(large)[Symbol.asyncIterator]()
  await held.next()
  await expect(store.commit(atomOf(small, little))).rejects.toMatchObject({
    code: 'STORE_FAILED', cause: { message: 'no connection became free for 1000 ms' },
  })
  while (!(await held.next()).done);
  await store.commit(atomOf(small, little))
  await store.close()
  await pool.end()
})

test('of a database that is gone, many calls fail not much later than one', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 })
  let isGone = false
  const connect = async () => {
    if (!isGone) return pool.connect()
    await delay(50)
    throw new Error('no route')
  }
  const store = postgresStore({ options: { max: 1 }, connect }, { schema: 'gone', retryTimeout: 0, queryTimeout: 1000 })
  await store.commit(atomOf(small, little))
  isGone = true
  const start = performance.now()
  const calls = Array.from({ length: 100 }, () => [store.delete(small), read(store.load(small))]).flat()
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: 'STORE_FAILED' })))
  expect(performance.now() - start).toBeLessThan(5_000)
  await store.close()
  await pool.end()
})

test('who cannot give a connection back keeps nobody from the others', async () => {
  const pool = new Pool({ connectionString: server.url, max: 1 })
  let fails = false
  const connect = async () => {
    const client = await pool.connect()
    const release = (error?: Error | boolean): void => {
      client.release(error)
      if (fails) throw new Error('released before')
    }
    return { query: client.query.bind(client), on: client.on.bind(client), removeListener: client.removeListener.bind(client), release }
  }
  const store = postgresStore({ options: { max: 1 }, connect }, { schema: 'unreleased', retryTimeout: 0, queryTimeout: 1000 })
  await store.commit(atomOf(small, little))
  fails = true
  await read(store.load(small)).catch(() => {})
  fails = false
  await store.commit(atomOf(small, little))
  await store.close()
  await pool.end()
})
