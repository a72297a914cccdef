// What comes to the victim besides messages: Welcomes, GroupInfos and trees to join by, key packages of others, exported
// groups. Each with what is like it and belongs elsewhere.
import type { Client, Group } from '../../lib'
import { keyPackage, open } from '../api/support/people'
import { invite, type People } from './people'
import { misplaced, type Misplaced, type Room } from './room'

/** Offer: what would be let in, and what would not. */
export interface Offer {
  readonly genuine: readonly Uint8Array[]
  readonly misplaced: readonly Misplaced[]
}

/** Ways: groups that the victim may join. */
export interface Ways {
  /** A Welcome with its tree, the group it is of, and other Welcomes. */
  readonly welcome: Offer & { readonly group: Group }
  /** A Welcome that comes without its tree, and the trees. */
  readonly apart: { readonly welcome: Uint8Array; readonly tree: Uint8Array; readonly trees: Offer }
  /** The Welcome of a branch of the room. */
  readonly branch: Offer
  /** GroupInfos, and the group of the first. */
  readonly info: Offer & { readonly group: Group }
  /** A GroupInfo that comes without its tree, and the trees. */
  readonly infoApart: { readonly info: Uint8Array; readonly tree: Uint8Array; readonly trees: Offer }
  /** The victim's view of a group that has ended by a ReInit, and dave's. */
  readonly ending: Group
}

export async function waysOf(people: People, room: Room): Promise<Ways> {
  const { victim, carol, dave, erin } = people
  const group = await carol.createGroup()
  const way = await invite(group, victim)
  const apart = await invite(await dave.createGroup(), victim, [], 'apart')
  const branch = await room.alices.branch([await keyPackage(victim)])
  const joined = await invite(room.impostor, victim)
  if (!apart.tree || !branch.welcome) throw new Error('no tree, or no Welcome')
  const foreign = [
    ...misplaced('replay', [room.usedWelcome]), ...misplaced('for another', [...room.foreignWelcomes, (await invite(await carol.createGroup(), dave)).welcome]),
    ...misplaced('group of the same id', [joined.welcome]),
  ]
  const open = await erin.createGroup()
  const closed = await erin.createGroup()
  const infoApart = await closed.groupInfo({ tree: 'apart' })
  const trees = misplaced('another group', [room.trees.twin, await open.tree()])
  return {
    welcome: { group, genuine: [way.welcome], misplaced: [...foreign, ...misplaced('another group', [branch.welcome]), ...misplaced('incomplete', [apart.welcome])] },
    apart: { welcome: apart.welcome, tree: apart.tree, trees: { genuine: [apart.tree], misplaced: trees } },
    branch: { genuine: [branch.welcome], misplaced: [...foreign, ...misplaced('another group', [way.welcome])] },
    info: {
      group: open,
      genuine: [await open.groupInfo()],
      misplaced: [
        ...misplaced('past epoch', [room.infos.past]), ...misplaced('future epoch', [room.infos.future]),
        ...misplaced('another group', [room.infos.present, room.infos.twin]), ...misplaced('group of the same id', [room.infos.sameId]),
        ...misplaced('incomplete', [await open.groupInfo({ externalPub: false }), infoApart]),
      ],
    },
    infoApart: {
      info: infoApart, tree: await closed.tree(),
      trees: { genuine: [await closed.tree()], misplaced: [...trees, ...misplaced('past epoch', [room.trees.past])] },
    },
    ending: await endingOf(people),
  }
}

/** endingOf makes a group of dave and the victim, and ends it. */
async function endingOf({ victim, dave }: People): Promise<Group> {
  const daves = await dave.createGroup()
  const mine = await victim.join((await invite(daves, victim)).welcome)
  const last = await daves.commit({ reinit: {} })
  await last.accepted()
  await mine.receive(last.message)
  return mine
}

/** Packages: key packages for a group of anybody, for one of members of the room, and for one of dave and the victim. */
export interface Packages {
  readonly anybody: Offer
  readonly members: Offer
  readonly daves: Offer
}

export async function packagesOf({ suite, alice, carol, dave, erin, frank }: People): Promise<Packages> {
  const year = 365 * 24 * 3600
  const now = Date.now() / 1000
  const other = suite === 1 ? 2 : 1
  const made = async (name: string, suites: number[], clock: number): Promise<Uint8Array> => {
    const client = await open(name, { suites, clock: () => clock })
    const message = await keyPackage(client)
    await client.close()
    return message
  }
  const unfit = async (name: string): Promise<Misplaced[]> => [
    ...misplaced('another suite', [await made(name, [other], now)]),
    ...misplaced('out of date', [await made(name, [suite], now - year), await made(name, [suite], now + year)]),
  ]
  const [alices, carols, daves, erins, franks] = [
    await keyPackage(alice), await keyPackage(carol), await keyPackage(dave), await keyPackage(erin), await keyPackage(frank),
  ]
  return {
    anybody: { genuine: [daves, erins, franks], misplaced: [...misplaced('replay', [alices, carols]), ...await unfit('gina')] },
    members: { genuine: [alices], misplaced: [...misplaced('for another', [erins]), ...await unfit('alice')] },
    daves: { genuine: [daves], misplaced: [...misplaced('for another', [alices, erins]), ...await unfit('dave')] },
  }
}

/** Transfers: exported groups. `keyOf` gives the key of one; what it does not know comes with the key of the genuine one. */
export interface Transfers extends Offer {
  readonly group: Group
  readonly keyOf: (bytes: Uint8Array) => Uint8Array
}

export async function transfersOf({ victim, elsewhere, carol, dave }: People): Promise<Transfers> {
  const keys = new Map<Uint8Array, Uint8Array>()
  const moved = async (owner: Client, friend: Client): Promise<{ bytes: Uint8Array; key: Uint8Array; group: Group }> => {
    const group = await owner.createGroup()
    const view = await friend.join((await invite(group, friend)).welcome)
    const moving = await owner.exportGroup(group.id)
    const parts: Uint8Array[] = []
    for await (const part of moving.parts()) parts.push(part)
    return { bytes: new Uint8Array(Buffer.concat(parts)), key: await moving.release(), group: view }
  }
  const used = await moved(elsewhere, carol)
  await (await victim.importGroup(used.bytes, used.key)).delete()
  const genuine = await moved(elsewhere, carol)
  const another = await moved(elsewhere, carol)
  const foreign = await moved(dave, carol)
  keys.set(used.bytes, used.key).set(foreign.bytes, foreign.key)
  return {
    group: genuine.group,
    genuine: [genuine.bytes],
    misplaced: [
      ...misplaced('replay', [used.bytes]), ...misplaced('another group', [another.bytes]), ...misplaced('for another', [foreign.bytes]),
    ],
    keyOf: (bytes) => keys.get(bytes) ?? genuine.key,
  }
}
