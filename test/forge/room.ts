// The room: the group that the victim is in, with a past, proposals that wait, a commit of its own that waits, and
// messages that are on their way; besides it a group of the same people, and one under the same id.
import { Tracker, externalSenders, proposeExternally, trustAnyCredential, type Group, type PendingCommit } from '../../lib'
import { keyPackage } from '../api/support/people'
import { invite, serverOf, turn, type Invited, type People } from './people'

/** Misplaced: genuine bytes where they do not belong, and why they do not. */
export interface Misplaced {
  readonly kind: Misplacement
  readonly bytes: Uint8Array
}
export type Misplacement =
  | 'replay' | 'own echo' | 'past epoch' | 'future epoch' | 'another group' | 'group of the same id' | 'for another'
  | 'another suite' | 'out of date' | 'incomplete' | 'another kind'

export const misplaced = (kind: Misplacement, all: readonly Uint8Array[]): Misplaced[] => all.map((bytes) => ({ kind, bytes }))

export interface Room {
  readonly mine: Group
  readonly alices: Group
  /** An epoch ahead of the others. */
  readonly carols: Group
  /** The victim's view of the group of the same people. */
  readonly twin: Group
  readonly tracker: Tracker
  /** A commit of the victim's. */
  readonly pending: PendingCommit
  /** Application data for the victim, with its text; the last ones are of the past epoch. */
  readonly messages: readonly { readonly text: string; readonly bytes: Uint8Array }[]
  readonly proposals: readonly Uint8Array[]
  readonly commits: readonly Uint8Array[]
  /** Those of `proposals` and of `commits` that are public. */
  readonly publicProposals: readonly Uint8Array[]
  readonly publicCommits: readonly Uint8Array[]
  /** What does not belong to a member of the room, nor to a tracker; the tracker sees the public ones. */
  readonly misplaced: readonly Misplaced[]
  readonly misplacedPublic: readonly Misplaced[]
  /** GroupInfos by the epoch and the group that they are of. */
  readonly infos: { readonly past: Uint8Array; readonly present: Uint8Array; readonly future: Uint8Array; readonly twin: Uint8Array; readonly sameId: Uint8Array }
  /** The GroupInfo of the future epoch without its tree, and the tree. */
  readonly futureApart: { readonly info: Uint8Array; readonly tree: Uint8Array }
  readonly trees: { readonly past: Uint8Array; readonly present: Uint8Array; readonly twin: Uint8Array }
  /** The Welcome by which the victim came, and those that are for others. */
  readonly usedWelcome: Uint8Array
  readonly foreignWelcomes: readonly Uint8Array[]
  /** Mallory's group of the same id. */
  readonly impostor: Group
}

/** Epochs that pass: more than late messages are kept for. */
const turns = 5

/** Gathered: misplaced messages, and which of them are public. */
class Gathered {
  readonly all: Misplaced[] = []
  readonly public: Misplaced[] = []

  add(kind: Misplacement, form: 'private' | 'public', ...messages: readonly Uint8Array[]): void {
    this.all.push(...misplaced(kind, messages))
    if (form === 'public') this.public.push(...misplaced(kind, messages))
  }
}

export async function roomOf(people: People): Promise<Room> {
  const { suite, victim, alice, carol, dave, erin, frank } = people
  const gathered = new Gathered()
  const server = serverOf(suite)
  const alices = await alice.createGroup({ extensions: [externalSenders([server.sender])] })
  const own = await invite(alices, victim)
  const mine = await victim.join(own.welcome)
  const carolsWay = await invite(alices, carol, [mine])
  const carols = await carol.join(carolsWay.welcome)
  gathered.add('past epoch', 'public', own.message)
  gathered.add('replay', 'public', carolsWay.message)

  const past = await pastOf(mine, alices, carols, gathered)
  const tracker = new Tracker({ authenticate: trustAnyCredential })
  await tracker.seed(await alices.groupInfo())
  const pending = await waitingOf(mine, alices, carols, tracker, gathered)

  const messages = [
    { text: 'one', bytes: await alices.send('one') },
    { text: 'two', bytes: await carols.send('two', { authenticatedData: Buffer.from('data') }) },
    { text: 'three', bytes: await alices.send('three') },
    { text: 'four', bytes: await carols.send('four') },
    ...past.late,
  ]
  const [daves] = await dave.keyPackages.create()
  if (!daves) throw new Error('no key package')
  const publicProposals = [
    (await alices.propose({ type: 'psk', psk: 'paper key' })).message,
    await dave.proposeOwnAdd(daves.reference, alices.id, alices.epoch),
    await proposeExternally({
      suite, groupId: alices.id, epoch: alices.epoch, senderIndex: 0, signaturePrivateKey: server.signaturePrivateKey,
      proposal: { type: 'remove', leafIndex: carols.leafIndex },
    }),
  ]
  const proposals = [...publicProposals, (await carols.propose({ type: 'psk', psk: 'paper key' })).message]
  const info = await alices.groupInfo()
  const franks = await frank.joinExternally(info)
  const publicCommits = [(await alices.commit({ add: [await keyPackage(erin)] })).message, franks.message]
  const carolsCommit = await carols.commit()
  const commits = [...publicCommits, carolsCommit.message]

  await franks.accepted()
  await carolsCommit.accepted()
  gathered.add('future epoch', 'public', (await franks.group.propose({ type: 'update' })).message, (await franks.group.commit()).message)
  gathered.add('future epoch', 'private', await carols.send('of the next epoch'), (await carols.propose({ type: 'update' })).message,
    (await carols.commit()).message)
  const twin = await twinOf(people, alices.epoch, gathered)
  const impostor = await impostorOf(people, alices, gathered)
  return {
    mine, alices, carols, tracker, pending, messages, proposals, commits, publicProposals, publicCommits,
    twin: twin.mine, impostor: impostor.group,
    misplaced: gathered.all, misplacedPublic: gathered.public,
    infos: { past: past.info, present: info, future: await carols.groupInfo(), twin: twin.info, sameId: impostor.info },
    futureApart: { info: await carols.groupInfo({ tree: 'apart' }), tree: await carols.tree() },
    trees: { past: past.tree, present: await alices.tree(), twin: twin.tree },
    usedWelcome: own.welcome,
    foreignWelcomes: [carolsWay.welcome, twin.carols.welcome, impostor.daves.welcome],
  }
}

