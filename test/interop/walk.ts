// A random walk: members of several implementations in one group, one random step after another.
import type { Peer, PeerAbility, PeerMember } from './peers/peer'
import { Random } from './random'
import { Room } from './room'

const MOST = 12

type Step = 'add' | 'remove' | 'leave' | 'rotate' | 'psk' | 'external join' | 'messages'
/** Each step as often as it stands here. */
const STEPS: readonly Step[] = ['add', 'add', 'add', 'remove', 'leave', 'rotate', 'rotate', 'psk', 'external join', 'messages', 'messages']

export type Counts = Record<Step, number>

/**
 * walk lets a group of `peers` live for so many steps, and gives how often each kind was taken. All members agree
 * after each of them.
 * @throws Error that names seed and step
 */
export async function walk(peers: readonly Peer[], suite: number, steps: number, seed: number): Promise<Counts> {
  const random = new Random(seed)
  const counts: Counts = { add: 0, remove: 0, leave: 0, rotate: 0, psk: 0, 'external join': 0, messages: 0 }
  let names = 0
  const newcomer = async (peer: Peer = random.pick(peers)): Promise<PeerMember> => peer.member(`member-${names++}`, suite)
  const room = await Room.create(`walk-${seed}`, await newcomer())
  for (const peer of peers) await room.add(random.pick(room.members), [await newcomer(peer)])
  for (let index = 0; index < steps; index++) {
    const step = choose(random, room)
    const who = room.members.map((member) => `${member.peer.name} ${member.name}`).join(', ')
    try {
      await take(step, room, random, newcomer, peers, index)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`seed ${seed}, suite ${suite}, step ${index} (${step}) among ${who}: ${reason}`, { cause })
    }
    counts[step]++
  }
  await room.close()
  return counts
}

/** What a step needs of who takes it, or of who tells a newcomer about the group. */
const NEEDS: Readonly<Record<Step, PeerAbility | null>> = {
  add: null,
  remove: 'remove',
  leave: 'leave',
  rotate: 'update',
  psk: 'psk',
  'external join': 'external-join',
  messages: null,
}

/** choose picks a step that the group allows: by its size, and by what its members can do. */
function choose(random: Random, room: Room): Step {
  const step = random.pick(STEPS)
  const grows = step === 'add' || step === 'external join'
  if (grows && room.members.length >= MOST) return 'remove'
  if ((step === 'remove' || step === 'leave') && room.members.length < 3) return 'add'
  const needed = NEEDS[step]
  if (needed && !room.members.some(({ peer }) => peer.abilities.has(needed))) return 'messages'
  // A pre-shared key is one for all.
  if (step === 'psk' && !room.members.every(({ peer }) => peer.abilities.has('psk'))) return 'rotate'
  return step
}

async function take(
  step: Step,
  room: Room,
  random: Random,
  newcomer: (peer?: Peer) => Promise<PeerMember>,
  peers: readonly Peer[],
  index: number,
): Promise<void> {
  const needed = NEEDS[step]
  const actor = random.pick(room.members.filter(({ peer }) => needed === null || peer.abilities.has(needed)))
  switch (step) {
    case 'add': {
      const count = 1 + random.below(Math.min(3, MOST - room.members.length))
      await room.add(actor, await Promise.all(Array.from({ length: count }, () => newcomer())))
      break
    }
    case 'remove': {
      const others = room.members.filter((member) => member !== actor)
      const gone = [random.pick(others)]
      const more = random.pick(others)
      if (random.below(3) === 0 && others.length > 2 && !gone.includes(more)) gone.push(more)
      if (room.mayRemove(gone)) await room.change(actor, { remove: gone.map(({ name }) => name) })
      else await room.change(actor, {})
      break
    }
    case 'leave': {
      const committers = room.members.filter((member) => member !== actor && member.peer.abilities.has('update'))
      if (committers.length > 0 && room.mayRemove([actor])) await room.leave(actor, random.pick(committers))
      else await room.say(actor, 'I stay')
      break
    }
    case 'rotate':
      await room.change(actor, {})
      break
    case 'psk': {
      const id = `psk-${index}`
      const secret = Buffer.alloc(32, index)
      for (const member of room.members) await member.putPsk(id, secret)
      await room.change(actor, { psk: [id] })
      break
    }
    case 'external join': {
      const joiner = random.pick(peers.filter(({ abilities }) => abilities.has('external-join')))
      await room.joinExternally(await newcomer(joiner), actor)
      break
    }
    case 'messages':
      for (let i = 0; i <= random.below(4); i++) await room.say(random.pick(room.members), `message ${i} of step ${index}`)
      break
  }
}
