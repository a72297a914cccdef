// A client that takes any lifetime (`maxLifetime: Infinity`) could not create a group: the end of its own leaf's lifetime went
// round past zero, INVALID_LIFETIME.
import { Client, memoryStore, trustAnyCredential } from '../../lib'

test('a group is created by a client that sets no limit to lifetimes', async () => {
  const client = await Client.open({
    identity: 'alice', store: memoryStore(), authenticate: trustAnyCredential, policy: { limits: { maxLifetime: Infinity } },
  })
  const group = await client.createGroup()
  await (await group.commit()).accepted()
  expect(group.epoch).toBe(1n)
  await client.close()
})
