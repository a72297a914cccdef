// Groups that follow others: after a ReInit, and as a branch.
import { agree, fails, keyPackage, misused, open, pair, together } from './support/people'

test('a ReInit suspends the group, and its successor takes over', async () => {
  const { alice, bob, alices, bobs } = await pair({ suites: [1, 2] })
  const commit = await alices.commit({ reinit: { suite: 2 } })
  const { commit: info } = await commit.accepted()
  expect(info.reinit).toMatchObject({ suite: 2 })
  expect(await bobs.receive(commit.message)).toMatchObject({ reinit: { suite: 2 } })
  for (const group of [alices, bobs]) {
    expect(group.phase).toBe('suspended')
    expect(group.reinit?.suite).toBe(2)
    await fails(group.send('x'), 'GROUP_SUSPENDED')
  }
  const [made] = await bob.keyPackages.create(1, { suite: 2 })
  const { group, welcome } = await alices.successor([made!.message])
  expect(group.suite).toBe(2)
  expect(group.id).toEqual(alices.reinit?.groupId)
  agree(group, await bob.join(welcome!, { origin: bobs }))
  expect(alice.groups()).toHaveLength(2)
})

test('a successor\'s Welcome is also found without naming the origin', async () => {
  const { bob, alices, bobs } = await pair()
  const commit = await alices.commit({ reinit: {} })
  await commit.accepted()
  await bobs.receive(commit.message)
  const { group, welcome } = await alices.successor([await keyPackage(bob)])
  const joined = await bob.join(welcome!, { origin: bobs })
  agree(group, joined)
})

test('a branch has some of the members', async () => {
  const { clients: [, bob], groups: [alices, bobs] } = await together(['alice', 'bob', 'carol'])
  const { group, welcome } = await alices!.branch([await keyPackage(bob!)])
  agree(group, await bob!.join(welcome!, { origin: bobs! }))
  expect(group.memberCount).toBe(2)
  expect(alices!.phase).toBe('active')
  await alices!.send('the origin goes on')
})

test('who is no member cannot be branched to, and there is no successor without a ReInit', async () => {
  const { alices } = await pair()
  const mallory = await open('mallory')
  await fails(alices.branch([await keyPackage(mallory)]), 'BRANCH_MISMATCH')
  await fails(alices.successor([]), 'MISUSE')
  await misused(alices.branch(5 as never), 'TypeError', 'keyPackages')
  await misused(alices.branch([], { groupId: 1 } as never), 'TypeError', 'options.groupId')
})

test('an unrelated Welcome is no successor', async () => {
  const { alice, bob, bobs } = await pair()
  const other = await alice.createGroup()
  const { welcome } = await (await other.commit({ add: [await keyPackage(bob)] })).accepted()
  await expect(bob.join(welcome!, { origin: bobs })).rejects.toMatchObject({ name: 'MlsError', fault: 'violation' })
})
