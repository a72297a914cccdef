// After all the forgeries: everything genuine that was forged is given as it was sent, and taken; and once more, and refused.
import { Tracker, trustAnyCredential, type Received } from '../../lib'
import { agree, text } from '../api/support/people'
import type { World } from './doors'

/** takeAll gives everything genuine, each in a way by which forgeries of it came. Gives how many were taken. */
export async function takeAll(world: World): Promise<number> {
  let count = 0
  for (const take of [takePackages, takeMessages, takeWelcomes, takeInfos, takeTransfer, takeByTracker, takePending]) count += await take(world)
  return count
}

async function takePackages({ room: { mine }, ways: { ending }, packages: { anybody, members, daves } }: World): Promise<number> {
  for (const bytes of anybody.genuine) {
    const before = mine.pending().length
    const commit = await mine.commit({ add: [bytes] })
    expect(mine.pending()).toHaveLength(before + 1)
    await commit.rejected()
    expect(await mine.commit({ proposals: [{ type: 'add', keyPackage: bytes }] }).then((one) => one.rejected())).toBeUndefined()
  }
  const [first] = anybody.genuine
  const proposed = mine.proposals.length
  await mine.propose({ type: 'add', keyPackage: first as Uint8Array })
  expect(mine.proposals).toHaveLength(proposed + 1)
  for (const bytes of members.genuine) expect((await mine.branch([bytes])).group).toMatchObject({ epoch: 1n, memberCount: 2 })
  for (const bytes of daves.genuine) expect((await ending.successor([bytes])).group).toMatchObject({ epoch: 1n, memberCount: 2 })
  return anybody.genuine.length + members.genuine.length + daves.genuine.length
}

async function takeMessages({ people: { victim }, room: { mine, messages, proposals, commits } }: World): Promise<number> {
  const ways: ((bytes: Uint8Array) => Promise<Received | { readonly kind: 'error'; readonly error: Error } | undefined>)[] = [
    (bytes) => mine.receive(bytes), (bytes) => mine.receiveMany([bytes]).then(([one]) => one),
    (bytes) => victim.receive(bytes), (bytes) => victim.receiveMany([bytes]).then(([one]) => one),
  ]
  for (const [i, { bytes, text: said }] of messages.entries()) {
    const received = await ways[i % ways.length]!(bytes)
    expect(received?.kind === 'message' && text(received.data)).toBe(said)
  }
  for (const { bytes } of messages) await expect(mine.receive(bytes)).rejects.toMatchObject({ code: 'KEY_CONSUMED' })
  for (const [i, bytes] of proposals.entries()) {
    const before = mine.proposals.length
    expect(await ways[i % ways.length]!(bytes)).toMatchObject({ kind: 'proposal' })
    expect(mine.proposals).toHaveLength(before + 1)
  }
  // Of one epoch only one can be applied: each is shown to be fit, and dropped.
  for (const bytes of commits) {
    const staged = await mine.receive(bytes, { inspect: true })
    expect(staged.kind).toBe('staged')
    if (staged.kind === 'staged') staged.drop()
  }
  return messages.length + proposals.length + commits.length
}

/** A forged Welcome has not used up the key package: the genuine one does. */
async function takeWelcomes({ people: { victim }, room: { mine }, ways: { welcome, apart, branch } }: World): Promise<number> {
  const joins = [
    ...welcome.genuine.map((bytes) => ({ bytes, options: {} })), { bytes: apart.welcome, options: { tree: apart.tree } },
    ...branch.genuine.map((bytes) => ({ bytes, options: { origin: mine } })),
  ]
  for (const { bytes, options } of joins) {
    const before = victim.keyPackages.usable()
    const joined = await victim.join(bytes, options)
    expect(victim.keyPackages.usable()).toBe(before - 1)
    await expect(victim.join(bytes, options)).rejects.toMatchObject({ code: 'NO_MATCHING_KEY_PACKAGE' })
    if (bytes !== welcome.genuine[0]) continue
    agree(joined, welcome.group)
    expect(await joined.receive(await welcome.group.send('to whom was invited'))).toMatchObject({ kind: 'message' })
  }
  return joins.length
}

async function takeInfos({ people: { victim }, ways: { info, infoApart } }: World): Promise<number> {
  for (const bytes of info.genuine) {
    const join = await victim.joinExternally(bytes)
    await info.group.receive(join.message)
    await join.accepted()
    agree(join.group, info.group)
  }
  const join = await victim.joinExternally(infoApart.info, { tree: infoApart.tree })
  expect(join.group.phase).toBe('joining')
  await join.rejected()
  return info.genuine.length + 1
}

async function takeTransfer({ people: { victim }, transfers: { genuine, group, keyOf } }: World): Promise<number> {
  for (const bytes of genuine) {
    const moved = await victim.importGroup(bytes, keyOf(bytes))
    agree(moved, group)
    expect(await group.receive(await moved.send('from the other store'))).toMatchObject({ kind: 'message' })
  }
  return genuine.length
}

async function takeByTracker({ room, fresh }: World): Promise<number> {
  const { tracker, publicProposals, publicCommits, infos, futureApart } = room
  await tracker.offerGroupInfo(infos.present)
  expect(await tracker.groupInfo()).toEqual(infos.present)
  await fresh.seed(infos.present)
  expect(fresh).toMatchObject({ epoch: tracker.epoch, treeHash: tracker.treeHash })
  for (const bytes of publicProposals) expect(await tracker.receive(bytes)).toMatchObject({ kind: 'proposal' })
  const steps: ((copy: Tracker) => Promise<unknown>)[] = [
    ...publicCommits.map((bytes) => (copy: Tracker) => copy.receive(bytes)),
    (copy) => copy.seed(infos.future), (copy) => copy.seed(futureApart.info, { tree: futureApart.tree }),
  ]
  for (const step of steps) {
    const copy = new Tracker({ authenticate: trustAnyCredential })
    await copy.load(await tracker.save())
    await step(copy)
    expect(copy.epoch).toBe(tracker.epoch + 1n)
    await copy.close()
  }
  return publicProposals.length + steps.length + 2
}

/** The victim's own commit, which waited all the while, comes back, and alice takes it. */
async function takePending({ room: { mine, alices, pending } }: World): Promise<number> {
  expect(mine.pending()).toEqual([pending])
  expect(await mine.receive(pending.message)).toMatchObject({ kind: 'commit', own: true })
  await alices.receive(pending.message)
  agree(mine, alices)
  expect(await alices.receive(await mine.send('in the next epoch'))).toMatchObject({ kind: 'message' })
  return 1
}
