// Our members with those of MLS++, where one is installed to build the peer with.
import { buildMlspp, mlspp } from './peers/mlspp'
import { ours } from './peers/ours'
import { Room } from './room'
import { walk } from './walk'

const there = buildMlspp()
if (!there) process.stderr.write('MLS++ is not installed: its interoperability tests are skipped\n')

;(there ? describe : describe.skip)('MLS++', () => {
  test.each([
    [1, ours, mlspp],
    [1, mlspp, ours],
    [2, ours, mlspp],
    [3, mlspp, ours],
  ] as const)('suite %i, both roles', async (suite, host, guest) => {
    const alice = await host.member('alice', suite)
    const bob = await guest.member('bob', suite)
    const room = await Room.create('mlspp', alice)
    await room.add(alice, [bob])
    await room.add(bob, [await host.member('carol', suite), await guest.member('dave', suite)])
    for (const member of room.members) await room.change(member, {})
    await room.change(bob, { remove: ['carol'] })
    for (const member of room.members) await room.say(member, `I am ${member.name}`)
    await room.close()
  })

  test('random steps', async () => {
    await walk([ours, mlspp], 1, 30, 9420)
  }, 60_000)
})
