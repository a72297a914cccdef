// A client that takes any lifetime (`maxLifetime: Infinity`) could not create a group: the end of its own leaf's lifetime went
// round past zero, INVALID_LIFETIME.
import { Client, memoryStore, trustAnyCredential } from '../../lib'

test('a group is created by a client that sets no limit to lifetimes', async () => {
  const client = await Client.open({
    identity: 'alice', store: memoryStore(), authenticate: trustAnyCredential, policy: { limits: { maxLifetime: Infinity } },
  })
  const group = await client.createGroup()
  // The creator's leaf stays as it was made, and others take it, who have a limit.
  const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential })
  const [keyPackage] = await bob.keyPackages.create()
  const { welcome } = await (await group.commit({ add: [keyPackage?.message as Uint8Array], path: 'when-required' })).accepted()
  const bobs = await bob.join(welcome as Uint8Array)
  expect(bobs.epoch).toBe(1n)
  await bobs.receive(await group.send('hello'))
  await Promise.all([client.close(), bob.close()])
})
