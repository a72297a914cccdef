// A random walk: members of several implementations in one group, one random step after another.
import type { Peer, PeerMember } from './peers/peer'
import { Random } from './random'
import { Room } from './room'

const MOST = 12

type Step = 'add' | 'remove' | 'rotate' | 'psk' | 'external join' | 'messages'
/** Each step as often as it stands here. */
const STEPS: readonly Step[] = ['add', 'add', 'add', 'remove', 'remove', 'rotate', 'rotate', 'psk', 'external join', 'messages', 'messages']

export type Counts = Record<Step, number>

/**
 * walk lets a group of `peers` live for so many steps, and gives how often each kind was taken. All members agree
 * after each of them.
 * @throws Error that names seed and step
 */
export async function walk(peers: readonly Peer[], suite: number, steps: number, seed: number): Promise<Counts> {
  const random = new Random(seed)
  const counts: Counts = { add: 0, remove: 0, rotate: 0, psk: 0, 'external join': 0, messages: 0 }
  let names = 0
  const newcomer = async (peer: Peer = random.pick(peers)): Promise<PeerMember> => peer.member(`member-${names++}`, suite)
  const room = await Room.create(`walk-${seed}`, await newcomer())
  for (const peer of peers) await room.add(random.pick(room.members), [await newcomer(peer)])
  for (let index = 0; index < steps; index++) {
    const step = choose(random, room)
    const who = room.members.map((member) => `${member.peer.name} ${member.name}`).join(', ')
    try {
      await take(step, room, random, newcomer, index)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`seed ${seed}, suite ${suite}, step ${index} (${step}) among ${who}: ${reason}`, { cause })
    }
    counts[step]++
  }
  await room.close()
  return counts
}

/** choose picks a step that the group's size allows. */
function choose(random: Random, room: Room): Step {
  const step = random.pick(STEPS)
  const grows = step === 'add' || step === 'external join'
  if (grows && room.members.length >= MOST) return 'remove'
  if (step === 'remove' && room.members.length < 3) return 'add'
  return step
}

async function take(step: Step, room: Room, random: Random, newcomer: () => Promise<PeerMember>, index: number): Promise<void> {
  const actor = random.pick(room.members)
  switch (step) {
    case 'add': {
      const count = 1 + random.below(Math.min(3, MOST - room.members.length))
      await room.add(actor, await Promise.all(Array.from({ length: count }, newcomer)))
      break
    }
    case 'remove': {
      const others = room.members.filter((member) => member !== actor)
      const gone = random.pick(others)
      const alsoGone = random.below(3) === 0 && others.length > 2 ? others.find((member) => member !== gone) : undefined
      await room.change(actor, { remove: [gone, ...(alsoGone ? [alsoGone] : [])].map(({ name }) => name) })
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
    case 'external join':
      await room.joinExternally(await newcomer(), actor)
      break
    case 'messages':
      for (let i = 0; i <= random.below(4); i++) await room.say(random.pick(room.members), `message ${i} of step ${index}`)
      break
  }
}
