// Candidates: several side by side, echoes, lost races, restarts.
import { createHash } from 'node:crypto'
import { memoryStore, type Group, type StagedCommit } from '../../lib'
import { agree, fails, keyPackage, open, pair, together } from './support/people'

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

test('of several candidates one is accepted, the others are dropped', async () => {
  const { alices, bobs } = await pair()
  const [one, two] = [await alices.commit(), await alices.commit()]
  expect(alices.pending()).toEqual([one, two])
  const superseded: bigint[] = []
  alices.on('superseded', ({ ids }) => superseded.push(...ids))
  await two!.accepted()
  await bobs.receive(two!.message)
  agree(alices, bobs)
  await fails(one!.accepted(), 'STALE_CANDIDATE')
  expect(superseded).toEqual([one!.id])
})

test('another member\'s commit drops all', async () => {
  const { alices, bobs } = await pair()
  const ours = [await alices.commit(), await alices.commit()]
  const theirs = await bobs.commit()
  await theirs.accepted()
  const kinds: string[] = []
  alices.on('commit', () => kinds.push('commit'))
  alices.on('superseded', ({ ids, epoch }) => kinds.push(`superseded ${ids.join()} ${epoch}`))
  await alices.receive(theirs.message)
  expect(kinds).toEqual(['commit', `superseded ${ours.map(({ id }) => id).join()} 2`])
  expect(alices.pending()).toEqual([])
  for (const commit of ours) await fails(commit.accepted(), 'STALE_CANDIDATE')
  agree(alices, bobs)
})

test('a commit that comes back equals its being accepted', async () => {
  const { alices, bobs } = await pair()
  const carol = await open('carol')
  const commit = await alices.commit({ add: [await keyPackage(carol)] })
  expect(await alices.receive(commit.message)).toMatchObject({ kind: 'commit', own: true, committer: 0 })
  await bobs.receive(commit.message)
  const { welcome, welcomes } = await commit.accepted()
  expect([...welcomes][0]?.recipients).toHaveLength(1)
  agree(alices, bobs, await carol.join(welcome!))
  await fails(alices.receive(commit.message), 'WRONG_EPOCH')
})

test('accepted and the echo may race', async () => {
  const { alices } = await pair()
  const commit = await alices.commit()
  const [received, accepted] = await Promise.all([alices.receive(commit.message), commit.accepted()])
  expect(received).toMatchObject({ kind: 'commit', own: true })
  expect(accepted.commit.epoch).toBe(2n)
  expect(await commit.accepted()).toBe(await commit.accepted())
})

test('candidates survive a restart, with their Welcomes', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const bob = await open('bob')
  const group = await alice.createGroup()
  const commit = await group.commit({ add: [await keyPackage(bob)] })
  await alice.close()
  const again = await (await open('alice', { store })).group(group.id)
  const [found] = again.pending()
  expect(found).toMatchObject({ id: commit.id, message: commit.message })
  const { welcome } = await found!.accepted()
  agree(again, await bob.join(welcome!))
})

test('a state names pending commits by digest, and the message of one comes when it was found in the store', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  const commits = [await group.commit(), await group.commit()]
  const { pending } = await group.use((native) => native.state())
  expect(pending.map(({ id, message }) => [id, message])).toEqual(commits.map(({ id }) => [id, null]))
  expect(pending.map(({ digest }) => digest)).toEqual(commits.map(({ message }) => sha256(message)))
  await commits[0]!.rejected()
  await alice.close()
  const again = await (await open('alice', { store })).group(group.id)
  const [found] = again.pending()
  expect(found).toMatchObject({ id: commits[1]!.id, message: commits[1]!.message })
  await again.propose({ type: 'group-context-extensions', extensions: [] })
  expect(again.pending()).toEqual([found])
})

test('sending goes on in the old epoch', async () => {
  const { alices, bobs } = await pair()
  const commit = await alices.commit()
  const message = await alices.send('meanwhile')
  expect(await bobs.receive(message)).toMatchObject({ kind: 'message', epoch: 1n })
  await bobs.receive(commit.message)
  await commit.accepted()
  agree(alices, bobs)
})

test('a received commit can be inspected first', async () => {
  const { groups: [alices, bobs, carols] } = await together(['alice', 'bob', 'carol'])
  const commit = await alices!.commit({ remove: [2] })
  await commit.accepted()
  const staged = await bobs!.receive(commit.message, { inspect: true })
  expect(staged).toMatchObject({ kind: 'staged', commit: { epoch: 2n, committer: 0, removed: Uint32Array.of(2), selfRemoved: false } })
  expect(bobs!.epoch).toBe(1n)
  if (staged.kind !== 'staged') throw new Error('not staged')
  expect(await staged.accept()).toMatchObject({ kind: 'commit', epoch: 2n })
  await fails(staged.accept(), 'STALE_VERSION')
  agree(alices!, bobs!)
  const dropped = await carols!.receive(commit.message, { inspect: true })
  if (dropped.kind !== 'staged') throw new Error('not staged')
  expect(dropped.commit.selfRemoved).toBe(true)
  dropped.drop()
  await fails(dropped.accept(), 'STALE_VERSION')
  expect(carols!.phase).toBe('active')
  await carols!.receive(commit.message)
  expect(carols!.phase).toBe('removed')
})

test('a staged commit is void when the group went on', async () => {
  const { alices, bobs } = await pair()
  const commit = await alices.commit()
  await commit.accepted()
  const staged = await bobs.receive(commit.message, { inspect: true })
  await bobs.receive(commit.message)
  if (staged.kind !== 'staged') throw new Error('not staged')
  await fails(staged.accept(), 'STALE_VERSION')
  agree(alices, bobs)
})

async function stagedAt(group: Group, message: Uint8Array): Promise<StagedCommit> {
  const staged = await group.receive(message, { inspect: true })
  if (staged.kind !== 'staged') throw new Error('not staged')
  return staged
}

test('a staged commit expires, and does not keep the process alive', async () => {
  const { alices, bobs } = await pair({ stagedCommitTimeout: 40 })
  const commit = await alices.commit()
  await commit.accepted()
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const staged = await stagedAt(bobs, commit.message)
  expect(timers()).toBe(before)
  await new Promise((go) => setTimeout(go, 80))
  await fails(staged.accept(), 'STALE_VERSION')
  expect(bobs.epoch).toBe(1n)
  await (await stagedAt(bobs, commit.message)).accept()
  agree(alices, bobs)
})

test('a group has one staged commit: the next takes the place of the former', async () => {
  const { groups: [alices, bobs, carols] } = await together(['alice', 'bob', 'carol'])
  const [first, second] = [await alices!.commit(), await bobs!.commit()]
  const former = await stagedAt(carols!, first.message)
  const later = await stagedAt(carols!, second.message)
  await fails(former.accept(), 'STALE_VERSION')
  await second.accepted()
  const [accepted, again] = await Promise.allSettled([later.accept(), later.accept()])
  expect([accepted, again]).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'STALE_VERSION' } }])
  agree(bobs!, carols!)
})
