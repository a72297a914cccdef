// Deletion that is real: what was deleted is in no byte of a store's files.
import { randomBytes, randomInt } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client as PgClient } from 'pg'
import { Client, packBatch, postgresStore, sqliteStore, trustAnyCredential, type RowChange, type Store } from '../../lib'
import { findVectors, fromHex } from '../api/support/vectors'
import { addTo, open } from '../api/support/people'
import { patience, times } from './support/counts'
import { Needles, filesBelow, isSealed, nameOf, recorded, rowsIn } from './support/thief'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-deletion-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** Eight bytes that stand in every known value over and over, so that any 24 bytes of one are found. */
const mark = randomBytes(8)
function markedValue(size: number): Uint8Array {
  const value = Buffer.alloc(size, Buffer.concat([mark, randomBytes(8)]))
  return new Uint8Array(value)
}
/** findIn gives the places of any of the needles. */
function findIn(place: string, needles: readonly Uint8Array[]): string[] {
  return [...filesBelow(place)].flatMap(([name, bytes]) => needles.flatMap((needle) => {
    const at = bytes.indexOf(needle)
    return at < 0 ? [] : [`${name}:${at}`]
  }))
}

test.each([[24, 100], [30, 700], [300, 5000], [2000, 20_000]])(
  'of 10,000 values of %i to %i bytes, put into SQLite, replaced and deleted, nothing is left', async (least, most) => {
    const place = fs.mkdtempSync(path.join(folder, 'sqlite-'))
    const store = sqliteStore(path.join(place, 'a.db'))
    const scope = (i: number): Uint8Array => Uint8Array.of(1, i % 5)
    const commit = (i: number, changes: readonly RowChange[]): Promise<unknown> =>
      store.commit({ id: new Uint8Array(randomBytes(16)), parts: [{ scope: scope(i), expect: {}, advance: [], changes: [packBatch(changes)] }] })
    const live: (readonly [scope: number, key: Uint8Array])[] = []
    for (let values = 0; values < 10_000;) {
      const commits: Promise<unknown>[] = []
      for (let i = 0; i < 64; i += 1, values += 3) {
        const changes: RowChange[] = [0, 1].map((n) => ({ kind: 'put', key: Uint8Array.of(1 + (values & 3), ...randomBytes(1 + n * 8)), value: markedValue(randomInt(least, most)) }))
        for (const { key } of changes) live.push([i, key])
        const [[from, old] = [0, Uint8Array.of(0)]] = live.splice(randomInt(live.length), 1)
        const isPut = i % 3 === 0
        if (isPut) live.push([from, old])
        commits.push(commit(i, changes), commit(from, [isPut ? { kind: 'put', key: old, value: markedValue(randomInt(least, most)) } : { kind: 'delete', key: old }]))
        if (i % 16 === 0) commits.push(commit(i, [{ kind: 'delete-prefix', key: Uint8Array.of(1 + (values & 3), randomInt(256)) }]))
      }
      await Promise.all(commits)
    }
    expect(findIn(place, [mark])).not.toEqual([])
    for (let i = 0; i < 4; i += 1) await commit(i, [{ kind: 'delete-prefix', key: new Uint8Array(0) }])
    await store.delete(scope(4))
    expect(findIn(place, [mark])).toEqual([])
    await store.close()
    expect(findIn(place, [mark])).toEqual([])
  }, patience(120_000))

/**
 * leadALife has keys of a client in a store that we know, and uses them up: PSKs, and key packages of the passive
 * client's vectors. It gives them, the caller's key with them.
 */
