// A group without rows was one that we were removed from: rows that were lost looked the same, and the list of groups was told so.
import { randomBytes } from 'node:crypto'
import { memoryStore, packBatch, rowChanges, type Store } from '../../lib'
import { fails, open } from '../api/support/people'

const allRows = packBatch([{ kind: 'delete-prefix', key: new Uint8Array(0) }])

/** scopeOf gives the scope of the one group of a store. */
async function scopeOf(store: Store): Promise<Uint8Array> {
  for await (const scope of store.list(Uint8Array.of(2))) return scope
  throw new Error('no group')
}

/** keysOf gives the keys of all rows of a group. */
async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = []
  for await (const { rows } of store.load(await scopeOf(store))) {
    for (const { key } of rowChanges(rows)) keys.push(Buffer.from(key).toString('hex'))
  }
  return keys
}

test('a group whose rows are gone is damaged, and stays in the list of groups', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const { id } = await alice.createGroup()
  await alice.close()
  await store.commit({ id: randomBytes(16), parts: [{ scope: await scopeOf(store), expect: {}, advance: [], changes: [allRows] }] })
  for (let restarts = 0; restarts < 2; restarts += 1) {
    const again = await open('alice', { store })
    await expect(again.group(id)).rejects.toMatchObject({ code: 'STORAGE_DAMAGED', cause: { message: expect.stringMatching(/restore/) as string } })
    expect(again.groups().map(({ status }) => status)).toEqual(['active'])
    await again.close()
  }
})

test('of a group that we were removed from a row is left that says so, and nothing else', async () => {
  const store = memoryStore()
  const [alice, bob] = [await open('alice'), await open('bob', { store })]
  const group = await alice.createGroup()
  const [keyPackage] = await bob.keyPackages.create()
  const { welcome } = await (await group.commit({ add: [keyPackage?.message as Uint8Array] })).accepted()
  const bobs = await bob.join(welcome as Uint8Array)
  const pending = await group.commit({ remove: [bobs.leafIndex] })
  await pending.accepted()
  await bobs.receive(pending.message)
  expect(await keysOf(store)).toEqual(['15'])
  await bob.close()
  // Earlier versions left no row at all; the entry tells, too.
  for (const left of [['15'], []]) {
    const again = await open('bob', { store })
    await fails(again.group(group.id), 'REMOVED')
    expect(again.groups()).toEqual([])
    await again.close()
    expect(await keysOf(store)).toEqual(left)
    await store.commit({ id: randomBytes(16), parts: [{ scope: await scopeOf(store), expect: {}, advance: [], changes: [allRows] }] })
  }
})
