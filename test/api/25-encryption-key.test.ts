// The sealing key and what protects it: nothing, a key, or somebody who wraps it; and changing that.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { memoryStore, rowChanges, type Atom, type Client, type KeyWrapper, type Store } from '../../lib'
import { toHex } from '../../lib/bytes'
import { fails, misused, open } from './support/people'
import { toldStore } from './support/stores'

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** A KMS of one key, which counts its calls. */
function kms(byte: number): KeyWrapper & { readonly calls: string[] } {
  const calls: string[] = []
  const iv = new Uint8Array(16)
  return {
    calls,
    wrap: async (key) => {
      calls.push('wrap')
      const cipher = createCipheriv('aes-256-ctr', keyOf(byte), iv)
      return new Uint8Array([...cipher.update(key), 0xab])
    },
    unwrap: async (wrapped) => {
      calls.push('unwrap')
      if (wrapped.at(-1) !== 0xab) throw new Error('not mine')
      return new Uint8Array(createDecipheriv('aes-256-ctr', keyOf(byte), iv).update(wrapped.subarray(0, -1)))
    },
  }
}

async function withGroup(client: Client): Promise<Uint8Array> {
  const group = await client.createGroup()
  await client.psks.put('paper', keyOf(9))
  return group.id
}

async function everything(store: Store): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const scope of store.list(new Uint8Array(0))) for await (const { rows } of store.load(scope)) all.push(rows)
  return Buffer.concat(all)
}

test('a key opens what it protects, and no other does', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store, encryptionKey: keyOf(1) })
  const id = await withGroup(alice)
  await alice.close()
  await fails(open('alice', { store, encryptionKey: keyOf(2) }), 'WRONG_ENCRYPTION_KEY')
  await fails(open('alice', { store }), 'WRONG_ENCRYPTION_KEY')
  await fails(open('alice', { store, encryptionKey: kms(1) }), 'WRONG_ENCRYPTION_KEY')
  const again = await open('alice', { store, encryptionKey: keyOf(1) })
  await (await again.group(id)).send('x')
})

test('a wrapper is asked once to wrap and once at each opening; its errors are the cause', async () => {
  const store = memoryStore()
  const wrapper = kms(3)
  const alice = await open('alice', { store, encryptionKey: wrapper })
  const id = await withGroup(alice)
  expect(wrapper.calls).toEqual(['wrap'])
  await alice.close()
  const again = await open('alice', { store, encryptionKey: wrapper })
  await (await again.group(id)).send('x')
  expect(wrapper.calls).toEqual(['wrap', 'unwrap'])
  const cause = new Error('the KMS is away')
  await expect(open('alice', { store, encryptionKey: { ...wrapper, unwrap: () => { throw cause } } })).rejects.toMatchObject({ code: 'WRONG_ENCRYPTION_KEY', cause })
  await fails(open('alice', { store, encryptionKey: { ...wrapper, unwrap: () => new Uint8Array(31) } }), 'WRONG_ENCRYPTION_KEY')
  await fails(open('alice', { store, encryptionKey: keyOf(3) }), 'WRONG_ENCRYPTION_KEY')
  await expect(open('bob', { store, encryptionKey: { ...wrapper, wrap: () => { throw cause } } })).rejects.toMatchObject({ code: 'WRONG_ENCRYPTION_KEY', cause })
})

test('the key can be changed: from none to a key, to a wrapper, and back', async () => {
  const store = memoryStore()
  const wrapper = kms(4)
  const ways = [keyOf(5), keyOf(6), wrapper, null] as const
  let now: Uint8Array | KeyWrapper | null = null
  const first = await open('alice', { store })
  const id = await withGroup(first)
  await first.close()
  for (const next of ways) {
    const alice: Client = await open('alice', { store, ...(now ? { encryptionKey: now } : {}) })
    await alice.changeEncryptionKey(next)
    await (await alice.group(id)).send('still open')
    await alice.close()
    if (now) await fails(open('alice', { store, encryptionKey: now }), 'WRONG_ENCRYPTION_KEY')
    now = next
  }
  const last = await open('alice', { store })
  await (await last.group(id)).commit({ psk: ['paper'] })
})

test('a change that is not stored leaves the former key; one whose answer was lost has taken place; the client goes on in both', async () => {
  const lost = async (atom: Atom, inner: Store): Promise<never> => {
    await inner.commit(atom)
    throw new Error('no answer')
  }
  for (const told of [async () => { throw new Error('disk full') }, lost]) {
    const store = toldStore()
    const alice = await open('alice', { store, encryptionKey: keyOf(1) })
    const id = await withGroup(alice)
    store.told = told
    await fails(alice.changeEncryptionKey(keyOf(2)), 'STORE_FAILED')
    store.told = null
    const [now, other] = told === lost ? [keyOf(2), keyOf(1)] : [keyOf(1), keyOf(2)]
    await fails(open('alice', { store, encryptionKey: other }), 'WRONG_ENCRYPTION_KEY')
    const again = await open('alice', { store, encryptionKey: now })
    await (await again.group(id)).send('x')
    // The client that was left in doubt reads its scope again.
    store.told = async () => { throw new Error('disk full') }
    await fails(alice.psks.put('other', keyOf(3)), 'STORE_FAILED')
    store.told = null
    await alice.psks.put('other', keyOf(3))
    await (await (await alice.group(id)).commit({ psk: ['paper', 'other'] })).accepted()
    await alice.changeEncryptionKey(keyOf(4))
    await (await open('alice', { store, encryptionKey: keyOf(4) })).close()
  }
})

