// Very many groups: few of them in memory, none of them lost.
import { randomBytes } from 'node:crypto'
import { memoryStore, packBatch, type Group, type RowChange, type Store } from '../../lib'
import { groupRow, type GroupEntry } from '../../lib/client-rows'
import { ScopeMemory } from '../../lib/scope-memory'
import { addTo, agree, open, text } from './support/people'

/** countingStore counts the loads of groups; a group's scope begins with 2. */
function countingStore(): { readonly store: Store; readonly loads: () => number } {
  const inner = memoryStore()
  let loads = 0
  const store: Store = {
    commit: (atom) => inner.commit(atom),
    load: (scope, since) => {
      if (scope[0] === 2) loads += 1
      return inner.load(scope, since)
    },
    list: (prefix) => inner.list(prefix),
    delete: (scope) => inner.delete(scope),
    close: () => inner.close(),
  }
  return { store, loads: () => loads }
}

test('groups beyond the limit are unloaded and load themselves again', async () => {
  const { store, loads } = countingStore()
  const alice = await open('alice', { store, maxLoadedGroups: 3 })
  const bob = await open('bob')
  const groups: Group[] = []
  const bobs: Group[] = []
  for (let i = 0; i < 10; i += 1) {
    const group = await alice.createGroup()
    bobs.push(await addTo(group, bob))
    groups.push(group)
  }
  for (let round = 0; round < 3; round += 1) {
    for (const [i, group] of groups.entries()) {
      expect(await alice.group(group.id)).toBe(group)
      const received = await group.receive(await bobs[i]!.send(`${round}`))
      expect(received.kind === 'message' && text(received.data)).toBe(`${round}`)
    }
  }
  expect(loads()).toBeGreaterThanOrEqual(27)
  const before = loads()
  for (let i = 0; i < 5; i += 1) await groups[9]!.send('in memory')
  expect(loads()).toBe(before)
  groups.forEach((group, i) => agree(group, bobs[i]!))
})

test('it is the group that was not used for longest that goes', async () => {
  const { store, loads } = countingStore()
  const alice = await open('alice', { store, maxLoadedGroups: 3 })
  const groups = [await alice.createGroup(), await alice.createGroup(), await alice.createGroup()] as const
  await groups[0].send('used again')  // the first to come is now the last to go
  await alice.createGroup()
  const before = loads()
  await groups[0].send('in memory')
  await groups[2].send('in memory')
  expect(loads()).toBe(before)
  await groups[1].send('loaded again')
  expect(loads()).toBe(before + 1)
})

test('a group at work is not unloaded, and what waits for it is not lost', async () => {
  const alice = await open('alice', { maxLoadedGroups: 2 })
  const bob = await open('bob')
  const groups: Group[] = []
  const bobs: Group[] = []
  for (let i = 0; i < 12; i += 1) {
    groups.push(await alice.createGroup())
    bobs.push(await addTo(groups[i]!, bob))
  }
  const messages = await Promise.all(groups.flatMap((group) => [group.send('a'), group.commit().then(() => null), group.send('b')]))
  const sent = messages.flatMap((message) => message ?? [])
  const received = await bob.receiveMany(sent)
  expect(received.map((event) => (event.kind === 'message' ? text(event.data) : event.kind))).toEqual(groups.flatMap(() => ['a', 'b']))
  for (const group of groups) expect(group.pending()).toHaveLength(1)
})

test('who listens to a group that is unloaded goes on hearing', async () => {
  const alice = await open('alice', { maxLoadedGroups: 1 })
  const bob = await open('bob')
  const heard: string[] = []
  const ids: Uint8Array[] = []
  const bobs: Group[] = []
  for (let i = 0; i < 4; i += 1) {
    const group = await alice.createGroup()
    group.on('message', ({ data }) => heard.push(text(data)))
    ids.push(group.id)
    bobs.push(await addTo(group, bob))
  }
  await alice.receiveMany(await Promise.all(bobs.map((group, i) => group.send(`${i}`))))
  expect(heard.sort()).toEqual(['0', '1', '2', '3'])
})

/** withGroups puts entries of groups into a client's scope, as many clients have after years. */
async function withGroups(store: Store, count: number): Promise<void> {
  const scopes: Uint8Array[] = []
  for await (const scope of store.list(Uint8Array.of(1))) scopes.push(scope)
  const entry = (): RowChange =>
    ({ kind: 'put', key: Buffer.concat([Uint8Array.of(0x82), randomBytes(16)]), value: Buffer.concat([Uint8Array.of(1), randomBytes(16)]) })
  const changes = [packBatch(Array.from({ length: count }, entry))]
  await store.commit({ id: randomBytes(16), parts: [{ scope: scopes[0] as Uint8Array, expect: {}, advance: [], changes }] })
}

test('a client of 100,000 groups opens without loading them, and lists them in pages', async () => {
  const store = memoryStore()
  await (await open('alice', { store })).close()
  await withGroups(store, 100_000)
  const start = performance.now()
  const alice = await open('alice', { store })
  const took = performance.now() - start
  process.stdout.write(`open with 100,000 groups: ${took.toFixed(0)} ms\n`)
  expect(took).toBeLessThan(5_000)
  expect(alice.groups()).toHaveLength(100_000)
  const ids = new Set<string>()
  let turns = 0
  const turn = (): void => {
    turns += 1
    timer = setImmediate(turn)
  }
  let timer = setImmediate(turn)
  for await (const { key, status } of alice.listGroups()) if (status === 'active') ids.add(key)
  clearImmediate(timer)
  expect(ids.size).toBe(100_000)
  expect(turns).toBeGreaterThan(5)
})

test('groups are found by id and by handle, as they were stored and as they became', () => {
  const entry = (id: number, status: GroupEntry['status']): GroupEntry =>
    ({ handle: new Uint8Array(randomBytes(16)), groupId: new Uint8Array(16).fill(id), status })
  const [past, present, other, later] = [entry(1, 'past'), entry(1, 'active'), entry(2, 'active'), entry(1, 'joining')]
  const memory = new ScopeMemory()
  const { groups } = memory
  const take = (changes: readonly RowChange[]): void => memory.take(changes)
  groups.load(packBatch([past, other].map(groupRow)))
  groups.load(packBatch([groupRow(present)]))
  expect(groups.find(past.groupId)).toEqual([past, present])
  expect(groups.get(other.handle)).toEqual(other)
  expect(groups.get(later.handle)).toBeUndefined()
  take([groupRow({ ...present, status: 'past' }), groupRow(later)])
  expect(groups.find(past.groupId)).toEqual([past, { ...present, status: 'past' }, later])
  take([past, later].map(({ handle }) => ({ kind: 'delete', key: Buffer.concat([Uint8Array.of(0x82), handle]) })))
  expect(groups.find(past.groupId)).toEqual([{ ...present, status: 'past' }])
  // In the order in which they came, whatever became of them.
  expect([...groups.entries()]).toEqual([other, { ...present, status: 'past' }])
  take([{ kind: 'delete', key: Buffer.concat([Uint8Array.of(0x82), present.handle]) }])
  expect(groups.find(past.groupId)).toEqual([])
  const damaged = packBatch([{ kind: 'put', key: groupRow(other).key, value: Uint8Array.of(3, 1) }])
  expect(() => groups.load(damaged)).toThrow(expect.objectContaining({ code: 'STORAGE_DAMAGED' }) as Error)
})
