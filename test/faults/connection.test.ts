// A PostgreSQL connection that is lost, or falls silent, at any message, delivered or not: each atom is applied once or not at all.
import { randomBytes, randomInt } from 'node:crypto'
import { Pool } from 'pg'
import { packBatch, postgresStore, rowChanges, type Atom, type Store } from '../../lib'
import { addTo, open } from '../api/support/people'
import { full, patience } from './support/counts'
import { Proxy } from './support/proxy'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

let server: Awaited<ReturnType<typeof startPostgres>>
let proxy: Proxy
beforeAll(async () => {
  server = await startPostgres()
  proxy = await Proxy.start(server.folder)
}, 60_000)
afterAll(async () => {
  await proxy?.stop()
  await server?.stop()
})

const [one, two] = [Uint8Array.of(1), Uint8Array.of(1, 2)]
const atomOf = (scope: Uint8Array, expected: bigint): Atom => ({
  id: new Uint8Array(randomBytes(16)),
  parts: [{ scope, expect: { epoch: expected }, advance: ['epoch'], changes: [packBatch([{ kind: 'put', key: Uint8Array.of(1, Number(expected)), value: randomBytes(3000) }])] }],
})
async function stateOf(store: Store, scope: Uint8Array): Promise<readonly [version: bigint, rows: number]> {
  let [version, rows] = [0n, 0]
  for await (const slice of store.load(scope)) {
    version = slice.versions.epoch ?? 0n
    rows += [...rowChanges(slice.rows)].length
  }
  return [version, rows]
}
/** stateAgain looks a second time where the first broke off in the middle. */
const stateAgain = (store: Store, scope: Uint8Array): ReturnType<typeof stateOf> => stateOf(store, scope).catch((error: unknown) => {
  expect(error).toMatchObject({ code: 'STORE_FAILED' })
  return stateOf(store, scope)
})
async function namesOf(store: Store): Promise<number> {
  let names = 0
  for await (const name of store.list(one)) names += name.length > 0 ? 1 : 0
  return names
}
let schemas = 0
// One message of three, another one each time, unless all are tried.
const [first, step] = full ? [1, 1] : [1 + randomInt(3), 3]

describe.each(['lost', 'delivered'] as const)('a message that is %s with its connection', (message) => {
  test('is not noticed: the call goes over another', async () => {
    let cuts = 0
    for (let at = first; ; at += step) {
      proxy.cut({ at, message })
      const store = postgresStore(proxy.url, { schema: `cut${schemas += 1}` })
      await store.commit(atomOf(one, 0n))
      await Promise.all([store.commit(atomOf(one, 1n)), store.commit(atomOf(two, 0n))])
      await expect(store.commit(atomOf(two, 0n))).rejects.toMatchObject({ name: 'StoreConflict' })
      expect(await stateAgain(store, one)).toEqual([2n, 2])
      expect(await namesOf(store)).toBe(2)
      await store.delete(two)
      expect(await namesOf(store)).toBe(1)
      await store.close()
      if (!proxy.wasCut) break
      cuts += 1
    }
    expect(cuts).toBeGreaterThan(40 / step)
  }, patience(120_000))

  test('and the server with it: an error, and afterwards all of the atom is there or nothing', async () => {
    const [applied, seen] = [new Set<bigint>(), new Set<string>()]
    for (let at = first; ; at += step) {
      const options = { schema: `gone${schemas += 1}`, retryTimeout: 60 }
      const direct = postgresStore(server.url, options)
      await direct.commit(atomOf(one, 0n))
      proxy.cut({ at, message, forGood: true })
      const store = postgresStore(proxy.url, options)
      const atom = atomOf(one, 1n)
      const outcome = await store.commit(atom).then(() => 'applied', (error: unknown) => {
        expect(error).toMatchObject({ name: 'MlsError', code: 'STORE_FAILED', fault: 'storage', cause: expect.any(Error) as Error })
        return 'failed'
      })
      const [version, rows] = await stateOf(direct, one)
      expect(rows).toBe(Number(version))
      if (outcome === 'applied') expect(version).toBe(2n)
      applied.add(version)
      seen.add(outcome)
      const wasCut = proxy.wasCut
      proxy.cut({ at: Infinity, message })
      proxy.heal()
      await store.commit(atom)
      expect(await stateOf(store, one)).toEqual([2n, 2])
      await store.commit(atomOf(one, 2n))
      await Promise.all([store.close(), direct.close()])
      if (!wasCut) break
    }
    // Where the answer alone was lost, the atom is there; where the call was, it is not.
    expect([...applied].sort()).toEqual([1n, 2n])
    expect([...seen].sort()).toEqual(['applied', 'failed'])
  }, patience(120_000))
})

