// RFC 9420 §12.4.2: after a Commit that ends the group, or our part in it.
import { memoryStore, type Store } from '../../../lib'
import { addTo, agree, fails, keyPackage, open, together } from '../../api/support/people'

/** bytesOf gives how many bytes of rows each scope of a store has. */
async function bytesOf(store: Store): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for await (const scope of store.list(new Uint8Array(0))) {
    let size = 0
    for await (const { rows } of store.load(scope)) size += rows.length
    found.set(Buffer.from(scope).toString('hex'), size)
  }
  return found
}

test('R12.4.2-15: after a ReInit nothing is sent', async () => {
  const { groups } = await together(['alice', 'bob'])
  const [alices, bobs] = [groups[0]!, groups[1]!]
  const commit = await alices.commit({ reinit: {} })
  await commit.accepted()
  await bobs.receive(commit.message)
  for (const group of [alices, bobs]) {
    expect(group.phase).toBe('suspended')
    await fails(group.send('data'), 'GROUP_SUSPENDED')
    await fails(group.propose({ type: 'update' }), 'GROUP_SUSPENDED')
    await fails(group.commit(), 'GROUP_SUSPENDED')
    await fails(group.groupInfo(), 'GROUP_SUSPENDED')
  }
  agree(alices, bobs)
})

test('R12.4.2-17: who was removed sends nothing, and its store has nothing of the group', async () => {
  const store = memoryStore()
  const bob = await open('bob', { store })
  const alice = await open('alice')
  const group = await alice.createGroup()
  await keyPackage(bob)  // a client with keys, in no group
  const other = await addTo(await (await open('carol')).createGroup(), bob)
  const before = await bytesOf(store)
  const bobs = await addTo(group, bob)
  const during = await bytesOf(store)
  const own = [...during.keys()].filter((scope) => !before.has(scope))
  expect(own).toHaveLength(1)
  expect(during.get(own[0]!)).toBeGreaterThan(500)
  await group.receive(await bobs.send('still here'))
  const commit = await group.commit({ remove: [1] })
  await commit.accepted()
  await bobs.receive(commit.message)
  expect(bobs.phase).toBe('removed')
  await fails(bobs.send('data'), 'REMOVED')
  await fails(bobs.propose({ type: 'update' }), 'REMOVED')
  await fails(bobs.commit(), 'REMOVED')
  await fails(bobs.export('label', new Uint8Array(0), 16), 'REMOVED')
  // One row that says so, empty: a put, a key of one byte, and the lengths of key and value.
  expect((await bytesOf(store)).get(own[0]!)).toBe(1 + 1 + 4 + 4)
  expect(other.phase).toBe('active')
  await other.send('elsewhere')
})
