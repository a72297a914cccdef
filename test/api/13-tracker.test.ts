// The tracker: a group followed without keys.
import { Tracker, trustAnyCredential, type Group } from '../../lib'
import { agree, fails, keyPackage, misused, open, pair, together } from './support/people'

const policy = { handshake: 'public' } as const

async function seeded(group: Group): Promise<Tracker> {
  const tracker = new Tracker({ authenticate: trustAnyCredential })
  await tracker.seed(await group.groupInfo())
  return tracker
}

test('a tracker follows proposals and commits', async () => {
  const { alices, bobs } = await pair({ policy })
  const tracker = await seeded(alices)
  expect(tracker).toMatchObject({ key: alices.key, epoch: 1n, suite: 1, memberCount: 2 })
  const proposed = await bobs.propose({ type: 'add', keyPackage: await keyPackage(await open('carol')) })
  expect(await tracker.receive(proposed.message)).toMatchObject({ kind: 'proposal', sender: { type: 'member', leafIndex: 1 } })
  expect(tracker.proposals).toHaveLength(1)
  await alices.receive(proposed.message)
  const commit = await alices.commit()
  await commit.accepted()
  expect(await tracker.receive(commit.message)).toMatchObject({ kind: 'commit', epoch: 2n, added: Uint32Array.of(2) })
  expect(tracker).toMatchObject({ epoch: 2n, memberCount: 3, treeHash: alices.treeHash, proposals: [] })
})

test('a tracker refuses what is private, stale or forged', async () => {
  const { alices, bobs } = await pair({ policy })
  const tracker = await seeded(alices)
  await expect(tracker.receive(await alices.send('x'))).rejects.toMatchObject({ name: 'MlsError' })
  const commit = await alices.commit()
  const forged = commit.message.slice()
  forged[forged.length - 76]! ^= 1  // in the signature; both tags need keys
  await expect(tracker.receive(forged)).rejects.toMatchObject({ name: 'MlsError' })
  expect(tracker.epoch).toBe(1n)
  await tracker.receive(commit.message)
  await fails(tracker.receive(commit.message), 'WRONG_EPOCH')
  await bobs.receive(commit.message)
  expect(tracker.treeHash).toEqual(bobs.treeHash)
})

test('a tracker serves those who join externally', async () => {
  const { alices } = await pair({ policy })
  const tracker = await seeded(alices)
  const commit = await alices.commit()
  await commit.accepted()
  await tracker.receive(commit.message)
  await tracker.offerGroupInfo(await alices.groupInfo({ tree: 'apart' }))
  const carol = await open('carol', { policy })
  const join = await carol.joinExternally(await tracker.groupInfo(), { tree: await tracker.tree() })
  expect(await tracker.receive(join.message)).toMatchObject({ kind: 'commit', external: true })
  await alices.receive(join.message)
  await join.accepted()
  agree(alices, join.group)
})

test('members, saving and loading', async () => {
  const { groups: [alices] } = await together(['alice', 'bob', 'carol'], { policy })
  const tracker = await seeded(alices!)
  const names: string[] = []
  for await (const { credential } of tracker.members({ pageSize: 2 })) {
    if (credential.type === 'basic') names.push(Buffer.from(credential.identity).toString())
  }
  expect(names).toEqual(['alice', 'bob', 'carol'])
  const again = new Tracker({ authenticate: trustAnyCredential })
  await again.load(await tracker.save())
  expect(again).toMatchObject({ epoch: 1n, memberCount: 3, treeHash: tracker.treeHash })
  const commit = await alices!.commit()
  await again.receive(commit.message)
  expect(again.epoch).toBe(2n)
})

test('a tracker asks who is new', async () => {
  const { alices, bobs } = await pair({ policy })
  const asked: string[] = []
  const tracker = new Tracker({
    authenticate: (batch) => batch.map(({ role, credential }) => {
      asked.push(`${role} ${credential.type === 'basic' ? Buffer.from(credential.identity).toString() : ''}`)
      return !(credential.type === 'basic' && Buffer.from(credential.identity).toString() === 'mallory')
    }),
  })
  await tracker.seed(await alices.groupInfo())
  expect(asked).toEqual(['member alice', 'member bob'])
  const commit = await bobs.commit({ add: [await keyPackage(await open('mallory'))] })
  await fails(tracker.receive(commit.message), 'CREDENTIAL_REJECTED')
  expect(tracker.epoch).toBe(1n)
})

test('arguments and phases are checked', async () => {
  const tracker = new Tracker({ authenticate: trustAnyCredential })
  const thrown = (work: () => unknown): unknown => {
    try {
      return work()
    } catch (error) {
      return error
    }
  }
  expect(thrown(() => new Tracker({} as never))).toMatchObject({ name: 'TypeError' })
  expect(thrown(() => tracker.epoch)).toMatchObject({ code: 'MISUSE' })
  await fails(tracker.receive(new Uint8Array(3)), 'MISUSE')
  await misused(tracker.seed(1 as never), 'TypeError', 'groupInfo')
  await tracker.close()
  await fails(tracker.tree(), 'CLOSED')
})

