// Stores: the contract, batches, and what the library does with them.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { memoryStore, packBatch, rowChanges, sqliteStore, type RowChange } from '../../lib'
import { selectRows } from '../../lib/batch'
import { toHex } from '../../lib/bytes'
import { storeContract } from '../../lib/stores/contract'
import { namesOf, slicesOf } from '../../lib/stores/contract-rows'
import { addTo, agree, fails, open, pair } from './support/people'
import { toldStore } from './support/stores'
import { turns } from './support/turns'

describe('memoryStore keeps the contract:', () => {
  for (const { name, run } of storeContract(async () => memoryStore())) test(name, run)
})

test('memoryStore writes and reads a large scope in several turns', async () => {
  const store = memoryStore()
  const rows = Array.from({ length: 30_000 }, (_, i): RowChange =>
    ({ kind: 'put', key: Uint8Array.of(1, i >> 8, i & 0xff), value: new Uint8Array(600) }))
  const scope = Uint8Array.of(1)
  const written = await turns(() => store.commit({ id: new Uint8Array(16), parts: [{ scope, expect: {}, advance: [], changes: [packBatch(rows)] }] }))
  const read = await turns(async () => {
    for await (const { rows: slice } of store.load(scope)) expect(slice.length).toBeLessThan(1 << 20)
  })
  expect(written).toBeGreaterThan(3)
  expect(read).toBeGreaterThan(3)
})

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-stores-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
let files = 0
const newFile = (): string => path.join(folder, `${files += 1}.db`)

describe('sqliteStore keeps the contract:', () => {
  for (const { name, run } of storeContract(async () => sqliteStore(newFile()))) test(name, run)
})

describe('batches', () => {
  const key = Uint8Array.of(1, 2)
  const put: RowChange = { kind: 'put', key, value: Uint8Array.of(3) }

  test('are packed as the format says, in its order', () => {
    const batch = packBatch([put, { kind: 'delete', key }, { kind: 'delete-prefix', key: new Uint8Array(0) }])
    expect(Buffer.from(batch).toString('hex')).toBe('0000000000' + '01000000020102' + '020000000201020000000103')
    expect([...rowChanges(batch)].map(({ kind }) => kind)).toEqual(['delete-prefix', 'delete', 'put'])
    expect([...rowChanges(new Uint8Array(0))]).toEqual([])
  })

  test('are read for some tags alone', () => {
    const changes = [1, 2, 1, 3].map((tag, i): RowChange => ({ kind: 'put', key: Uint8Array.of(tag, i), value: Uint8Array.of(i) }))
    const batch = packBatch([{ kind: 'delete-prefix', key: new Uint8Array(0) }, ...changes])
    expect([...rowChanges(batch, (tag) => tag === 1)]).toEqual([changes[0], changes[2]])
    expect(selectRows(batch, (tag) => tag === 1)).toEqual(packBatch([changes[0]!, changes[2]!]))
    expect(selectRows(batch, () => true)).toBe(batch)
    expect(selectRows(batch, () => false)).toEqual(new Uint8Array(0))
    expect(() => [...rowChanges(batch.slice(0, -1), () => false)]).toThrow('STORAGE_DAMAGED')
  })

  test('that are not well formed are damage', () => {
    const batch = packBatch([put])
    for (let length = 1; length < batch.length; length += 1) {
      expect(() => [...rowChanges(batch.slice(0, length))]).toThrow('STORAGE_DAMAGED')
    }
    expect(() => [...rowChanges(Uint8Array.of(3, 0, 0, 0, 0))]).toThrow('STORAGE_DAMAGED')
    expect(() => [...rowChanges(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0))]).toThrow('STORAGE_DAMAGED')
  })
})

test('two clients over one store: the loser of a race hears so, and then sees what the winner did', async () => {
  const store = memoryStore()
  const [one, bob] = [await open('alice', { store }), await open('bob')]
  const first = await one.createGroup()
  const bobs = await addTo(first, bob)
  const two = await open('alice', { store })
  const second = await two.group(first.id)
  const commit = await first.commit()
  await commit.accepted()
  await bobs.receive(commit.message)
  await fails(second.commit(), 'STORE_CONFLICT')
  const again = await second.commit()
  expect(second.epoch).toBe(2n)
  await again.accepted()
  await bobs.receive(again.message)
  agree(second, bobs)
  await fails(first.commit(), 'STORE_CONFLICT')
  await first.send('x')
  agree(first, await two.group(first.id))
})

test('candidates that another process ended are superseded', async () => {
  const store = memoryStore()
  const one = await open('alice', { store })
  const first = await one.createGroup()
  const mine = await first.commit()
  const superseded: bigint[] = []
  first.on('superseded', ({ ids }) => superseded.push(...ids))
  const second = await (await open('alice', { store })).group(first.id)
  await (await second.commit()).accepted()
  await fails(mine.accepted(), 'STALE_CANDIDATE')
  await fails(mine.accepted(), 'STALE_CANDIDATE')
  expect(superseded).toEqual([mine.id])
  expect(first.epoch).toBe(1n)
})

