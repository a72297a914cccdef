// A PostgreSQL connection that is lost at any message, delivered or not: each atom is applied once or not at all.
import { randomBytes, randomInt } from 'node:crypto'
import { packBatch, postgresStore, rowChanges, type Atom, type Store } from '../../lib'
import { full } from './support/counts'
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
      const seen = await stateOf(store, one).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'STORE_FAILED' })
        return stateOf(store, one)
      })
      expect(seen).toEqual([2n, 2])
      expect(await namesOf(store)).toBe(2)
      await store.delete(two)
      expect(await namesOf(store)).toBe(1)
      await store.close()
      if (!proxy.wasCut) break
      cuts += 1
    }
    expect(cuts).toBeGreaterThan(40 / step)
  }, 120_000)

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
  }, 120_000)
})