interface Past {
  readonly info: Uint8Array
  readonly tree: Uint8Array
  readonly late: readonly { readonly text: string; readonly bytes: Uint8Array }[]
}

/** pastOf lets epochs pass, of which some messages were received and others never. */
async function pastOf(mine: Group, alices: Group, carols: Group, gathered: Gathered): Promise<Past> {
  const others = [mine, carols]
  gathered.add('past epoch', 'private', await carols.send('too late'), (await carols.propose({ type: 'update' })).message)
  for (const [group, form] of [[alices, 'public'], [carols, 'private']] as const) {
    const lost = await group.commit()
    await lost.rejected()
    gathered.add('past epoch', form, lost.message)
  }
  const [info, tree] = [await alices.groupInfo(), await alices.tree()]
  for (let i = 1; i < turns; i += 1) gathered.add('replay', 'public', await turn(alices, others))
  const taken = await carols.send('received late')
  const late = [
    { text: 'late, of alice', bytes: await alices.send('late, of alice') }, { text: 'late, of carol', bytes: await carols.send('late, of carol') },
  ]
  const proposal = await alices.propose({ type: 'psk', psk: 'paper key' })
  for (const other of others) await other.receive(proposal.message)
  gathered.add('past epoch', 'public', proposal.message, await turn(alices, others))
  await mine.receive(taken)
  gathered.add('replay', 'private', taken)
  return { info, tree, late }
}

/** waitingOf fills the present epoch with what was received, and with what waits for a commit. Gives a commit of the victim's. */
async function waitingOf(mine: Group, alices: Group, carols: Group, tracker: Tracker, gathered: Gathered): Promise<PendingCommit> {
  const seen = [await alices.send('seen'), await carols.send('seen', { authenticatedData: Buffer.from('data') })]
  for (const message of seen) await mine.receive(message)
  gathered.add('replay', 'private', ...seen)
  gathered.add('own echo', 'private', await mine.send('my own'))
  const waiting = (await alices.propose({ type: 'update' })).message
  for (const one of [mine, carols, tracker]) await one.receive(waiting)
  gathered.add('replay', 'public', waiting)
  const pending = await mine.commit()
  // What comes later is not in it, so that alice can receive it.
  const carolsOwn = (await carols.propose({ type: 'update' })).message
  await mine.receive(carolsOwn)
  gathered.add('replay', 'private', carolsOwn)
  gathered.add('own echo', 'private', (await mine.propose({ type: 'psk', psk: 'paper key' })).message)
  return pending
}

interface Twin {
  readonly mine: Group
  readonly info: Uint8Array
  readonly tree: Uint8Array
  readonly carols: Invited
}

/** twinOf makes a group of the same people in the same epoch. */
async function twinOf({ victim, alice, carol }: People, epoch: bigint, gathered: Gathered): Promise<Twin> {
  const alices = await alice.createGroup()
  const mine = await victim.join((await invite(alices, victim)).welcome)
  const carolsWay = await invite(alices, carol, [mine])
  const carols = await carol.join(carolsWay.welcome)
  while (alices.epoch < epoch) await turn(alices, [mine, carols])
  gathered.add('another group', 'private', await alices.send('in another group'), await carols.send('in another group'),
    (await carols.propose({ type: 'update' })).message, (await carols.commit()).message)
  gathered.add('another group', 'public', (await alices.propose({ type: 'update' })).message, (await alices.commit()).message)
  return { mine, info: await alices.groupInfo(), tree: await alices.tree(), carols: carolsWay }
}

interface Impostor {
  readonly group: Group
  readonly info: Uint8Array
  readonly daves: Invited
}

/** impostorOf makes a group under the same id, in the same epoch, of people whom nobody asked. */
async function impostorOf({ mallory, dave }: People, room: Group, gathered: Gathered): Promise<Impostor> {
  const group = await mallory.createGroup({ groupId: room.id, extensions: room.extensions })
  const daves = await invite(group, dave)
  const other = await dave.join(daves.welcome)
  while (group.epoch < room.epoch) await turn(group, [other])
  gathered.add('group of the same id', 'private', await group.send('to all'), await other.send('to all'),
    (await other.propose({ type: 'update' })).message, (await other.commit()).message)
  gathered.add('group of the same id', 'public', (await group.propose({ type: 'update' })).message, (await group.commit()).message)
  return { group, info: await group.groupInfo(), daves }
}
