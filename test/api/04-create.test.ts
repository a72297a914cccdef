// Creating a group, and what its getters show.
import { applicationId, requiredCapabilities } from '../../lib'
import { fails, misused, open, together } from './support/people'
import { turns } from './support/turns'

test('a new group has one member, in epoch 0', async () => {
  const alice = await open('alice')
  const group = await alice.createGroup()
  expect(group).toMatchObject({ epoch: 0n, suite: 1, phase: 'active', leafIndex: 0, memberCount: 1, reinit: null })
  expect(group.id).toHaveLength(32)
  expect(group.key).toBe(Buffer.from(group.id).toString('hex'))
  expect(group.epochAuthenticator).toHaveLength(32)
  expect(group.proposals).toEqual([])
  expect(group.pending()).toEqual([])
})

test('id and extensions may be given', async () => {
  const alice = await open('alice')
  const extension = requiredCapabilities({ credentials: [1] })
  const group = await alice.createGroup({ groupId: Uint8Array.of(1, 2, 3), extensions: [extension] })
  expect(group.key).toBe('010203')
  expect(group.extensions).toEqual([extension])
})

test('a group id is active once', async () => {
  const alice = await open('alice')
  const groupId = Uint8Array.of(1)
  await alice.createGroup({ groupId })
  await fails(alice.createGroup({ groupId }), 'GROUP_EXISTS')
  const both = await Promise.allSettled([1, 2].map(() => alice.createGroup({ groupId: Uint8Array.of(2) })))
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(alice.groups().map(({ key }) => key).sort()).toEqual(['01', '02'])
})

test('what getters give is a copy', async () => {
  const group = await (await open('alice')).createGroup()
  const before = group.epochAuthenticator
  group.epochAuthenticator.fill(0)
  group.id.fill(0)
  expect(group.epochAuthenticator).toEqual(before)
})

test('a deleted group is gone, and its id free', async () => {
  const alice = await open('alice')
  const groupId = Uint8Array.of(5)
  const group = await alice.createGroup({ groupId })
  await group.delete()
  expect(alice.groups()).toEqual([])
  await fails(alice.group(groupId), 'UNKNOWN_GROUP')
  await alice.createGroup({ groupId })
})

test('arguments are checked', async () => {
  const alice = await open('alice')
  await misused(alice.createGroup({ groupId: 'x' } as never), 'TypeError', 'options.groupId')
  await misused(alice.createGroup({ suite: -1 }), 'RangeError', 'options.suite')
  await misused(alice.createGroup({ extensions: [{ type: 1 }] } as never), 'TypeError', 'options.extensions[0].data')
  await misused(alice.createGroup({ suite: 2 }), 'RangeError', 'options.suite')
  expect(alice.groups()).toEqual([])
})

test('members are paged', async () => {
  const group = await (await open('alice')).createGroup()
  const members = []
  for await (const member of group.members({ pageSize: 1 })) members.push(member)
  expect(members).toMatchObject([{ leafIndex: 0, credential: { type: 'basic', identity: Buffer.from('alice') } }])
})

test('a roster of several pages comes whole, and lets others have their turns', async () => {
  const { groups: [group] } = await together(Array.from({ length: 24 }, (_, i) => `member-${i}`.padEnd(4000, '.')), { leafExtensions: [applicationId(Uint8Array.of(1, 2))] })
  const leaves: number[] = []
  const passed = await turns(async () => {
    for await (const { leafIndex, credential, capabilities, extensions, signatureKey, encryptionKey } of group!.members({ pageSize: 4096 })) {
      leaves.push(leafIndex)
      expect(credential).toMatchObject({ type: 'basic', identity: Buffer.from(`member-${leafIndex}`.padEnd(4000, '.')) })
      expect(capabilities.suites).toContain(1)
      expect(extensions).toEqual([applicationId(Uint8Array.of(1, 2))])
      expect([signatureKey.length, encryptionKey.length]).toEqual([32, 32])
      const until = performance.now() + 1
      while (performance.now() < until);
    }
  })
  expect(leaves).toEqual(Array.from({ length: 24 }, (_, i) => i))
  expect(passed).toBeGreaterThan(10)
})

test('the tree comes in parts, all of one epoch', async () => {
  const { groups: [group] } = await together(Array.from({ length: 24 }, (_, i) => `member-${i}`.padEnd(4000, '.')))
  const tree = await group!.tree()
  const parts: Uint8Array[] = []
  for await (const part of group!.treeParts({ partSize: 4096 })) {
    if (parts.length === 3) await (await group!.commit()).accepted()
    parts.push(part)
  }
  expect(parts.slice(0, -1).map(({ length }) => length)).toEqual(parts.slice(1).map(() => 4096))
  expect(new Uint8Array(Buffer.concat(parts))).toEqual(tree)
  const now: Uint8Array[] = []
  for await (const part of group!.treeParts()) now.push(part)
  expect(new Uint8Array(Buffer.concat(now))).toEqual(await group!.tree())
  expect(now).not.toEqual(parts)
  expect(() => group!.treeParts({ partSize: 1 })).toThrow(RangeError)
})
