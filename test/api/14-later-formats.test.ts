// What a later version of this library has written is left alone, and the error says what to do: of each kind of state that
// carries the number of its format. SQLite files and PostgreSQL schemas are in the tests of those stores.
import { Tracker, packBatch, rowChanges, trustAnyCredential, type Client, type Group, type Store } from '../../lib'
import { toHex } from '../../lib/bytes'
import { atomOf, namesOf, partOf, put, slicesOf } from '../../lib/stores/contract-rows'
import { addTo, fails, keyPackage, open } from './support/people'
import { toldStore } from './support/stores'

/** Numbers of later formats: the next one, and one that nobody has dreamed of. */
const later = [1, 0x7000] as const
const header = Uint8Array.of(0x80)
const context = Uint8Array.of(1)
/** As docs/store-format.md has them; the test of that document compares. */
const latest = { client: 3, group: 3 } as const

/** The value of a row. */
async function rowOf(store: Store, scope: Uint8Array, key: Uint8Array): Promise<Uint8Array> {
  for (const { rows } of await slicesOf(store, scope)) {
    for (const change of rowChanges(rows)) if (change.kind === 'put' && toHex(change.key) === toHex(key)) return new Uint8Array(change.value)
  }
  throw new Error('no such row')
}
/** raise does what a later version does: it writes a row whose first two bytes are a later number, as a step of its own. */
async function raise(store: Store, scope: Uint8Array, key: Uint8Array, version: string, number: number): Promise<void> {
  const value = await rowOf(store, scope, key)
  value.set([number >> 8, number & 0xff])
  await store.commit(atomOf(partOf(scope, [put(key, value)], {}, [version])))
}
/** everything gives what a store has, to the last byte. */
async function everything(store: Store): Promise<string[]> {
  const all: string[] = []
  for (const scope of await namesOf(store, new Uint8Array(0))) {
    for (const slice of await slicesOf(store, scope)) all.push([toHex(scope), slice.revision, JSON.stringify(Object.entries(slice.versions).map(String)), toHex(slice.rows)].join())
  }
  return all
}
const refusal = {
  name: 'MlsError', code: 'STORAGE_VERSION', fault: 'storage',
  cause: expect.objectContaining({ message: expect.stringMatching(/newer node-mls .*: update node-mls/) as string }) as Error,
}
type Call = () => Promise<unknown>
/** refused expects of each call that it is refused and that nothing is written. */
async function refused(store: ReturnType<typeof toldStore>, calls: Readonly<Record<string, Call>>): Promise<void> {
  const before = await everything(store)
  for (const [name, call] of Object.entries(calls)) {
    const error: unknown = await call().then(() => `${name} went on`, (reason: unknown) => reason)
    expect(error).toMatchObject(refusal)
    expect({ name, rows: await everything(store) }).toEqual({ name, rows: before })
  }
}

interface Scene {
  readonly store: ReturnType<typeof toldStore>
  readonly alice: Client
  readonly group: Group
  readonly other: Group
  readonly client: Uint8Array
  readonly scope: Uint8Array
}
async function scene(): Promise<Scene> {
  const store = toldStore()
  const alice = await open('alice', { store })
  const other = await alice.createGroup()
  const known = new Set((await namesOf(store, Uint8Array.of(2))).map(toHex))
  const group = await alice.createGroup()
  await addTo(group, await open('bob'))
  const [client, scope] = [(await namesOf(store, Uint8Array.of(1)))[0], (await namesOf(store, Uint8Array.of(2))).find((name) => !known.has(toHex(name)))]
  return { store, alice, group, other, client: client as Uint8Array, scope: scope as Uint8Array }
}

describe.each(later)('a client of a format that is %i later', (ahead) => {
  test('is not opened', async () => {
    const { store, alice, client } = await scene()
    await alice.close()
    await raise(store, client, header, 'client', latest.client + ahead)
    await refused(store, {
      open: () => open('alice', { store }),
      'open with a key': () => open('alice', { store, encryptionKey: new Uint8Array(32) }),
    })
  })

  test('that became so while it is open here changes nothing any more', async () => {
    const { store, alice, group, client } = await scene()
    const invitation = await (await (await open('carol')).createGroup()).commit({ add: [await keyPackage(alice)] })
    const { welcome } = await invitation.accepted()
    await raise(store, client, header, 'client', latest.client + ahead)
    await refused(store, {
      refresh: () => alice.refresh(),
      'key packages': () => alice.keyPackages.create(),
      'a PSK': () => alice.psks.put('paper', new Uint8Array(32)),
      'create a group': () => alice.createGroup(),
      join: () => alice.join(welcome as Uint8Array),
      'change the key': () => alice.changeEncryptionKey(new Uint8Array(32)),
      'export a group': () => alice.exportGroup(group.id),
    })
  })
})

describe.each(later)('a group of a format that is %i later', (ahead) => {
  test('is not loaded; others of the client are', async () => {
    const { store, alice, group, other, scope } = await scene()
    const { id } = group
    await alice.close()
    await raise(store, scope, context, 'epoch', latest.group + ahead)
    const again = await open('alice', { store })
    await refused(store, { load: () => again.group(id), export: () => again.exportGroup(id) })
    await (await again.group(other.id)).send('x')
  })

  test('that became so while it is loaded here changes nothing any more', async () => {
    const { store, group, scope } = await scene()
    await raise(store, scope, context, 'epoch', latest.group + ahead)
    await refused(store, {
      refresh: () => group.refresh(),
      commit: () => group.commit(),
      propose: () => group.propose({ type: 'update' }),
      send: () => group.send('x'),
    })
  })
})

test('a tracker of a later format is not loaded, and the one that should goes on', async () => {
  const { group } = await scene()
  const tracker = new Tracker({ authenticate: trustAnyCredential })
  await tracker.seed(await group.groupInfo({ tree: 'inside' }))
  const saved = await tracker.save()
  const newer = packBatch([...rowChanges(saved)].map((change) => {
    if (change.kind !== 'put' || toHex(change.key) !== toHex(context)) return change
    const value = new Uint8Array(change.value)
    value.set([0x70, 0])
    return { ...change, value }
  }))
  const again = new Tracker({ authenticate: trustAnyCredential })
  await fails(again.load(newer), 'STORAGE_VERSION')
  await again.load(saved)
  expect(again.epoch).toBe(tracker.epoch)
})
