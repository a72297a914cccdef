// The SQLite store: what a file survives, what is refused, and how its worker lives.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { packBatch, rowChanges, sqliteStore, type Atom, type Store } from '../../lib'
import { toHex } from '../../lib/bytes'
import { SqliteFile } from '../../lib/stores/sqlite-file'
import { Gate } from '../../lib/stores/sqlite-gate'
import { addTo, agree, fails, open } from './support/people'

const root = path.join(__dirname, '..', '..')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-sqlite-'))
let files = 0
const newFile = (): string => path.join(folder, `${files += 1}.db`)
const stores: Store[] = []
const openStore = (file: string, options?: Parameters<typeof sqliteStore>[1]): Store => {
  const store = sqliteStore(file, options)
  stores.push(store)
  return store
}
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const scope = Uint8Array.of(2, 1)
const atomOf = (key: number, value: Uint8Array, expect: Atom['parts'][number]['expect'] = {}): Atom => ({
  id: new Uint8Array(randomBytes(16)),
  parts: [{ scope, expect, advance: ['epoch'], changes: [packBatch([{ kind: 'put', key: Uint8Array.of(key), value }])] }],
})
/** like matches an error by its words. */
const like = (words: RegExp): Error => expect.objectContaining({ message: expect.stringMatching(words) as string }) as Error
async function keysOf(store: Store): Promise<number[]> {
  const keys: number[] = []
  for await (const { rows } of store.load(scope)) for (const { key } of rowChanges(rows)) keys.push(key[0] ?? -1)
  return keys
}
/** node runs a program that has node-mls, in the folder of the files. */
const node = (program: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
  spawnSync(process.execPath, ['-e', `const mls = require(${JSON.stringify(root)});${program}`], { cwd: folder, encoding: 'utf8' })

test('groups are there again when a file is opened again', async () => {
  const file = newFile()
  let store = openStore(file)
  const bob = await open('bob')
  let alice = await open('alice', { store })
  const bobs = await addTo(await alice.createGroup(), bob)
  for (let round = 0; round < 3; round += 1) {
    await alice.close()
    await store.close()
    store = openStore(file)
    alice = await open('alice', { store })
    const group = await alice.group(bobs.id)
    agree(group, bobs)
    await bobs.receive(await group.send(`round ${round}`))
    const commit = await group.commit()
    await commit.accepted()
    await bobs.receive(commit.message)
  }
})

test('a new file is its owner\'s alone', async () => {
  const file = newFile()
  await openStore(file).commit(atomOf(1, Uint8Array.of(1)))
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(fs.statSync(`${file}-journal`).mode & 0o777).toBe(0o600)
})

test('a commit is on the disk when it is done, and the journal is cut to nothing', async () => {
  const file = newFile()
  await openStore(file).commit(atomOf(1, Uint8Array.of(1)))
  expect(fs.statSync(`${file}-journal`).size).toBe(0)
  // What belongs to a connection cannot be asked from outside: one that is opened as the worker opens it.
  const databases = new Set<Database>()
  const { pragma } = BetterSqlite3.prototype as Database
  const spy = jest.spyOn(BetterSqlite3.prototype as Database, 'pragma').mockImplementation(function (this: Database, ...words) {
    databases.add(this)
    return pragma.apply(this, words) as unknown
  })
  const opened = new SqliteFile(file, { busyTimeout: 0, cacheSize: 1 << 20 }, new Gate())
  spy.mockRestore()
  const [database] = databases
  const settings = ['journal_mode', 'synchronous', 'secure_delete'].map((name) => database?.pragma(name, { simple: true }))
  opened.close()
  expect(settings).toEqual(['truncate', 2, 1])  // 2 is FULL
})

test('atoms that are ready together share a transaction', async () => {
  const file = newFile()
  const store = openStore(file)
  await store.commit(atomOf(1, Uint8Array.of(1)))
  /** The file change counter of SQLite's header: one more with each transaction that writes. */
  const transactions = (): number => fs.readFileSync(file).readUInt32BE(24)
  const before = transactions()
  const other = new BetterSqlite3(file)
  other.exec('BEGIN EXCLUSIVE')
  const commits = Array.from({ length: 200 }, (_, i) => store.commit({ ...atomOf(1, Uint8Array.of(i)), parts: [{ scope: Uint8Array.of(3, i), expect: {}, advance: ['epoch'], changes: [] }] }))
  await new Promise((resolve) => setTimeout(resolve, 50))
  other.exec('ROLLBACK')
  other.close()
  await Promise.all(commits)
  // One of those that were there when the worker began to wait, and one of those that came meanwhile.
  expect(transactions() - before).toBeLessThanOrEqual(2)
})

test('many stores that are opened at once make one file', async () => {
  const file = newFile()
  const all = Array.from({ length: 6 }, () => openStore(file))
  await Promise.all(all.map((store, i) => store.commit(atomOf(i, Uint8Array.of(i)))))
  for (const store of all) expect(await keysOf(store)).toEqual([0, 1, 2, 3, 4, 5])
})

test('a key that is not the client\'s leaves every byte of the file as it was', async () => {
  const file = newFile()
  const encryptionKey = randomBytes(32)
  const store = openStore(file)
  const alice = await open('alice', { store, encryptionKey })
  await alice.createGroup()
  await alice.close()
  await store.close()
  const before = fs.readFileSync(file)
  for (const wrong of [{ encryptionKey: randomBytes(32) }, {}, { encryptionKey: { wrap: (key: Uint8Array) => key, unwrap: (key: Uint8Array) => key } }]) {
    const again = openStore(file)
    await fails(open('alice', { store: again, ...wrong }), 'WRONG_ENCRYPTION_KEY')
    await again.close()
    expect(fs.readFileSync(file).equals(before)).toBe(true)
  }
  expect((await open('alice', { store: openStore(file), encryptionKey })).groups()).toHaveLength(1)
})

/** FileFixture: as make-sqlite.cjs writes it. */
interface FileFixture {
  readonly identity: string
  readonly encryptionKey: string
  readonly groupId: string
  readonly epochAuthenticator: string
  /** Rows of every size, written, replaced and deleted: what is left, as sizes of values by key. */
  readonly scope: string
  readonly rows: Readonly<Record<string, number>>
  readonly file: string
}

test.each([1])('a file of version %i is read and written', async (version) => {
  const fixture = JSON.parse(fs.readFileSync(path.join(__dirname, 'fixtures', `sqlite-${version}.json`), 'utf8')) as FileFixture
  const file = newFile()
  fs.writeFileSync(file, gunzipSync(Buffer.from(fixture.file, 'base64')))
  expect(fs.readFileSync(file).readUInt32BE(60)).toBe(version)  // user_version
  const store = openStore(file)
  const rows: Record<string, number> = {}
  for await (const slice of store.load(Buffer.from(fixture.scope, 'hex'))) {
    for (const change of rowChanges(slice.rows)) {
      if (change.kind !== 'put') throw new Error('a whole load holds puts alone')
      rows[toHex(change.key)] = change.value.length
      expect(change.value.every((byte) => byte === change.key.at(-1))).toBe(true)
    }
  }
  expect(rows).toEqual(fixture.rows)
  const alice = await open(fixture.identity, { store, encryptionKey: Buffer.from(fixture.encryptionKey, 'hex') })
  const group = await alice.group(Buffer.from(fixture.groupId, 'hex'))
  expect(toHex(group.epochAuthenticator)).toBe(fixture.epochAuthenticator)
  await (await group.commit({ psk: ['paper'] })).accepted()
  await addTo(group, await open('bob'))
  await store.delete(Buffer.from(fixture.scope, 'hex'))
  await alice.close()
  await store.close()
  const again = await open(fixture.identity, { store: openStore(file), encryptionKey: Buffer.from(fixture.encryptionKey, 'hex') })
  expect((await again.group(group.id)).epoch).toBe(group.epoch)
})

test('two stores of one file see each other', async () => {
  const file = newFile()
  const [one, two] = [openStore(file), openStore(file)]
  await Promise.all([one.commit(atomOf(1, Uint8Array.of(1))), two.commit(atomOf(2, Uint8Array.of(2)))])
  expect(await keysOf(one)).toEqual([1, 2])
  expect(await keysOf(two)).toEqual([1, 2])
  await expect(one.commit(atomOf(3, Uint8Array.of(3), { epoch: 1n }))).rejects.toMatchObject({ name: 'StoreConflict' })
})

describe('a file that is not for this version', () => {
  const refused = async (file: string, code: 'STORAGE_VERSION' | 'STORAGE_DAMAGED', words: RegExp): Promise<void> => {
    const before = fs.readFileSync(file)
    const store = openStore(file)
    for (const call of [() => store.commit(atomOf(1, Uint8Array.of(1))), () => keysOf(store), () => store.delete(scope)]) {
      await expect(call()).rejects.toMatchObject({ name: 'MlsError', code, fault: 'storage', cause: like(words) })
    }
    expect(fs.readFileSync(file).equals(before)).toBe(true)
    await expect(open('alice', { store })).rejects.toMatchObject({ code })
  }

  test('but a later one: update', async () => {
    const file = newFile()
    const store = openStore(file)
    await store.commit(atomOf(1, Uint8Array.of(1)))
    await store.close()
    const database = new BetterSqlite3(file)
    database.pragma('user_version = 2')
    database.close()
    await refused(file, 'STORAGE_VERSION', /version 2 .* update node-mls/)
  })

  test('but another program\'s', async () => {
    const file = newFile()
    const database = new BetterSqlite3(file)
    database.exec('CREATE TABLE rows (a)')
    database.close()
    await refused(file, 'STORAGE_DAMAGED', /another program/)
  })

  test('nor a database at all', async () => {
    const file = newFile()
    fs.writeFileSync(file, 'a text that somebody may need\n'.repeat(300))
    await refused(file, 'STORAGE_DAMAGED', /no SQLite database/)
  })

  test('but damaged: nothing is read from it or written to it any more', async () => {
    const file = newFile()
    let store = openStore(file)
    for (let i = 0; i < 20; i += 1) await store.commit(atomOf(i, randomBytes(3000)))
    await store.close()
    const sound = fs.readFileSync(file)
    // Every page but the first, which says that this is a store.
    fs.writeFileSync(file, Buffer.concat([sound.subarray(0, 4096), randomBytes(sound.length - 4096)]))
    await refused(file, 'STORAGE_DAMAGED', /damaged .*restore it from a copy/)
    fs.writeFileSync(file, sound.subarray(0, 4096))
    await refused(file, 'STORAGE_DAMAGED', /damaged/)
    fs.writeFileSync(file, sound)
    store = openStore(file)
    expect(await keysOf(store)).toHaveLength(20)
  })
})

test('a folder that is not there, or a path that is none', async () => {
  const store = openStore(path.join(folder, 'nowhere', 'a.db'))
  await expect(store.commit(atomOf(1, Uint8Array.of(1)))).rejects.toMatchObject({ code: 'STORE_FAILED', cause: like(/directory does not exist/) })
  fs.mkdirSync(path.join(folder, 'nowhere'))
  await store.commit(atomOf(1, Uint8Array.of(1)))
  expect(() => sqliteStore('')).toThrow(RangeError)
  expect(() => sqliteStore(':memory:')).toThrow(RangeError)
  expect(() => sqliteStore(1 as unknown as string)).toThrow(TypeError)
  expect(() => sqliteStore('x', { cacheSize: 1 })).toThrow(RangeError)
  expect(() => sqliteStore('x', { cache: 1 } as object)).toThrow(TypeError)
})

test('a file that another process holds is waited for, up to a limit', async () => {
  const file = newFile()
  const store = openStore(file, { busyTimeout: 100 })
  await store.commit(atomOf(1, Uint8Array.of(1)))
  const other = new BetterSqlite3(file)
  other.exec('BEGIN EXCLUSIVE')
  const busy = { code: 'STORE_FAILED', cause: expect.objectContaining({ code: expect.stringMatching(/^SQLITE_BUSY/) as string }) as Error }
  await expect(store.commit(atomOf(2, Uint8Array.of(2)))).rejects.toMatchObject(busy)
  await expect(keysOf(store)).rejects.toMatchObject(busy)
  other.exec('ROLLBACK')
  other.close()
  await store.commit(atomOf(3, Uint8Array.of(3)))
  expect(await keysOf(store)).toEqual([1, 3])
})

test('opening a file leaves the locks alone that this process has on it', async () => {
  const file = newFile()
  await openStore(file).commit(atomOf(1, Uint8Array.of(1)))
  const other = new BetterSqlite3(file)
  other.exec('BEGIN EXCLUSIVE')
  await expect(keysOf(openStore(file, { busyTimeout: 50 }))).rejects.toMatchObject({ code: 'STORE_FAILED' })
  const elsewhere = `new (require(${JSON.stringify(require.resolve('better-sqlite3'))}))(${JSON.stringify(file)}, { timeout: 50 }).exec('BEGIN IMMEDIATE')`
  expect(node(elsewhere).stderr).toMatch(/SQLITE_BUSY/)
  other.close()
})

describe('the worker', () => {
  /** theWorkers gives the workers that are spoken to. */
  const theWorkers = (): { readonly workers: Set<Worker>; readonly restore: () => void } => {
    const workers = new Set<Worker>()
    const original = Worker.prototype.postMessage
    const spy = jest.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...args) {
      workers.add(this)
      original.apply(this, args)
    })
    return { workers, restore: () => spy.mockRestore() }
  }

  test('dies: commits are settled by what is in the file, the next call starts another', async () => {
    const file = newFile()
    const { workers, restore } = theWorkers()
    try {
      for (let round = 0; round < 8; round += 1) {
        const store = openStore(file)
        if (round % 2 === 0) await store.list(scope)[Symbol.asyncIterator]().next()
        workers.clear()
        const commits = Array.from({ length: 32 }, (_, i) => store.commit(atomOf(i, randomBytes(1000 + round))).then(() => i))
        const load = keysOf(store)
        const [settling, loading] = [Promise.allSettled(commits), Promise.allSettled([load])]
        await new Promise((resolve) => setTimeout(resolve, 8 * round))
        for (const worker of workers) await worker.terminate()
        const settled = await settling
        await loading
        const keys = new Set(await keysOf(store))
        for (const [i, one] of settled.entries()) {
          if (one.status === 'fulfilled') expect(keys.has(i)).toBe(true)
          else expect(one.reason).toMatchObject({ code: 'STORE_FAILED', cause: like(/worker of the store ended/) })
        }
        await store.commit(atomOf(100, Uint8Array.of(1)))
        await store.close()
        await openStore(file).delete(scope)
      }
    } finally {
      restore()
    }
  }, 60_000)

  test('ends with close, and calls after it are refused', async () => {
    const store = openStore(newFile())
    const commits = Array.from({ length: 10 }, (_, i) => store.commit(atomOf(i, Uint8Array.of(i))))
    const first = store.load(scope)[Symbol.asyncIterator]()
    await Promise.all(commits)
    await first.next()
    const late = store.commit(atomOf(11, Uint8Array.of(11)))
    await Promise.all([store.close(), store.close()])
    await late
    await fails(store.commit(atomOf(1, Uint8Array.of(1))), 'CLOSED')
    await fails(keysOf(store), 'CLOSED')
    await fails(store.delete(scope), 'CLOSED')
    await sqliteStore(newFile()).close()
  })

  test('keeps a process alive for what is under way and for nothing else', () => {
    const program = `
      const store = mls.sqliteStore('ends.db')
      const changes = [mls.packBatch([{ kind: 'put', key: Uint8Array.of(1), value: new Uint8Array(100000) }])]
      const atom = (i) => ({ id: require('node:crypto').randomBytes(16), parts: [{ scope: Uint8Array.of(i), expect: {}, advance: [], changes }] })
      let done = 0
      for (let i = 0; i < 20; i += 1) store.commit(atom(i)).then(() => { done += 1 })
      process.on('exit', () => console.log(done))`
    expect(node(program)).toMatchObject({ status: 0, stdout: '20\n', stderr: '' })
    const closing = `${program}; setTimeout(() => store.close().then(() => console.log('closed')), 200)`
    expect(node(closing)).toMatchObject({ status: 0, stdout: 'closed\n20\n' })
  })
})

