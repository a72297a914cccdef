// Deletion that is real, in PostgreSQL: what somebody finds who has every file of the server, its log of writes included, and
// what of it opens with which keys. The bound is the one that docs/security.md states, by its own words.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Client as PgClient } from 'pg'
import { Client, memoryStore, postgresStore, trustAnyCredential, type ClientOptions, type Group, type Store } from '../../lib'
import { addTo, agree } from '../api/support/people'
import { patience, times } from './support/counts'
import { Needles, Thief, isEpochKey, isOfEpoch, isSealed, nameOf, recorded, rowsIn, type SealedRow } from './support/thief'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

/** The statements of the document. */
const document = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'security.md'), 'utf8')
const statements = (/```sql\n([^`]*)```/.exec(document)?.[1] ?? '').split(';').map((one) => one.trim()).filter((one) => one !== '')

const open = (identity: string, options: Partial<ClientOptions> = {}): Promise<Client> =>
  Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential, ...options })
const newKey = (): Uint8Array => new Uint8Array(randomBytes(32))

/** Messages that are received, each by a key that is then used up; and how many of them to an epoch. */
const messages = times(600, 10_000)
const perEpoch = 40

/** leadALife receives, in many epochs, and has a use for keys of every other kind. */
async function leadALife(client: Client, other: Client): Promise<readonly [Group, Group]> {
  const others = await other.createGroup()
  const group = await addTo(others, client)
  for (let i = 0; i < messages; i += 1) {
    await group.receive(await others.send(`${i}`))
    if (i % perEpoch > 0) continue
    const theirs = await others.commit()
    await theirs.accepted()
    await group.receive(theirs.message)
    await client.psks.put('paper', newKey())
    const own = await group.commit()
    await own.accepted()
    await others.receive(own.message)
    await client.psks.delete('paper')
    // As autovacuum does, too.
    await sql.query('ANALYZE node_mls.rows')
  }
  return [group, others]
}

let server: Awaited<ReturnType<typeof startPostgres>>
let sql: PgClient
let store: Store & { readonly rows: readonly SealedRow[] }
let data: string
const encryptionKey = newKey()
let group: Group
let others: Group

/** What was written and is not in the store any more; and what is there now. */
let consumed: readonly SealedRow[]
let live: readonly SealedRow[]
/** Those of epochs whose keys are erased. */
let erased: readonly SealedRow[]
const epochOf = ({ scope, key }: SealedRow): string => `${scope.toString('hex')} ${key.subarray(1, 9).toString('hex')}`

/** look tells the consumed rows apart. */
async function look(): Promise<void> {
  live = await rowsIn(store)
  const names = new Set(live.map(nameOf))
  consumed = store.rows.filter((row) => isSealed(row) && !names.has(nameOf(row)))
  const epochs = new Set(live.filter(isEpochKey).map(epochOf))
  erased = consumed.filter((row) => isOfEpoch(row) && !epochs.has(epochOf(row)))
}
/** foundOf gives those of the rows that are in a file. */
function foundOf(rows: readonly SealedRow[]): SealedRow[] {
  const needles = new Needles()
  for (const row of rows) needles.add(nameOf(row), row.value)
  const found = needles.findIn(data)
  return rows.filter((row) => found.has(nameOf(row)))
}
/** countOpened counts the rows that open with an encryption key and what other rows give. */
const countOpened = (keys: readonly Uint8Array[], by: readonly SealedRow[], rows: readonly SealedRow[]): number => {
  const thief = new Thief(keys, by)
  return rows.filter((row) => thief.opens(row) !== null).length
}

beforeAll(async () => {
  server = await startPostgres({ settings: { full_page_writes: 'on', wal_recycle: 'off' } })
  data = path.join(server.folder, 'data')
  sql = new PgClient(server.url)
  await sql.connect()
  store = recorded(postgresStore(server.url))
  const bob = await open('bob', { store, encryptionKey })
  ;[group, others] = await leadALife(bob, await open('alice'))
  await look()
}, patience(300_000))
afterAll(async () => {
  await store?.close()
  await sql?.end()
  await server?.stop()
})

test('keys that were used up are in no file; what was sealed of them is', () => {
  const all = new Thief([encryptionKey], store.rows)
  const opened = consumed.map((row) => ({ row, secret: all.opens(row) }))
  expect(opened.filter(({ secret }) => secret === null)).toEqual([])  // so these are the keys
  const [known, needles] = [new Set<string>(), new Needles()]
  for (const { row, secret } of opened) {
    // Of a ratchet (tag 7) and of an epoch's key (tag 20) the secret comes last.
    if (![7, 20].includes(row.key[0] ?? 0) || secret === null) continue
    known.add(secret.toString('hex'))
    needles.add(nameOf(row), secret.subarray(-32))
  }
  expect(known.size).toBeGreaterThan(messages)
  expect(needles.findIn(data)).toEqual(new Map())
  expect(foundOf(consumed)).toHaveLength(consumed.length)
}, patience(120_000))

test('without the caller\'s key nothing of it opens', () => {
  expect(countOpened([], store.rows, consumed)).toBe(0)
  expect(countOpened([newKey()], store.rows, consumed)).toBe(0)
})

test('with it, a row of an erased epoch opens by a copy of the row of that epoch\'s key, and by nothing else', () => {
  expect(erased.length).toBeGreaterThan(messages - 3 * perEpoch)
  const rest = store.rows.filter((row) => !isEpochKey(row))
  expect(countOpened([encryptionKey], [...rest, ...live], erased)).toBe(0)
  // That is why there is a bound.
  expect(countOpened([encryptionKey], [...live, ...foundOf(consumed)], erased)).toBe(erased.length)
}, 60_000)

test('when the groups have moved, the key of the new store opens nothing that was in the former one', async () => {
  const dave = await open('dave', { store, encryptionKey })
  const daves = await dave.createGroup()
  const carols = await addTo(daves, await open('carol'))
  for (let i = 0; i < 3 * perEpoch; i += 1) {
    if (i % perEpoch === 0) {
      const commit = await carols.commit()
      await commit.accepted()
      await daves.receive(commit.message)
    }
    await daves.receive(await carols.send(`${i}`))
  }
  const moving = await dave.exportGroup(daves.id)
  const parts: Uint8Array[] = []
  for await (const part of moving.parts()) parts.push(part)
  const key = await moving.release()
  const [there, newEncryptionKey] = [recorded(postgresStore(server.url, { schema: 'elsewhere' })), newKey()]
  const again = await open('dave', { store: there, encryptionKey: newEncryptionKey })
  const moved = await again.importGroup(parts, key)
  await moving.finish()
  await dave.close()
  await carols.receive(await moved.send('x'))
  agree(moved, carols)
  await look()
  const left = store.rows.filter(isSealed)
  expect(foundOf(consumed)).toHaveLength(consumed.length)
  expect(countOpened([encryptionKey], store.rows, left)).toBe(left.length)
  expect(countOpened([newEncryptionKey], [...store.rows, ...there.rows], left)).toBe(0)
  expect(countOpened([newEncryptionKey], there.rows, there.rows.filter(isSealed))).toBe(there.rows.filter(isSealed).length)
  await again.close()
  await there.close()
}, 60_000)

test('behind the statements of the document no copy is left of what was deleted before, and the store goes on', async () => {
  const before = consumed
  expect(foundOf(before)).toHaveLength(before.length)
  expect(statements).toHaveLength(3)
  const working = (async () => {
    for (let i = 0; i < 40; i += 1) await group.receive(await others.send(`meanwhile ${i}`))
  })()
  for (const statement of statements) await sql.query(statement)
  await working
  expect(foundOf(before)).toEqual([])
  // The store is as it was.
  const bob = await open('bob', { store, encryptionKey })
  const again = await bob.group(group.id)
  const commit = await others.commit()
  await commit.accepted()
  await again.receive(commit.message)
  agree(again, others)
}, 60_000)
