// A network that falls silent closes nothing. A pool of the caller has no timeouts unless told: calls over it never ended. And a
// server that does not know that a connection is lost kept the locks of what it was doing, against every further try.
import { randomBytes } from 'node:crypto'
import { packBatch, postgresStore, type Atom } from '../../lib'
import type { PostgresPool } from '../../lib/stores/postgres-pool'

const scope = Uint8Array.of(1)
const atom = (): Atom => ({
  id: new Uint8Array(randomBytes(16)),
  parts: [{ scope, expect: {}, advance: [], changes: [packBatch([{ kind: 'put', key: scope, value: scope }])] }],
})
const never = new Promise<never>(() => {})
const failed = { code: 'STORE_FAILED', cause: expect.objectContaining({ message: 'the database gave no answer for 100 ms' }) as Error }
const options = { queryTimeout: 100, retryTimeout: 50 }

/** silentPool gives a pool whose connections answer to some texts alone, and what it was asked and given back. */
function silentPool(answers: (text: string) => object | null): PostgresPool & { readonly texts: string[]; readonly released: unknown[] } {
  const [texts, released]: [string[], unknown[]] = [[], []]
  let processID = 100
  const connect: PostgresPool['connect'] = async () => {
    let listeners = 0
    return {
      processID: processID += 1,
      query: async (query: string | { readonly text: string }) => {
        expect(listeners).toBeGreaterThan(0)  // a connection that is lost with nobody listening ends the process
        const text = typeof query === 'string' ? query : query.text
        texts.push(text)
        return answers(text) ?? never
      },
      on: () => (listeners += 1), removeListener: () => (listeners -= 1), release: (error) => void released.push(error),
    }
  }
  return { connect, texts, released }
}

test('calls end, and give their connections back as broken', async () => {
  const pool = silentPool(() => null)
  const store = postgresStore(pool, options)
  const start = performance.now()
  await expect(store.commit(atom())).rejects.toMatchObject(failed)
  await expect(store.delete(scope)).rejects.toMatchObject(failed)
  await expect(store.load(scope)[Symbol.asyncIterator]().next()).rejects.toMatchObject(failed)
  await expect(store.list(scope)[Symbol.asyncIterator]().next()).rejects.toMatchObject(failed)
  expect(performance.now() - start).toBeLessThan(5000)
  expect(pool.released.length).toBeGreaterThan(3)
  expect(pool.released.every((error) => error)).toBe(true)
})

test('so they do when no connection comes; one that comes late is given back as good', async () => {
  const pool = silentPool(() => null)
  let lend: (() => void) | undefined
  const late = new Promise<void>((resolve) => (lend = resolve))
  const store = postgresStore({ connect: () => late.then(() => pool.connect()) }, options)
  await expect(store.commit(atom())).rejects.toMatchObject(failed)
  expect(pool.released).toEqual([])
  lend?.()
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(pool.released.length).toBeGreaterThan(0)
  expect(pool.released.every((error) => error === undefined)).toBe(true)
})

test('the next connection ends the process that did not answer, unless it does something else by now', async () => {
  const ended = 'pg_terminate_backend'
  const pool = silentPool((text) => (text.includes(ended) ? { rows: [] } : null))
  await expect(postgresStore(pool, { ...options, schema: 'mine' }).commit(atom())).rejects.toMatchObject(failed)
  const [first, second] = pool.texts.filter((text) => text.includes(ended))
  expect(first).toMatch(/ANY \('\{101\}'\) AND usename = current_user AND strpos\(query, '"mine"'\) > 0/)
  if (second !== undefined) expect(second).toContain("'{102}'")
})

test('where that is forbidden the call goes on', async () => {
  const forbidden = Object.assign(new Error('permission denied'), { code: '42501', severity: 'ERROR' })
  const pool = silentPool((text) => {
    if (text.includes('pg_terminate_backend')) throw forbidden
    return null
  })
  await expect(postgresStore(pool, options).commit(atom())).rejects.toMatchObject(failed)
  expect(pool.texts.at(-1)).not.toContain('pg_terminate_backend')
})
