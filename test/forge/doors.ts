// Doors: every way by which bytes of a stranger come into the library, with what would be let in there and what would not.
import { X509Certificate } from 'node:crypto'
import { decode, proposeExternally, x509Authenticator, type Received, type Tracker } from '../../lib'
import { certificates } from '../api/support/certificates'
import type { Packages, Transfers, Ways } from './offers'
import { serverOf, type People } from './people'
import { misplaced, type Misplaced, type Room } from './room'

/** Harmless: not refused, and nothing happened: what came back was known. The word is what the counts say. */
export class Harmless {
  constructor(readonly word: string) {}
}

/** Door: a way in. */
export interface Door {
  readonly name: string
  /** What would be let in. */
  readonly genuine: readonly Uint8Array[]
  /** Genuine bytes that do not belong here. */
  readonly misplaced: readonly Misplaced[]
  /** Other bytes that are worth spoiling here. */
  readonly more: readonly Uint8Array[]
  /** Whether these bytes, though they are not as they were sent, would rightly be let in: they are not given. */
  readonly isGenuine: (bytes: Uint8Array) => boolean
  readonly give: (bytes: Uint8Array) => Promise<unknown>
}

/** Family: the kind of bytes that a door takes. One of `form` judges nothing else: whatever it reads is no fault. */
type Family = 'message' | 'welcome' | 'tree' | 'group info' | 'key package' | 'transfer' | 'certificate' | 'form'

type Plan = Pick<Door, 'name' | 'genuine' | 'give'> & Partial<Door> & { readonly family: Family }

type Given = Received | { readonly kind: 'error'; readonly error: Error } | undefined

/** known tells apart what was received as what is known already: our own, and proposals that are `waiting`. */
const known = (waiting: ReadonlySet<string>) => (received: Given): unknown => {
  if (received?.kind === 'error') throw received.error
  if (received?.kind === 'own') return new Harmless('own echo')
  const again = received?.kind === 'proposal' && waiting.has(Buffer.from(received.reference).toString('hex'))
  return again ? new Harmless('waits already') : received
}

/** World: what the doors lead to. */
export interface World {
  readonly people: People
  readonly room: Room
  readonly ways: Ways
  readonly packages: Packages
  readonly transfers: Transfers
  /** One that was never seeded. */
  readonly fresh: Tracker
}

/** doorsOf lists the doors; at each what others take is `another kind`. */
export async function doorsOf(world: World): Promise<Door[]> {
  const plans = [...await messageDoors(world), ...joinDoors(world), ...trackerDoors(world), ...packageDoors(world), ...formDoors(world)]
  return plans.map(({ family, ...plan }) => {
    const isOwn = new Set(plan.genuine)
    const foreign = family === 'form' ? [] : plans.filter((other) => other.family !== family && other.family !== 'form').flatMap(({ genuine }) => genuine)
    return {
      more: [], isGenuine: () => false, ...plan,
      misplaced: [...plan.misplaced ?? [], ...misplaced('another kind', [...new Set(foreign)].filter((bytes) => !isOwn.has(bytes)))],
    }
  })
}