test('a change of the key seals no row anew but the one of the sealing key', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store, encryptionKey: keyOf(1) })
  await withGroup(alice)
  const rowsOf = async (): Promise<Map<string, string>> => {
    const rows = new Map<string, string>()
    for await (const scope of store.list(new Uint8Array(0))) {
      for await (const slice of store.load(scope)) {
        for (const change of rowChanges(slice.rows)) if (change.kind === 'put') rows.set(`${toHex(scope)} ${toHex(change.key)}`, toHex(change.value))
      }
    }
    return rows
  }
  const before = await rowsOf()
  await alice.changeEncryptionKey(keyOf(2))
  const after = await rowsOf()
  expect([...after.keys()]).toEqual([...before.keys()])
  expect([...after].filter(([key, value]) => before.get(key) !== value).map(([key]) => key.slice(-2))).toEqual(['86'])
})

test('the sealing key itself is nowhere in the store', async () => {
  const store = memoryStore()
  let sealingKey = new Uint8Array(0)
  const wrapper = kms(7)
  await open('alice', { store, encryptionKey: { ...wrapper, wrap: (key) => wrapper.wrap(sealingKey = key.slice()) } })
  expect(sealingKey).toHaveLength(32)
  expect((await everything(store)).includes(Buffer.from(sealingKey))).toBe(false)
})

test('a wrapped key of one client is not another one\'s', async () => {
  const store = memoryStore()
  const encryptionKey = keyOf(8)
  await (await open('alice', { store, encryptionKey })).close()
  await (await open('mallory', { store, encryptionKey })).close()
  const rows = new Map<string, Uint8Array>()
  for await (const scope of store.list(Uint8Array.of(1))) rows.set(toHex(scope), scope)
  const [one, two] = [...rows.values()]
  const wrapped = async (scope: Uint8Array): Promise<Uint8Array> => {
    for await (const slice of store.load(scope)) {
      const at = Buffer.from(slice.rows).indexOf(Buffer.from([2, 0, 0, 0, 1, 0x86]))
      return slice.rows.slice(at, at + 6 + 4 + 1 + 12 + 32 + 16)
    }
    throw new Error('no rows')
  }
  await store.commit({ id: new Uint8Array(16), parts: [{ scope: one as Uint8Array, expect: {}, advance: [], changes: [await wrapped(two as Uint8Array)] }] })
  const opened = await Promise.allSettled(['alice', 'mallory'].map((name) => open(name, { store, encryptionKey })))
  expect(opened.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'WRONG_ENCRYPTION_KEY' } }])
})

test('what is no key is a misuse', async () => {
  await misused(open('alice', { encryptionKey: new Uint8Array(31) }), 'RangeError', 'encryptionKey')
  await misused(open('alice', { encryptionKey: { wrap: (key: Uint8Array) => key } as KeyWrapper }), 'TypeError', 'encryptionKey')
  await misused((await open('alice')).changeEncryptionKey('secret' as never), 'TypeError', 'encryptionKey')
})

interface Fixture {
  readonly identity: string
  readonly encryptionKey: string | null
  readonly groupId: string
  readonly epochAuthenticator: string
  /** A group that is on its way to another store. */
  readonly frozen?: string
  readonly scopes: readonly { readonly scope: string; readonly versions: Readonly<Record<string, number>>; readonly rows: string }[]
}
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

test.each([
  [1, [{ encryptionKey: false }, { encryptionKey: true }]],  // where the caller's key was itself the sealing key
  [2, [{ encryptionKey: true }]],
  [3, [{ encryptionKey: true, frozen: true }]],
])('clients of format %i open, and may change their key', async (format, kinds) => {
  const fixtures = JSON.parse(readFileSync(path.join(__dirname, 'fixtures', `client-${format}.json`), 'utf8')) as Fixture[]
  expect(fixtures.map(({ encryptionKey, frozen }) => ({ encryptionKey: encryptionKey !== null, ...(frozen && { frozen: true }) }))).toEqual(kinds)
  for (const fixture of fixtures) {
    const { identity, encryptionKey, groupId, epochAuthenticator, frozen } = fixture
    const store = await storeOf(fixture)
    const key = encryptionKey === null ? {} : { encryptionKey: unhex(encryptionKey) }
    const alice = await open(identity, { store, ...key })
    const group = await alice.group(unhex(groupId))
    expect(toHex(group.epochAuthenticator)).toBe(epochAuthenticator)
    await (await group.commit({ psk: ['paper'] })).accepted()
    await alice.changeEncryptionKey(keyOf(1))
    await alice.close()
    const again = await open(identity, { store, encryptionKey: keyOf(1) })
    await (await again.group(unhex(groupId))).send('x')
    expect(again.keyPackages.list()).toHaveLength(1)
    if (frozen === undefined) continue
    await fails(again.group(unhex(frozen)), 'GROUP_MOVED')
    await (await again.exportGroup(unhex(frozen))).cancel()
    await (await again.group(unhex(frozen))).send('thawed')
  }
})

async function storeOf({ scopes }: Fixture): Promise<Store> {
  const store = memoryStore()
  for (const { scope, versions, rows } of scopes) {
    const advance = Object.entries(versions).flatMap(([name, count]) => Array.from({ length: count }, () => name))
    const part = { scope: unhex(scope), expect: {}, advance, changes: [unhex(rows)] }
    await store.commit({ id: randomBytes(16), parts: [part] })
  }
  return store
}
