// The peers among themselves: what they can do with each other before we join in. A failure here is theirs, or that of
// our adapter, never that of the library under test.
import { mlsTs } from './peers/mls-ts'
import type { Peer } from './peers/peer'
import { tsMls } from './peers/ts-mls'
import { Room } from './room'

/** Creates, joins and talks, with the given peers as founder and as newcomers. */
async function meet(suite: number, founder: Peer, ...others: Peer[]): Promise<Room> {
  const alice = await founder.member('alice', suite)
  const room = await Room.create('peers', alice)
  for (const [index, peer] of others.entries()) {
    const newcomer = await peer.member(`member-${index}`, suite)
    await room.add(room.members[index] ?? alice, [newcomer])
    await room.say(newcomer, 'hello')
    await room.say(alice, 'welcome')
  }
  return room
}

describe.each(tsMls.suites)('ts-mls, suite %i', (suite) => {
  test('create, join, messages', async () => {
    await (await meet(suite, tsMls, tsMls, tsMls)).close()
  })

  test('adding several at once, rotation, PSK, removal, external join', async () => {
    const [alice, bob, carol, dave] = await Promise.all(['alice', 'bob', 'carol', 'dave'].map((name) => tsMls.member(name, suite)))
    if (!alice || !bob || !carol || !dave) throw new Error('unreachable')
    const room = await Room.create('peers', alice)
    await room.add(alice, [bob, carol])
    await room.change(bob, {})
    for (const member of room.members) await member.putPsk('shared', Buffer.alloc(32, 7))
    await room.change(carol, { psk: ['shared'] })
    await room.change(alice, { remove: ['bob'] })
    await room.joinExternally(dave, carol)
    for (const member of room.members) await room.say(member, `from ${member.name}`)
    await room.close()
  })
})

describe('suite 3', () => {
  test('mls-ts with mls-ts', async () => {
    await (await meet(3, mlsTs, mlsTs, mlsTs)).close()
  })

  test('mls-ts joins a group of ts-mls, and adds', async () => {
    await (await meet(3, tsMls, mlsTs, tsMls, mlsTs)).close()
  })

  test('ts-mls joins a group of mls-ts, and adds', async () => {
    await (await meet(3, mlsTs, tsMls, mlsTs, tsMls)).close()
  })
})