/** A network that falls silent costs `queryTimeout` each time. */
const [rarely, rareStep] = full ? [1, 1] : [1 + randomInt(8), 8]
const queryTimeout = 400
/** What a call takes at most: a query without an answer, then tries for `retryTimeout`, the last of which has none either. */
const bound = (retryTimeout: number): number => 2 * queryTimeout + retryTimeout + 1000  // and what a busy machine takes
async function within<T>(milliseconds: number, call: Promise<T>): Promise<T> {
  const start = performance.now()
  return call.finally(() => expect(performance.now() - start).toBeLessThan(milliseconds))
}
const failed = { name: 'MlsError', code: 'STORE_FAILED', fault: 'storage', cause: expect.any(Error) as Error }

describe.each(['lost', 'delivered'] as const)('a network that falls silent and closes nothing, at a message that is %s', (message) => {
  test('is not noticed but for the time: the call goes over another connection, whatever the server still holds for the first', async () => {
    let cuts = 0
    for (let at = rarely; ; at += rareStep) {
      proxy.cut({ at, message, silent: true })
      const store = postgresStore(proxy.url, { schema: `silent${schemas += 1}`, queryTimeout })
      await within(bound(5000), Promise.all([store.commit(atomOf(one, 0n)), namesOf(store)]))
      await within(bound(5000), Promise.all([store.commit(atomOf(one, 1n)), store.commit(atomOf(two, 0n))]))
      expect(await within(2 * bound(5000), stateAgain(store, one))).toEqual([2n, 2])
      await within(bound(5000), store.delete(two))
      expect(await namesOf(store)).toBe(1)
      await within(bound(0), store.close())
      if (!proxy.wasCut) break
      proxy.heal()
      cuts += 1
    }
    expect(cuts).toBeGreaterThan(30 / rareStep)
  }, patience(240_000))

  test('and any other connection with it: an error in time, and afterwards all of the atom is there or nothing', async () => {
    const [applied, seen] = [new Set<bigint>(), new Set<string>()]
    for (let at = rarely; ; at += rareStep) {
      const options = { schema: `mute${schemas += 1}`, retryTimeout: 60, queryTimeout }
      const direct = postgresStore(server.url, options)
      await direct.commit(atomOf(one, 0n))
      proxy.cut({ at, message, forGood: true, silent: true })
      const store = postgresStore(proxy.url, options)
      const atom = atomOf(one, 1n)
      const outcome = await within(bound(60), store.commit(atom).then(() => 'applied', (error: unknown) => {
        expect(error).toMatchObject(failed)
        return 'failed'
      }))
      const [version, rows] = await stateOf(direct, one)
      expect(rows).toBe(Number(version))
      if (outcome === 'applied') expect(version).toBe(2n)
      applied.add(version)
      seen.add(outcome)
      const wasCut = proxy.wasCut
      proxy.cut({ at: Infinity, message })
      proxy.heal()
      await store.commit(atom)
      expect(await stateOf(store, one)).toEqual([2n, 2])
      await Promise.all([store.close(), direct.close()])
      if (!wasCut) break
    }
    expect([...seen].sort()).toEqual(['applied', 'failed'])
    expect([...applied]).toContain(2n)
  }, patience(240_000))
})

test('a silent network is found out over a pool of the caller as well, which has no timeouts', async () => {
  const pool = new Pool({ connectionString: proxy.url, max: 2 })
  pool.on('error', () => {})  // idle connections that are lost
  const store = postgresStore(pool, { schema: `callers${schemas += 1}`, retryTimeout: 60, queryTimeout })
  await store.commit(atomOf(one, 0n))
  proxy.mute()
  const calls = [store.commit(atomOf(one, 1n)), stateOf(store, one), namesOf(store), store.delete(two)]
  await within(bound(60), Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(failed))))
  proxy.heal()
  expect(await stateOf(store, one)).toEqual([1n, 1])
  await store.commit(atomOf(one, 1n))
  await store.close()
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await pool.end()
})

test('a group is as it was when its call ended without an answer, and the next try works', async () => {
  const store = postgresStore(proxy.url, { schema: `group${schemas += 1}`, retryTimeout: 60, queryTimeout })
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  const bobs = await addTo(group, await open('bob'))
  const letter = await bobs.send('x')
  const pending = await group.commit()
  const calls: readonly (() => Promise<unknown>)[] = [
    () => group.send('y'), () => group.receive(letter), () => pending.rejected(), () => group.commit(), () => alice.createGroup(),
  ]
  const state = (): unknown => [group.epoch, group.phase, group.epochAuthenticator, group.pending().length, group.proposals.length,
    alice.groups().length, alice.keyPackages.list().length]
  for (const call of calls) {
    const before = state()
    proxy.mute()
    // The scope may be read again after the failure, in vain as well.
    await within(2 * bound(60), expect(call()).rejects.toMatchObject(failed))
    expect(state()).toEqual(before)
    proxy.heal()
    await call()
  }
  await alice.close()
  await store.close()
}, 60_000)
