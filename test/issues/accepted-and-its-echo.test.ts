// A commit whose echo came in while accepted() was called: accepted() rejected with STALE_CANDIDATE, which means that another
// commit was first, and its caller never sent the Welcome. Only a store that stores within the turn hid it.
import { setTimeout as sleep } from 'node:timers/promises'
import { agree, keyPackage, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('accepted() and the echo of a commit give the same, whichever is first, on a store that takes its time', async () => {
  const store = toldStore()
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  store.told = async (atom, inner) => {
    await sleep(10)
    return inner.commit(atom)
  }
  for (const echoFirst of [true, false]) {
    const bob = await open('bob')
    const commit = await group.commit({ add: [await keyPackage(bob)] })
    const echo = () => group.receive(commit.message)
    const [received, accepted] = echoFirst
      ? await Promise.all([echo(), commit.accepted()])
      : (await Promise.all([commit.accepted(), echo().catch(() => null)])).reverse() as never
    if (echoFirst) expect(received).toMatchObject({ kind: 'commit', own: true })
    const bobs = await bob.join((accepted as Awaited<ReturnType<typeof commit.accepted>>).welcome!)
    agree(group, bobs)
    await (await group.commit({ remove: [bobs.leafIndex] })).accepted()
  }
  // One that lost is told so.
  const [lost, won] = [await group.commit(), await group.commit()]
  const outcomes = await Promise.allSettled([group.receive(won.message), lost.accepted()])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(outcomes[1]).toMatchObject({ reason: { code: 'STALE_CANDIDATE' } })
})
