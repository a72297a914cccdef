// Opening, closing and reopening a client.
import { Client, memoryStore, trustAnyCredential } from '../../lib'
import { addTo, agree, fails, keyPackage, misused, open } from './support/people'

test('a client needs an identity, a store and an authenticator', async () => {
  const store = memoryStore()
  const options = { identity: 'alice', store, authenticate: trustAnyCredential }
  const without = (name: string): never => ({ ...options, [name]: undefined }) as never
  await misused(Client.open(without('identity')), 'TypeError', 'options.identity')
  await misused(Client.open(without('authenticate')), 'TypeError', 'options.authenticate')
  await misused(Client.open(without('store')), 'TypeError', 'options.store')
  await misused(Client.open({ ...options, suites: [99] }), 'RangeError', 'options.suites')
  await misused(Client.open({ ...options, encryptionKey: new Uint8Array(31) }), 'RangeError', 'options.encryptionKey')
  await misused(Client.open({ ...options, athenticate: 1 } as never), 'TypeError', 'options.athenticate')
  const names: string[] = []
  for await (const name of store.list(new Uint8Array(0))) names.push(Buffer.from(name).toString('hex'))
  expect(names).toEqual([])
})

test('groups and key packages survive a restart', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const bob = await open('bob', { store })
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  await alice.keyPackages.create(3)
  await Promise.all([alice.close(), bob.close()])

  const again = await open('alice', { store })
  expect(again.keyPackages.list()).toHaveLength(3)
  expect(again.groups()).toEqual([{ id: group.id, key: group.key, status: 'active' }])
  const reopened = await again.group(group.id)
  agree(reopened, bobs)
  expect(await again.group(group.id)).toBe(reopened)
})

test('clients of one store do not see each other', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const bob = await open('bob', { store })
  const group = await alice.createGroup()
  expect(bob.groups()).toEqual([])
  await fails(bob.group(group.id), 'UNKNOWN_GROUP')
})

test('a closed client does nothing more, and closes its groups', async () => {
  const alice = await open('alice')
  const group = await alice.createGroup()
  await alice.close()
  await alice.close()
  await fails(alice.createGroup(), 'CLOSED')
  await fails(alice.keyPackages.create(), 'CLOSED')
  await fails(group.send('x'), 'CLOSED')
  expect(group.epoch).toBe(0n)
})

test('the caller\'s key opens what it sealed, and no other does', async () => {
  const store = memoryStore()
  const key = new Uint8Array(32).fill(7)
  const alice = await open('alice', { store, encryptionKey: key })
  const group = await alice.createGroup()
  await alice.close()
  await fails(open('alice', { store, encryptionKey: new Uint8Array(32).fill(8) }), 'WRONG_ENCRYPTION_KEY')
  await fails(open('alice', { store }), 'WRONG_ENCRYPTION_KEY')
  const again = await open('alice', { store, encryptionKey: key })
  expect((await again.group(group.id)).epochAuthenticator).toEqual(group.epochAuthenticator)
})

test('a client speaks several suites', async () => {
  const alice = await open('alice', { suites: [1, 2, 3] })
  for (const suite of alice.suites) {
    const bob = await open('bob', { suites: [suite] })
    const group = await alice.createGroup({ suite })
    expect(group.suite).toBe(suite)
    const bobs = await addTo(group, bob)
    agree(group, bobs)
  }
})

test('suites added later get a signer, those there keep theirs', async () => {
  const store = memoryStore()
  const first = await open('alice', { store })
  const before = await keyPackage(first)
  await first.close()
  const alice = await open('alice', { store, suites: [1, 2] })
  expect(alice.suites).toEqual([1, 2])
  expect(alice.keyPackages.list()).toHaveLength(1)
  await alice.createGroup({ suite: 2 })
  expect(before.length).toBeGreaterThan(100)
})