async function messageDoors({ people: { victim }, room, ways }: World): Promise<Plan[]> {
  const { mine, tracker, messages, proposals, commits, pending } = room
  const genuine = [...messages.map(({ bytes }) => bytes), ...proposals, ...commits]
  const waiting = new Set([...mine.proposals, ...tracker.proposals].map(({ reference }) => Buffer.from(reference).toString('hex')))
  const only = known(waiting)
  const member = { family: 'message' as const, genuine, misplaced: room.misplaced, more: [pending.message] }
  // The client routes to its other groups, too; to one that it is only invited to there is no way.
  const routed = {
    ...member,
    misplaced: [
      ...room.misplaced.filter(({ kind }) => kind !== 'another group'),
      ...misplaced('another group', [await ways.welcome.group.send('before you came'), (await ways.welcome.group.commit()).message]),
    ],
  }
  const toTracker = [...room.publicProposals, ...room.publicCommits]
  const signed = await Promise.all(toTracker.map(signedPart))
  return [
    { ...member, name: 'receive', give: (bytes) => mine.receive(bytes).then(only) },
    {
      ...member, name: 'receive, inspecting',
      give: async (bytes) => {
        const received = await mine.receive(bytes, { inspect: true })
        // The confirmation tag needs the secrets of the next epoch, which are made when the commit is accepted.
        return received.kind === 'staged' ? received.accept() : only(received)
      },
    },
    { ...member, name: 'receiveMany', give: (bytes) => mine.receiveMany([bytes]).then(([one]) => only(one)) },
    { ...routed, name: 'client.receive', give: (bytes) => victim.receive(bytes).then(only) },
    { ...routed, name: 'client.receiveMany', give: (bytes) => victim.receiveMany([bytes]).then(([one]) => only(one)) },
    {
      family: 'message', name: 'tracker.receive', genuine: toTracker,
      misplaced: [
        ...room.misplacedPublic,
        ...misplaced('another kind', [...messages.map(({ bytes }) => bytes), ...genuine.filter((bytes) => (bytes[3] ?? 0) === 2)]),
      ],
      // It has no keys for the tags behind the signature (docs/api.md §13).
      isGenuine: (bytes) => signed.some((part) => Buffer.compare(bytes.subarray(0, part.length), part) === 0),
      give: (bytes) => tracker.receive(bytes).then(only),
    },
  ]
}

/** signedPart gives a public message up to its tags, which only members can check (RFC 9420 §6.1, §6.2). */
async function signedPart(bytes: Uint8Array): Promise<Uint8Array> {
  const message = await decode(bytes)
  if (message.wireFormat !== 'public-message') throw new Error('not a public message')
  const sizeOf = (tag: Uint8Array | null): number => (tag === null ? 0 : (tag.length < 64 ? 1 : 2) + tag.length)
  const confirmation = message.contentType === 'commit' ? message.confirmationTag : null
  return bytes.subarray(0, bytes.length - sizeOf(message.membershipTag) - sizeOf(confirmation))
}

function joinDoors({ people: { victim }, room, ways, transfers }: World): Plan[] {
  const { welcome, apart, branch, info, infoApart } = ways
  return [
    { ...welcome, family: 'welcome', name: 'join', give: (bytes) => victim.join(bytes) },
    {
      family: 'welcome', name: 'join, with the tree', genuine: [apart.welcome], misplaced: welcome.misplaced.filter(({ kind }) => kind !== 'incomplete'),
      give: (bytes) => victim.join(bytes, { tree: apart.tree }),
    },
    { ...apart.trees, family: 'tree', name: 'join: the tree', give: (bytes) => victim.join(apart.welcome, { tree: bytes }) },
    { ...branch, family: 'welcome', name: 'join, with the origin', give: (bytes) => victim.join(bytes, { origin: room.mine }) },
    { ...info, family: 'group info', name: 'joinExternally', give: (bytes) => victim.joinExternally(bytes) },
    {
      family: 'group info', name: 'joinExternally, with the tree', genuine: [infoApart.info],
      misplaced: info.misplaced.filter(({ bytes }) => bytes !== infoApart.info), give: (bytes) => victim.joinExternally(bytes, { tree: infoApart.tree }),
    },
    { ...infoApart.trees, family: 'tree', name: 'joinExternally: the tree', give: (bytes) => victim.joinExternally(infoApart.info, { tree: bytes }) },
    { ...transfers, family: 'transfer', name: 'importGroup', give: (bytes) => victim.importGroup(bytes, transfers.keyOf(bytes)) },
  ]
}

