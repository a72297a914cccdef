// RFC 9420 §17.1: the suite that every implementation has, in groups with another one.
import { ours } from '../../interop/peers/ours'
import type { Peer } from '../../interop/peers/peer'
import { tsMls } from '../../interop/peers/ts-mls'
import { Room } from '../../interop/room'

test.each([['we', ours, tsMls], ['they', tsMls, ours]] as [string, Peer, Peer][])(
  'R17.1-02: suite 1 is implemented; %s create the group', async (_, host, guest) => {
    const alice = await host.member('alice', 1)
    const bob = await guest.member('bob', 1)
    const room = await Room.create('suite 1', alice)
    await room.add(alice, [bob])
    await room.add(bob, [await host.member('carol', 1)])
    for (const member of room.members) await room.say(member, `I am ${member.name}`)
    for (const member of [bob, alice]) await room.change(member, {})
    await room.change(alice, { remove: ['carol'] })
    await room.joinExternally(await guest.member('dave', 1), alice)
    for (const member of room.members) await room.say(member, `still ${member.name}`)
    expect(room.members.map(({ name }) => name)).toEqual(['alice', 'bob', 'dave'])
    await room.close()
  })
