// Commits that add, remove and change members, and what becomes of them.
import { setTimeout as sleep } from 'node:timers/promises'
import { agree, addTo, fails, keyPackage, misused, open, pair, together } from './support/people'

test('a commit is a candidate until it is accepted', async () => {
  const [alice, bob] = [await open('alice'), await open('bob')]
  const group = await alice.createGroup()
  const commit = await group.commit({ add: [await keyPackage(bob)] })
  expect(group.epoch).toBe(0n)
  expect(group.pending()).toEqual([commit])
  const accepted = await commit.accepted()
  expect(await commit.accepted()).toBe(accepted)
  expect(accepted.commit).toMatchObject({ epoch: 1n, committer: 0, own: true, external: false, selfRemoved: false })
  expect([...accepted.commit.added]).toEqual([1])
  expect(group).toMatchObject({ epoch: 1n, memberCount: 2 })
  expect(group.pending()).toEqual([])
  await fails(commit.rejected(), 'STALE_CANDIDATE')
})

test('a rejected commit is forgotten', async () => {
  const group = await (await open('alice')).createGroup()
  const commit = await group.commit()
  await commit.rejected()
  await commit.rejected()
  expect(group.pending()).toEqual([])
  await fails(commit.accepted(), 'STALE_CANDIDATE')
  await (await group.commit()).accepted()
  expect(group.epoch).toBe(1n)
})

test('members are removed, and know it', async () => {
  const { groups: [alices, bobs, carols] } = await together(['alice', 'bob', 'carol'])
  const commit = await alices!.commit({ remove: [bobs!.leafIndex] })
  const { commit: info, welcome } = await commit.accepted()
  expect([...info.removed]).toEqual([1])
  expect(welcome).toBeNull()
  expect(await carols!.receive(commit.message)).toMatchObject({ kind: 'commit', own: false, committer: 0, selfRemoved: false })
  const removed: bigint[] = []
  bobs!.on('removed', ({ epoch }) => removed.push(epoch))
  expect(await bobs!.receive(commit.message)).toMatchObject({ kind: 'commit', selfRemoved: true })
  expect(bobs!.phase).toBe('removed')
  expect(removed).toEqual([2n])
  await fails(bobs!.send('x'), 'REMOVED')
  agree(alices!, carols!)
})

test('a removed member may come back', async () => {
  const { alice, bob, alices, bobs } = await pair()
  const out = await alices.commit({ remove: [1] })
  await out.accepted()
  await bobs.receive(out.message)
  const again = await addTo(alices, bob)
  expect(again).not.toBe(bobs)
  agree(alices, again)
  expect(await bob.group(again.id)).toBe(again)
  expect(alice.groups()).toHaveLength(1)
})

test('keys are rotated, signature keys too', async () => {
  const { alices, bobs } = await pair()
  const keyOf = async (): Promise<Uint8Array> => {
    for await (const member of bobs.members()) if (member.leafIndex === 0) return member.signatureKey
    throw new Error('no such member')
  }
  const before = await keyOf()
  const commit = await alices.commit({ update: { rotateSignatureKey: true } })
  await commit.accepted()
  await bobs.receive(commit.message)
  agree(alices, bobs)
  expect(await keyOf()).not.toEqual(before)
  expect(await bobs.receive(await alices.send('still me'))).toMatchObject({ kind: 'message', sender: 0 })
})

test('the group\'s extensions change', async () => {
  const { alices, bobs } = await pair()
  const extensions = [{ type: 3, data: Uint8Array.of(0, 0, 0) }]
  const commit = await alices.commit({ extensions })
  await commit.accepted()
  await bobs.receive(commit.message)
  expect(bobs.extensions).toEqual(extensions)
})

test('a Welcome each, and the tree apart', async () => {
  const alice = await open('alice')
  const others = await Promise.all(['bob', 'carol', 'dave'].map((name) => open(name)))
  const group = await alice.createGroup()
  const commit = await group.commit({ add: await Promise.all(others.map(keyPackage)), welcomes: 'one-each', tree: 'apart' })
  const { welcome, welcomes, tree } = await commit.accepted()
  expect(welcome).toBeNull()
  expect(welcomes.count).toBe(3)
  const messages = [...welcomes]
  expect(messages.map(({ recipients }) => recipients.length)).toEqual([1, 1, 1])
  const joined = []
  for (const [i, other] of others.entries()) {
    const mine = messages[i]!.message
    await fails(other.join(mine), 'MISSING_TREE')
    joined.push(await other.join(mine, { tree: tree! }))
  }
  agree(group, ...joined)
})

test('key packages may come packed, or as an iterable', async () => {
  const alice = await open('alice')
  const others = await Promise.all(['bob', 'carol'].map((name) => open(name)))
  const packages = await Promise.all(others.map(keyPackage))
  const group = await alice.createGroup()
  const offsets = Uint32Array.from([0, packages[0]!.length, packages[0]!.length + packages[1]!.length])
  const packed = await group.commit({ add: { bytes: Buffer.concat(packages), offsets } })
  await packed.rejected()
  const iterated = await group.commit({ add: new Set(packages).values() })
  await iterated.accepted()
  expect(group.memberCount).toBe(3)
  await misused(group.commit({ add: { bytes: new Uint8Array(3), offsets: Uint32Array.of(0, 5) } }), 'RangeError', 'options.add.offsets')
  await misused(group.commit({ add: 5 } as never), 'TypeError', 'options.add')
  await misused(group.commit({ add: [1] } as never), 'TypeError', 'options.add[0]')
  await misused(group.commit({ add: new Uint8Array(3) } as never), 'TypeError', 'options.add')
})

test('a bad key package stops the commit and changes nothing', async () => {
  const { alices, bobs, bob } = await pair()
  const good = await keyPackage(bob)
  const bad = good.slice()
  bad[bad.length - 1]! ^= 1
  await fails(alices.commit({ add: [bad] }), 'INVALID_KEY_PACKAGE')
  await fails(alices.commit({ add: [new Uint8Array(3)] }), 'MALFORMED')
  expect(alices.pending()).toEqual([])
  agree(alices, bobs)
})

test('a long commit tells how far it is and can be aborted', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const made = await bob.keyPackages.create(600)
  const group = await alice.createGroup()
  const controller = new AbortController()
  const phases: string[] = []
  const work = group.commit({
    add: made.map(({ message }) => message), signal: controller.signal, onProgress: ({ phase }) => phases.push(phase),
  })
  await sleep(20)
  controller.abort(new Error('enough'))
  await work.then(() => undefined, (error: unknown) => expect(error).toMatchObject({ code: 'ABORTED' }))
  await fails(group.commit({ signal: AbortSignal.abort() }), 'ABORTED')
  await (await group.commit()).accepted()
  expect(group.memberCount).toBe(1)
})
