// RFC 9420 §10: key packages are used once, but for those of last resort.
import { addTo, agree, fails, open } from '../../api/support/people'

test('R10-10: KeyPackages are not reused (except last resort)', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const [made] = await bob.keyPackages.create()
  const invite = async (message: Uint8Array): Promise<Uint8Array> => {
    const group = await alice.createGroup()
    const commit = await group.commit({ add: [message] })
    return (await commit.accepted()).welcome as Uint8Array
  }
  const [first, second] = [await invite(made?.message as Uint8Array), await invite(made?.message as Uint8Array)]
  await bob.join(first)
  await fails(bob.join(second), 'NO_MATCHING_KEY_PACKAGE')
  expect(bob.groups()).toHaveLength(1)

  const [last] = await bob.keyPackages.create(1, { lastResort: true })
  for (let i = 0; i < 3; i += 1) {
    const group = await alice.createGroup()
    const commit = await group.commit({ add: [last?.message as Uint8Array] })
    const { welcome } = await commit.accepted()
    agree(group, await bob.join(welcome as Uint8Array))
  }
  expect(bob.groups()).toHaveLength(4)
  // The next honest Welcome is taken, too.
  const group = await alice.createGroup()
  agree(group, await addTo(group, bob))
})
