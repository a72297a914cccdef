// RFC 9420 §12.4.3, §12.4.3.1: a client is in a group once.
import { memoryStore } from '../../../lib'
import { addTo, agree, fails, keyPackage, open } from '../../api/support/people'

test('R12.4.3-03: the id of a group is unique among ours', async () => {
  const store = memoryStore()
  const alice = await open('alice')
  const bob = await open('bob', { store })
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  // A second Welcome to the same group, for another key package of the same client.
  const other = await open('alice')
  const twin = await other.createGroup({ groupId: group.id })
  const add = async (): Promise<Uint8Array> => {
    const commit = await twin.commit({ add: [await keyPackage(bob)] })
    const { welcome } = await commit.accepted()
    await twin.commit({ remove: [1] }).then((removal) => removal.accepted())
    return welcome!
  }
  const second = await add()
  await fails(bob.join(second), 'GROUP_EXISTS')
  await fails(bob.joinExternally(await twin.groupInfo()), 'GROUP_EXISTS')
  agree(group, bobs)
  await group.receive(await bobs.send('as before'))
})

test('R12.4.3.1-10: of two joins of one group at once, one is', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const group = await alice.createGroup()
  const twin = await (await open('alice')).createGroup({ groupId: group.id })
  const [one, other] = [await keyPackage(bob), await keyPackage(bob)]
  const welcomes = await Promise.all([[group, one], [twin, other]].map(async ([to, add]) => {
    const commit = await (to as typeof group).commit({ add: [add as Uint8Array] })
    return (await commit.accepted()).welcome!
  }))
  const joined = await Promise.allSettled(welcomes.map((welcome) => bob.join(welcome)))
  const done = joined.filter(({ status }) => status === 'fulfilled')
  const refused = joined.filter((one): one is PromiseRejectedResult => one.status === 'rejected')
  expect(done).toHaveLength(1)
  expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(['GROUP_EXISTS'])
  const view = (done[0] as PromiseFulfilledResult<typeof group>).value
  agree(joined[0]!.status === 'fulfilled' ? group : twin, view)
})