function trackerDoors({ room, fresh }: World): Plan[] {
  const { tracker, infos, futureApart, trees } = room
  const elsewhere = [...misplaced('another group', [infos.twin]), ...misplaced('group of the same id', [infos.sameId])]
  return [
    {
      family: 'group info', name: 'tracker.seed, later', genuine: [infos.future],
      misplaced: [...elsewhere, ...misplaced('past epoch', [infos.past]), ...misplaced('replay', [infos.present]), ...misplaced('incomplete', [futureApart.info])],
      give: (bytes) => tracker.seed(bytes),
    },
    {
      family: 'tree', name: 'tracker.seed: the tree', genuine: [futureApart.tree],
      misplaced: [...misplaced('past epoch', [trees.past, trees.present]), ...misplaced('another group', [trees.twin])],
      give: (bytes) => tracker.seed(futureApart.info, { tree: bytes }),
    },
    {
      family: 'group info', name: 'tracker.seed', genuine: [infos.present], misplaced: misplaced('incomplete', [futureApart.info]),
      give: (bytes) => fresh.seed(bytes),
    },
    {
      family: 'group info', name: 'tracker.offerGroupInfo', genuine: [infos.present],
      misplaced: [...elsewhere, ...misplaced('past epoch', [infos.past]), ...misplaced('future epoch', [infos.future, futureApart.info])],
      give: (bytes) => tracker.offerGroupInfo(bytes),
    },
  ]
}

function packageDoors({ room: { mine }, ways: { ending }, packages: { anybody, members, daves } }: World): Plan[] {
  // Where a key package goes in, bare bytes are taken as well.
  const bare = (genuine: readonly Uint8Array[]): Door['isGenuine'] => (bytes) =>
    genuine.some((one) => bytes.length === one.length - 4 && Buffer.compare(bytes, one.subarray(4)) === 0)
  const door = (name: string, offer: typeof anybody, give: Door['give']): Plan =>
    ({ ...offer, family: 'key package', name, isGenuine: bare(offer.genuine), give })
  return [
    door('commit: add', anybody, (bytes) => mine.commit({ add: [bytes] })),
    // A member's second one is a matter for the commit: another proposal may remove the first.
    door('propose: add', { ...anybody, misplaced: anybody.misplaced.filter(({ kind }) => kind !== 'replay') }, (bytes) => mine.propose({ type: 'add', keyPackage: bytes })),
    door('branch', members, (bytes) => mine.branch([bytes])),
    door('successor', daves, (bytes) => ending.successor([bytes])),
  ]
}

function formDoors({ people: { suite }, room, ways, packages: { anybody } }: World): Plan[] {
  const server = serverOf(suite)
  const alice = certificates.alice
  const { x } = new X509Certificate(alice).publicKey.export({ format: 'jwk' })
  const judge = x509Authenticator({ anchors: [certificates.ca] })
  return [
    {
      family: 'form', name: 'decode',
      genuine: [
        ...room.messages.map(({ bytes }) => bytes), ...room.proposals, ...room.commits, ...ways.welcome.genuine, ...ways.info.genuine, ...anybody.genuine,
      ],
      give: async (bytes) => {
        await decode(bytes)
        return new Harmless('well formed')
      },
    },
    {
      family: 'form', name: 'proposeExternally: add', genuine: anybody.genuine,
      give: async (bytes) => {
        await proposeExternally({
          suite, groupId: room.mine.id, epoch: 1n, senderIndex: 0, signaturePrivateKey: server.signaturePrivateKey,
          proposal: { type: 'add', keyPackage: bytes },
        })
        return new Harmless('well formed')
      },
    },
    {
      family: 'certificate', name: 'x509Authenticator', genuine: [alice],
      misplaced: [...misplaced('for another', [certificates.bob, certificates.ca]), ...misplaced('another group', [certificates.carol, certificates.bobByNobody])],
      // What stands behind a certificate is no part of it.
      isGenuine: (bytes) => Buffer.compare(bytes.subarray(0, alice.length), alice) === 0,
      give: async (bytes) => {
        const [verdict] = await judge([{
          role: 'member', index: 0, credential: { type: 'x509', certificates: [bytes] }, signatureKey: new Uint8Array(Buffer.from(x ?? '', 'base64url')), former: null,
        }])
        return verdict === 'accept' ? verdict : new Harmless(`verdict: ${String(verdict)}`)
      },
    },
  ]
}
