// The pool of key packages: made, counted, renewed, used up, deleted.
import { decode, memoryStore } from '../../lib'
import { addTo, fails, misused, open } from './support/people'

test('key packages are MLSMessages with a lifetime', async () => {
  const now = 1_800_000_000
  const alice = await open('alice', { clock: () => now })
  const [made] = await alice.keyPackages.create(1, { lifetime: 1000 })
  expect(made).toMatchObject({ suite: 1, notAfter: BigInt(now + 1000), lastResort: false })
  const decoded = await decode(made?.message as Uint8Array)
  expect(decoded).toMatchObject({
    wireFormat: 'key-package', suite: 1,
    leafNode: { source: 'key-package', notBefore: BigInt(now - 3600), notAfter: BigInt(now + 1000) },
  })
})

test('many at once have references of their own', async () => {
  const alice = await open('alice')
  const made = await alice.keyPackages.create(50)
  expect(new Set(made.map(({ reference }) => Buffer.from(reference).toString('hex'))).size).toBe(50)
  expect(alice.keyPackages.usable()).toBe(50)
})

test('a join uses a key package up', async () => {
  const alice = await open('alice')
  const store = memoryStore()
  const bob = await open('bob', { store })
  const group = await alice.createGroup()
  await addTo(group, bob)
  expect(bob.keyPackages.list()).toEqual([])
  await bob.close()
  expect((await open('bob', { store })).keyPackages.list()).toEqual([])
})

test('one of last resort stays', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const [last] = await bob.keyPackages.create(1, { lastResort: true })
  expect(bob.keyPackages.usable()).toBe(0)
  for (let i = 0; i < 2; i += 1) {
    const group = await alice.createGroup()
    const commit = await group.commit({ add: [last?.message as Uint8Array] })
    const { welcome } = await commit.accepted()
    await bob.join(welcome as Uint8Array)
  }
  expect(bob.keyPackages.list()).toHaveLength(1)
  expect(bob.groups()).toHaveLength(2)
})

test('renew deletes what has expired and makes what is missing', async () => {
  let now = 1_800_000_000
  const alice = await open('alice', { clock: () => now })
  await alice.keyPackages.create(2, { lifetime: 1000 })
  expect(await alice.keyPackages.renew({ count: 5, remaining: 0 })).toHaveLength(3)
  now += 2000
  expect(alice.keyPackages.usable()).toBe(3)
  expect(await alice.keyPackages.renew({ count: 5 })).toHaveLength(2)
  expect(alice.keyPackages.list()).toHaveLength(5)
  expect(await alice.keyPackages.renew({ count: 5 })).toEqual([])
})

test('a deleted key package can no longer be joined with', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const [made] = await bob.keyPackages.create()
  const commit = await (await alice.createGroup()).commit({ add: [made?.message as Uint8Array] })
  await bob.keyPackages.delete([made?.reference as Uint8Array])
  await bob.keyPackages.delete([made?.reference as Uint8Array])
  const { welcome } = await commit.accepted()
  await fails(bob.join(welcome as Uint8Array), 'NO_MATCHING_KEY_PACKAGE')
})

test('arguments are checked', async () => {
  const alice = await open('alice')
  await misused(alice.keyPackages.create(0), 'RangeError', 'count')
  await misused(alice.keyPackages.create(1.5), 'RangeError', 'count')
  await misused(alice.keyPackages.create(1, { suite: 70_000 }), 'RangeError', 'options.suite')
  await misused(alice.keyPackages.create(1, { lifetime: '1' } as never), 'TypeError', 'options.lifetime')
  await misused(alice.keyPackages.delete([1] as never), 'TypeError', 'references[0]')
  await misused(alice.keyPackages.import({} as never), 'TypeError', 'keyPackage.keyPackage')
})

test('making them can be aborted', async () => {
  const alice = await open('alice')
  await fails(alice.keyPackages.create(10, { signal: AbortSignal.abort() }), 'ABORTED')
  expect(alice.keyPackages.list()).toEqual([])
})

test('thousands are made at once, each listed under its own reference, also after the client is opened again', async () => {
  const store = memoryStore()
  const client = await open('alice', { store })
  const made = await client.keyPackages.create(3000)
  expect(new Set(made.map(({ reference }) => Buffer.from(reference).toString('hex'))).size).toBe(3000)
  expect(client.keyPackages.usable()).toBe(3000)
  expect(await decode(made[2999]!.message)).toMatchObject({ wireFormat: 'key-package', suite: 1 })
  const listed = client.keyPackages.list()
  await client.close()
  const again = await open('alice', { store })
  const order = (infos: typeof listed): typeof listed =>
    [...infos].sort((a, b) => Buffer.compare(a.reference, b.reference))
  expect(order(again.keyPackages.list())).toEqual(order(listed))
})