test('two clients over one store add groups and key packages beside each other', async () => {
  const store = memoryStore()
  const [one, two] = [await open('alice', { store }), await open('alice', { store })]
  await Promise.all([one.createGroup(), two.createGroup(), one.keyPackages.create(2), two.keyPackages.create(2), two.createGroup()])
  const three = await open('alice', { store })
  expect(three.groups()).toHaveLength(3)
  expect(three.keyPackages.list()).toHaveLength(4)
  await one.createGroup({ groupId: Uint8Array.of(1) })
  await fails(two.createGroup({ groupId: Uint8Array.of(1) }), 'GROUP_EXISTS')
})

test('a store that fails is a typed error, and the next try works', async () => {
  const store = toldStore()
  const { alices, bobs } = await pair({ store })
  const before = alices.epochAuthenticator
  const cause = new Error('disk full')
  store.told = async () => { throw cause }
  await expect(alices.commit()).rejects.toMatchObject({ code: 'STORE_FAILED', fault: 'storage', cause })
  await fails(alices.send('x'), 'STORE_FAILED')
  expect(alices.epochAuthenticator).toEqual(before)
  expect(alices.pending()).toEqual([])
  store.told = null
  expect((await bobs.receive(await alices.send('x'))).kind).toBe('message')
  await (await alices.commit()).accepted()
})

test('rows of secrets are sealed, the key is not in them', async () => {
  const store = toldStore()
  const key = new Uint8Array(32).fill(0x5a)
  const alice = await open('alice', { store, encryptionKey: key })
  await alice.psks.put('p', Buffer.from('a secret that must not be seen'))
  await alice.createGroup()
  const all = Buffer.concat(store.atoms.flatMap(({ parts }) => parts.flatMap(({ changes }) => changes)))
  expect(all.includes('a secret that must')).toBe(false)
  expect(all.includes(Buffer.from(key))).toBe(false)
})

test('a key that is not the client\'s leaves every row as it was, and the error says what to do', async () => {
  const store = toldStore()
  const encryptionKey = new Uint8Array(32).fill(1)
  const alice = await open('alice', { store, encryptionKey })
  await alice.createGroup()
  await alice.close()
  const rows = async (): Promise<string[]> => {
    const all: string[] = []
    for (const scope of await namesOf(store, new Uint8Array(0))) {
      const slices = await slicesOf(store, scope)
      all.push(...slices.map((slice) => `${toHex(scope)} ${slice.revision} ${Object.entries(slice.versions).join()} ${toHex(slice.rows)}`))
    }
    return all
  }
  const before = await rows()
  store.atoms.length = 0
  for (const wrong of [{ encryptionKey: new Uint8Array(32).fill(2) }, {}]) {
    const error = { code: 'WRONG_ENCRYPTION_KEY', fault: 'storage', cause: expect.objectContaining({ message: expect.stringContaining('open it') as string }) as Error }
    await expect(open('alice', { store, ...wrong })).rejects.toMatchObject(error)
  }
  expect(store.atoms).toHaveLength(0)
  expect(await rows()).toEqual(before)
  expect((await open('alice', { store, encryptionKey })).groups()).toHaveLength(1)
})

test.each([
  ['STORAGE_VERSION', 'of a later format', { kind: 'put', key: Uint8Array.of(0x80), value: Uint8Array.of(0x7f, 0xff) }, 'update node-mls'],
  ['STORAGE_DAMAGED', 'without a header', { kind: 'delete', key: Uint8Array.of(0x80) }, 'restore the store from a copy'],
  ['STORAGE_DAMAGED', 'with a signer that is none', { kind: 'put', key: Uint8Array.of(0x0f, 0, 1), value: new Uint8Array(9) }, 'restore the store from a copy'],
] as const)('%s, of a client %s, says what to do', async (code, _, change, words) => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  await alice.close()
  const [scope = new Uint8Array(0)] = await namesOf(store, Uint8Array.of(1))
  await store.commit({ id: new Uint8Array(16).fill(9), parts: [{ scope, expect: {}, advance: ['client'], changes: [packBatch([change])] }] })
  const error = { code, fault: 'storage', cause: expect.objectContaining({ message: expect.stringContaining(words) as string }) as Error }
  await expect(open('alice', { store })).rejects.toMatchObject(error)
})

test('a message within a reserved range writes nothing', async () => {
  const store = toldStore()
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  await group.send('first')
  store.atoms.length = 0
  await group.send('second')
  expect(store.atoms).toHaveLength(0)
})
