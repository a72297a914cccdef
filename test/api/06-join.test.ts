// Joining by Welcome.
import { memoryStore, type Atom, type Store } from '../../lib'
import { agree, addTo, fails, keyPackage, misused, open, pair, together } from './support/people'

test('all who join agree, and can send at once', async () => {
  const { groups } = await together(['alice', 'bob', 'carol', 'dave'])
  agree(...groups)
  const message = await groups[3]!.send('hello')
  for (const group of groups.slice(0, 3)) {
    expect(await group.receive(message)).toMatchObject({ kind: 'message', sender: 3 })
  }
})

test('one atom deletes the key package and adds the group', async () => {
  const atoms: Atom[] = []
  const inner = memoryStore()
  const store: Store = { ...bound(inner), commit: (atom) => (atoms.push(atom), inner.commit(atom)) }
  const bob = await open('bob', { store })
  const group = await (await open('alice')).createGroup()
  const made = await keyPackage(bob)
  const { welcome } = await (await group.commit({ add: [made] })).accepted()
  atoms.length = 0
  await bob.join(welcome!)
  expect(atoms).toHaveLength(1)
  expect(atoms[0]!.parts).toHaveLength(2)
})

const bound = (store: Store): Store => ({
  commit: (atom) => store.commit(atom),
  load: (scope, since) => store.load(scope, since),
  list: (prefix) => store.list(prefix),
  delete: (scope) => store.delete(scope),
  close: () => store.close(),
})

test('a join that cannot be stored leaves the key package', async () => {
  const inner = memoryStore()
  let broken = false
  const store: Store = { ...bound(inner), commit: (atom) => (broken ? Promise.reject(new Error('EIO')) : inner.commit(atom)) }
  const bob = await open('bob', { store })
  const group = await (await open('alice')).createGroup()
  const { welcome } = await (await group.commit({ add: [await keyPackage(bob)] })).accepted()
  broken = true
  await fails(bob.join(welcome!), 'STORE_FAILED')
  expect(bob.groups()).toEqual([])
  broken = false
  agree(group, await bob.join(welcome!))
})

test('a Welcome is joined once', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const group = await alice.createGroup()
  const { welcome } = await (await group.commit({ add: [await keyPackage(bob)] })).accepted()
  const both = await Promise.allSettled([bob.join(welcome!), bob.join(welcome!)])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(both[1]).toMatchObject({ reason: { code: 'NO_MATCHING_KEY_PACKAGE' } })
})

test('a group that the client is in is not joined again', async () => {
  const { bob, alices, bobs } = await pair()
  // A second leaf of bob's, with the same signature key, cannot be added; a group of the same id can be made.
  const carol = await open('carol')
  const other = await carol.createGroup({ groupId: alices.id })
  const { welcome } = await (await other.commit({ add: [await keyPackage(bob)] })).accepted()
  await fails(bob.join(welcome!), 'GROUP_EXISTS')
  expect(bob.keyPackages.list()).toHaveLength(1)
  await bobs.delete()
  agree(other, await bob.join(welcome!))
})

test('what is no Welcome for us is refused', async () => {
  const { alice, bob, alices, bobs } = await pair()
  const carol = await open('carol')
  const { welcome } = await (await alices.commit({ add: [await keyPackage(carol)] })).accepted()
  await fails(bob.join(welcome!), 'NO_MATCHING_KEY_PACKAGE')
  await fails(bob.join(await bobs.send('x')), 'WRONG_WIRE_FORMAT')
  await fails(bob.join(new Uint8Array(0)), 'MALFORMED')
  await misused(alice.join('x' as never), 'TypeError', 'welcome')
  await misused(alice.join(welcome!, { tree: 1 } as never), 'TypeError', 'options.tree')
  await misused(alice.join(welcome!, { origin: {} } as never), 'TypeError', 'options.origin')
})

test('a broken Welcome uses nothing up', async () => {
  const bob = await open('bob')
  const group = await (await open('alice')).createGroup()
  const { welcome } = await (await group.commit({ add: [await keyPackage(bob)] })).accepted()
  const broken = welcome!.slice()
  broken[broken.length - 20]! ^= 1
  await fails(bob.join(broken), 'DECRYPT_FAILED')
  agree(group, await bob.join(welcome!))
})

test('who joined later is told by those who were there', async () => {
  const { groups: [alices, bobs] } = await together(['alice', 'bob'])
  const carols = await addTo(alices!, await open('carol'), [bobs!])
  agree(alices!, bobs!, carols)
})

test('a Welcome and a tree of more than one slice', async () => {
  const alice = await open('alice')
  const makers = await Promise.all(Array.from({ length: 24 }, (_, i) => open(`member-${i}`.padEnd(16_000, '.'))))
  const [inside, apart] = [await open('inside'), await open('apart')]
  const group = await alice.createGroup()
  const first = await group.commit({ add: await Promise.all([...makers, inside].map(keyPackage)) })
  const { welcome } = await first.accepted()
  expect(welcome!.length).toBeGreaterThan(1 << 18)
  const second = await group.commit({ add: [await keyPackage(apart)], tree: 'apart' })
  const { welcome: small, tree } = await second.accepted()
  const kept = [welcome!.slice(), tree!.slice()]
  const insides = await inside.join(welcome!)
  await insides.receive(second.message)
  agree(group, insides, await apart.join(small!, { tree: tree! }))
  expect([welcome, tree]).toEqual(kept)
})