async function leadALife(store: Store): Promise<Uint8Array[]> {
  const encryptionKey = new Uint8Array(randomBytes(32))
  const needles: Uint8Array[] = [mark, encryptionKey]
  const openWith = (identity: string, suites: number[]): Promise<Client> => Client.open({
    identity, suites, store, encryptionKey, authenticate: trustAnyCredential,
    policy: { lifetimes: 'ignore', limits: { maxLifetime: Infinity } },
  })
  const alice = await openWith('alice', [1])
  const count = times(300, 10_000)
  for (let i = 0; i < count; i += 1) await alice.psks.put(`psk ${i}`, markedValue(32 + (i % 64)))
  for (let i = 0; i < count; i += 1) await alice.psks.delete(`psk ${i}`)
  await alice.close()
  type Vector = Readonly<Record<'init_priv' | 'encryption_priv' | 'signature_priv' | 'key_package' | 'welcome', string>> & {
    readonly cipher_suite: number
    readonly ratchet_tree: string | null
    readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[]
    readonly epochs: readonly { readonly proposals: readonly string[]; readonly commit: string }[]
  }
  for (const [i, vector] of findVectors('passive-client-welcome').flatMap(({ cases }) => cases as readonly Vector[]).slice(0, 40).entries()) {
    if (vector.cipher_suite === 5) continue  // Scalars without their leading zero are other bytes than those given.
    const client = await openWith(`vector ${i}`, [vector.cipher_suite])
    const [initPrivateKey, encryptionPrivateKey, signaturePrivateKey] =
      [fromHex(vector.init_priv), fromHex(vector.encryption_priv), fromHex(vector.signature_priv)]
    needles.push(initPrivateKey, encryptionPrivateKey, signaturePrivateKey)
    for (const { psk_id: id, psk } of vector.external_psks) {
      await client.psks.put(fromHex(id), fromHex(psk))
      needles.push(fromHex(psk))
    }
    await client.keyPackages.import({ keyPackage: fromHex(vector.key_package), initPrivateKey, encryptionPrivateKey, signaturePrivateKey })
    const group = await client.join(fromHex(vector.welcome), vector.ratchet_tree === null ? {} : { tree: fromHex(vector.ratchet_tree) })
    await group.send('hello')
    await client.close()
  }
  expect(needles.length).toBeGreaterThan(10)
  return needles.filter((needle) => needle.length >= 8)
}

test('no key that a client used is in any file of PostgreSQL, its log of writes included', async () => {
  const server = await startPostgres({ settings: { full_page_writes: 'on', wal_keep_size: '1GB' } })
  try {
    const store = postgresStore(server.url)
    const needles = await leadALife(store)
    await store.close()
    const client = new PgClient(server.url)
    await client.connect()
    // What can be found is found: a value that is not sealed.
    const plain = randomBytes(32)
    await client.query('CREATE TABLE plain (value bytea)')
    await client.query('INSERT INTO plain VALUES ($1)', [plain])
    await client.query('CHECKPOINT')
    await client.end()
    const data = path.join(server.folder, 'data')
    expect(findIn(data, [plain]).length).toBeGreaterThan(1)
    expect(findIn(data, needles)).toEqual([])
  } finally {
    await server.stop()
  }
}, patience(120_000))

test('nor in any file of SQLite', async () => {
  const place = fs.mkdtempSync(path.join(folder, 'client-'))
  const store = sqliteStore(path.join(place, 'a.db'))
  const needles = await leadALife(store)
  expect(findIn(place, needles)).toEqual([])
  await store.close()
  expect(findIn(place, needles)).toEqual([])
}, patience(120_000))

test('nor anything that was sealed of them', async () => {
  const place = fs.mkdtempSync(path.join(folder, 'sealed-'))
  const store = recorded(sqliteStore(path.join(place, 'a.db')))
  const [alice, bob] = [await open('alice', { store }), await open('bob')]
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  for (let i = 0; i < times(100, 10_000); i += 1) {
    await group.receive(await bobs.send(`${i}`))
    if (i % 20 > 0) continue
    await alice.psks.put('paper', markedValue(32))
    const commit = await bobs.commit()
    await commit.accepted()
    await group.receive(commit.message)
    await alice.psks.delete('paper')
  }
  const live = await rowsIn(store)
  const names = new Set(live.map(nameOf))
  const consumed = store.rows.filter((row) => isSealed(row) && !names.has(nameOf(row)))
  const [gone, there] = [new Needles(), new Needles()]
  for (const row of consumed) gone.add(nameOf(row), row.value)
  for (const row of live.filter(isSealed)) there.add(nameOf(row), row.value)
  expect(there.findIn(place).size).toBe(live.filter(isSealed).length)  // what can be found is found
  expect(consumed.length).toBeGreaterThan(times(100, 10_000))
  expect(gone.findIn(place)).toEqual(new Map())
  await store.close()
  expect(gone.findIn(place)).toEqual(new Map())
}, patience(300_000))