test('the packages of stores are needed by those stores alone, which say so', () => {
  const at = path.join(folder, 'app', 'node_modules')
  for (const [from, to] of [
    ['package.json', 'node-mls/package.json'], ['dist', 'node-mls/dist'], ['build/Release/node_mls.node', 'node-mls/build/Release/node_mls.node'],
    ['node_modules/node-gyp-build', 'node-gyp-build'],
  ] as const) fs.cpSync(path.join(root, from), path.join(at, to), { recursive: true })
  const program = `
    const { memoryStore, postgresStore, sqliteStore } = require('node-mls')
    memoryStore()
    postgresStore({ connect: async () => {} })
    for (const store of [() => sqliteStore('a.db'), () => postgresStore('postgres://a/b')]) {
      try { store() } catch (error) { console.log(error.message, '|', error.cause.code) }
    }`
  const { stdout } = spawnSync(process.execPath, ['-e', program], { cwd: path.join(folder, 'app'), encoding: 'utf8' })
  expect(stdout).toBe('sqliteStore needs the package better-sqlite3: npm install better-sqlite3@12 | MODULE_NOT_FOUND\n' +
    'postgresStore needs the package pg: npm install pg@8 | MODULE_NOT_FOUND\n')
})

test('very many rows, and values of every size, are read as they were written', async () => {
  const file = newFile()
  const store = openStore(file)
  const rows = new Map<string, Buffer>()
  const write = async (changes: Parameters<typeof packBatch>[0]): Promise<void> => {
    await store.commit({ id: randomBytes(16), parts: [{ scope, expect: {}, advance: [], changes: [packBatch(changes)] }] })
    for (const { key, ...change } of changes) {
      if ('value' in change) rows.set(Buffer.from(key).toString('hex'), Buffer.from(change.value))
      else rows.delete(Buffer.from(key).toString('hex'))
    }
  }
  // More than are read at once, with blocks next to each other; and others that lie anywhere.
  await write(Array.from({ length: 70_000 }, () => ({ kind: 'put', key: randomBytes(17), value: randomBytes(17) })))
  const sizes = [0, 1, 38, 39, 40, 72, 73, 500, 1009, 1010, 2031, 2032, 4055, 4056, 4057, 4100, 8112, 8113, 100_000, 3 << 20]
  await write(sizes.map((size) => ({ kind: 'put', key: randomBytes(1 + (size % 255)), value: randomBytes(size) })))
  const some = [...rows.keys()].filter((_, i) => i % 7 === 0).map((key) => Buffer.from(key, 'hex'))
  await write(some.map((key) => ({ kind: 'delete', key })))
  await write(Array.from({ length: 2000 }, (_, i) => ({ kind: 'put', key: randomBytes(20), value: randomBytes(i % 300) })))

  const found = new Map<string, Buffer>()
  for await (const slice of store.load(scope)) {
    const changes = [...rowChanges(slice.rows)]
    expect(slice.rows.length < (1 << 20) + 110_000 || changes.some((one) => 'value' in one && one.value.length > 1 << 20)).toBe(true)
    for (const change of changes) if (change.kind === 'put') found.set(Buffer.from(change.key).toString('hex'), Buffer.from(change.value))
  }
  expect(found.size).toBe(rows.size)
  expect([...rows].filter(([key, value]) => !found.get(key)?.equals(value))).toEqual([])
}, 120_000)

test('a row of more than 65,535 blocks is read as it was written', async () => {
  const file = newFile()
  const value = new Uint8Array(270_000_000)
  for (let at = 0; at < value.length; at += 4099) value[at] = at % 251
  const store = openStore(file)
  await store.commit(atomOf(1, value))
  await store.commit(atomOf(2, Uint8Array.of(2)))
  const found = new Map<number, Uint8Array>()
  for await (const { rows } of store.load(scope)) {
    for (const change of rowChanges(rows)) if (change.kind === 'put') found.set(change.key[0] ?? -1, change.value)
  }
  expect([...found.keys()]).toEqual([1, 2])
  expect(Buffer.compare(found.get(1) ?? new Uint8Array(0), value)).toBe(0)
  expect(found.get(2)).toEqual(Uint8Array.of(2))
}, 60_000)
