// Confirming an external join was two atoms: when the second failed, the client's list already said that the new group
// was the active one and the group that it replaces was past, while the new one was still joining. Who then took the
// join back had neither.
import { Client, MlsError, memoryStore, trustAnyCredential, type Store } from '../../lib'

/** failing gives a store whose atoms fail while `fails` says so, and the number of those that did not. */
function failing(fails: () => boolean): { readonly store: Store; readonly count: () => number } {
  const inner = memoryStore()
  let stored = 0
  const store: Store = {
    async commit(atom) {
      if (fails()) throw new Error('no room')
      stored += 1
      return inner.commit(atom)
    },
    load: (scope, since, also) => inner.load(scope, since, also),
    list: (prefix) => inner.list(prefix),
    delete: (scope) => inner.delete(scope),
    close: () => inner.close(),
  }
  return { store, count: () => stored }
}

test.each([1, 2])('an external join that is confirmed, and its atom %i fails', async (at) => {
  let left = Infinity
  const { store, count } = failing(() => (left -= 1) === 0)
  const open = () => Client.open({ identity: 'alice', store, authenticate: trustAnyCredential })
  const alice = await open()
  const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential })
  const bobs = await bob.createGroup()
  const [keyPackage] = await alice.keyPackages.create()
  const commit = await bobs.commit({ add: [keyPackage!.message] })
  await alice.join((await commit.accepted()).welcome!)

  const join = await alice.joinExternally(await bobs.groupInfo(), { resync: 1 })
  const statuses = () => alice.groups().map(({ status }) => status).sort()
  expect(statuses()).toEqual(['active', 'joining'])
  left = at
  const before = count()
  const confirmed = await join.accepted().then(() => null, (error: unknown) => error)
  left = Infinity
  if (confirmed === null) {
    // There was no second atom to fail.
    expect(count()).toBe(before + 1)
    expect(statuses()).toEqual(['active'])
    return
  }
  expect(confirmed).toMatchObject({ code: 'STORE_FAILED' } satisfies Partial<MlsError>)
  expect(statuses()).toEqual(['active', 'joining'])
  expect(join.group.phase).toBe('joining')
  await alice.close()

  // And so in the store: it can be taken back, and the former group is there.
  const again = await open()
  expect(again.groups().map(({ status }) => status).sort()).toEqual(['active', 'joining'])
  expect((await again.group(bobs.id)).phase).toBe('active')
  await again.close()
})
