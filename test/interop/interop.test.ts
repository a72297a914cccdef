// Our members with those of other implementations, in both roles.
import { mlsTs } from './peers/mls-ts'
import { ours } from './peers/ours'
import type { Peer } from './peers/peer'
import { tsMls } from './peers/ts-mls'
import { Room } from './room'
import { walk } from './walk'

/** meeting: one creates and adds the other, who adds one more of each; everyone speaks. */
async function meeting(suite: number, host: Peer, guest: Peer): Promise<Room> {
  const alice = await host.member('alice', suite)
  const bob = await guest.member('bob', suite)
  const room = await Room.create('interop', alice)
  await room.add(alice, [bob])
  await room.say(alice, 'welcome')
  await room.say(bob, 'thanks')
  await room.add(bob, [await host.member('carol', suite)])
  await room.add(alice, [await guest.member('dave', suite)])
  for (const member of room.members) await room.say(member, `I am ${member.name}`)
  return room
}

/** life: what both sides can do beyond that, done by each. */
async function life(room: Room, suite: number, peers: readonly Peer[]): Promise<void> {
  const [alice, bob, carol, dave] = room.members
  if (!alice || !bob || !carol || !dave) throw new Error('four members expected')
  for (const member of [bob, alice, dave, carol]) await room.change(member, {})
  for (const member of room.members) await member.putPsk('shared', Buffer.alloc(32, 7))
  await room.change(alice, { psk: ['shared'] })
  await room.change(bob, { psk: ['shared'] })
  await room.change(alice, { remove: ['dave'] })
  await room.leave(carol, bob)
  const erin = await bob.peer.member('erin', suite)
  await room.add(bob, [erin])
  await room.leave(erin, alice)
  await room.add(alice, [await alice.peer.member('eve', suite)])
  await room.change(bob, { remove: ['eve'] })
  for (const [index, peer] of peers.entries()) {
    await room.joinExternally(await peer.member(`grace-${index}`, suite), alice)
    await room.joinExternally(await peer.member(`frank-${index}`, suite), bob)
  }
  for (const member of room.members) await room.say(member, `still ${member.name}`)
}

describe.each(tsMls.suites)('ts-mls, suite %i', (suite) => {
  test.each([
    ['we', ours, tsMls],
    ['they', tsMls, ours],
  ] as const)('%s create the group: adds, messages, rotation, PSK, removal, leaving, external join', async (_, host, guest) => {
    const room = await meeting(suite, host, guest)
    await life(room, suite, [host, guest])
    await room.close()
  })
})

describe('mls-ts (OpenMLS), suite 3', () => {
  test.each([
    ['we', ours, mlsTs],
    ['they', mlsTs, ours],
  ] as const)('%s create the group: adds and messages', async (_, host, guest) => {
    await (await meeting(3, host, guest)).close()
  })

  test('they follow when we rotate, remove, and join by ourselves', async () => {
    const room = await meeting(3, ours, mlsTs)
    const [alice, , carol] = room.members
    if (!alice || !carol) throw new Error('four members expected')
    await room.change(carol, {})
    await room.change(alice, { remove: ['carol'] })
    await room.say(alice, 'still here')
    await room.close()
  })
})

test('OpenMLS and we agree where the path ends below the root, since the other half of the tree is empty', async () => {
  const [alice, bob, dave] = await Promise.all(['alice', 'bob', 'dave'].map((name) => ours.member(name, 3)))
  const carol = await mlsTs.member('carol', 3)
  if (!alice || !bob || !dave) throw new Error('unreachable')
  const room = await Room.create('half', alice)
  await room.add(alice, [bob, carol, dave])
  await room.change(dave, { remove: ['alice', 'bob'] })
  await room.say(carol, 'only the right half is left')
  await room.close()
})

describe('random steps', () => {
  // NODE_MLS_SEED repeats a walk.
  const given = process.env['NODE_MLS_SEED']
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)

  test(`100 with ts-mls, suite 1, seed ${seed}`, async () => {
    const counts = await walk([ours, tsMls], 1, 100, seed)
    process.stderr.write(`random steps with seed ${seed}: ${JSON.stringify(counts)}\n`)
  }, 120_000)

  test(`100 with mls-ts, suite 3, seed ${seed}`, async () => {
    await walk([ours, mlsTs], 3, 100, seed)
  }, 120_000)

  test.each([2, 3, 4, 5, 6, 7])(`15 with ts-mls, suite %i, seed ${seed}`, async (suite) => {
    await walk([ours, tsMls], suite, 15, seed + suite)
  }, 120_000)
})
