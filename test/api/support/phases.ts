// Every public member of Group in every phase of a group: how a group comes into a phase, how each member is called
// there, and what comes of it. No test framework in here: a worker runs it too.
import { isMainThread } from 'node:worker_threads'
import type { Client, ExternalJoin, Group, NewProposal, PendingCommit, Phase } from '../../../lib'
import { addTo, keyPackage, open } from './people'

export const phases = ['active', 'pending', 'joining', 'suspended', 'reinitialised', 'removed', 'closed', 'deleted', 'exported'] as const
export type PhaseName = (typeof phases)[number]

interface Scene {
  readonly alice: Client
  readonly bob: Client
  /** Alice's view, in the phase. */
  readonly group: Group
  /** The other member's view. */
  readonly bobs: Group
  /** A message, and a commit, of the other's. */
  readonly message: Uint8Array
  readonly foreign: Uint8Array
  /** A commit of alice's from before the phase: it waits in `pending` and `closed`; elsewhere another was first. */
  readonly candidate: PendingCommit | ExternalJoin
}

const CUSTOM = 0xf001
const options = { proposalTypes: [CUSTOM], policy: { customProposals: [{ type: CUSTOM }] } }

/** sceneOf brings alice's group into a phase. */
async function sceneOf(phase: PhaseName): Promise<Scene> {
  const [alice, bob] = [await open('alice', options), await open('bob', options)]
  for (const client of [alice, bob]) await client.psks.put('secret', Buffer.alloc(32, 1))
  if (phase === 'joining') {
    const bobs = await bob.createGroup()
    const candidate = await alice.joinExternally(await bobs.groupInfo())
    await bobs.receive(candidate.message)
    const message = await bobs.send('x')
    return { alice, bob, group: candidate.group, bobs, message, foreign: (await bobs.commit()).message, candidate }
  }
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  const message = await bobs.send('x')
  const candidate = await group.commit()
  if (phase === 'active') await candidate.rejected()
  if (phase === 'suspended' || phase === 'reinitialised') await (await group.commit({ reinit: {} })).accepted()
  if (phase === 'reinitialised') await group.successor([await keyPackage(bob)])
  if (phase === 'removed') {
    const commit = await bobs.commit({ remove: [0] })
    await group.receive(commit.message)
  }
  const foreign = (await bobs.commit()).message
  if (phase === 'closed') await group.close()
  if (phase === 'deleted') await group.delete()
  if (phase === 'exported') await alice.exportGroup(group.id)
  return { alice, bob, group, bobs, message, foreign, candidate }
}

type Cell = (scene: Scene) => unknown

/** A kind of proposal, proposed for others and committed by ourselves. */
function proposal(type: string, make: (scene: Scene) => NewProposal | Promise<NewProposal>): Record<string, Cell> {
  return {
    [`propose: ${type}`]: async (scene) => scene.group.propose(await make(scene)),
    [`commit: ${type}`]: async (scene) => scene.group.commit({ proposals: [await make(scene)] }),
  }
}

const isBytes = (value: unknown, size: number): boolean => value instanceof Uint8Array && value.length === size

/** What each getter must give; false is a failure. A removed member has no secrets, and knows no epoch that it could read. */
const getters: Record<string, (group: Group) => boolean> = {
  id: ({ id }) => isBytes(id, 32),
  key: ({ id, key }) => key === Buffer.from(id).toString('hex'),
  epoch: ({ epoch }) => epoch >= 1n,
  suite: ({ suite }) => suite === 1,
  phase: ({ phase }) => ['joining', 'active', 'suspended', 'removed'].includes(phase),
  leafIndex: (group) => group.leafIndex === (group.phase === 'joining' ? 1 : 0),
  memberCount: (group) => group.memberCount === 2,
  epochAuthenticator: ({ epochAuthenticator, phase }) => isBytes(epochAuthenticator, phase === 'removed' ? 0 : 32),
  treeHash: ({ treeHash }) => isBytes(treeHash, 32),
  extensions: ({ extensions }) => extensions.length === 0,
  proposals: ({ proposals }) => proposals.length === 0,
  reinit: ({ reinit, phase }) => (reinit !== null) === (phase === 'suspended'),
  epochs: (group) => group.epochs().at(-1)?.epoch === (group.phase === 'removed' ? undefined : group.epoch),
  lease: ({ lease }) => lease === null,
  pending: (group) => Array.isArray(group.pending()),
  on: (group) => typeof group.on('message', () => {}) === 'function',
  events: (group) => Symbol.asyncIterator in group.events(),
}

/** The members of Group by name; what comes after a colon tells apart several ways to call one. */
const cells: Record<string, Cell> = {
  ...Object.fromEntries(Object.entries(getters).map(([name, holds]) => [name, ({ group }: Scene) => holds(group)])),
  send: ({ group }) => group.send('x'),
  sendMany: ({ group }) => group.sendMany(['x', 'y']),
  'receive: a message': ({ group, message }) => group.receive(message),
  'receive: a commit': ({ group, foreign }) => group.receive(foreign),
  receiveMany: async ({ group, message }) => {
    const [first] = await group.receiveMany([message])
    if (first?.kind === 'error') throw first.error
    return first?.kind === 'message'
  },
  commit: ({ group }) => group.commit(),
  ...proposal('add', async () => ({ type: 'add', keyPackage: await keyPackage(await open('carol', options)) })),
  ...proposal('remove', ({ bobs }) => ({ type: 'remove', leafIndex: bobs.leafIndex })),
  ...proposal('psk', () => ({ type: 'psk', psk: 'secret' })),
  ...proposal('reinit', () => ({ type: 'reinit' })),
  ...proposal('group-context-extensions', () => ({ type: 'group-context-extensions', extensions: [] })),
  ...proposal('custom', () => ({ type: 'custom', proposalType: CUSTOM, data: Uint8Array.of(1) })),
  'propose: update': ({ group }) => group.propose({ type: 'update' }),
  'commit: new signature key': ({ group }) => group.commit({ update: { rotateSignatureKey: true } }),
  'accepted, of a candidate': ({ candidate }) => candidate.accepted(),
  'rejected, of a candidate': ({ candidate }) => candidate.rejected(),
  leave: ({ group }) => group.leave(),
  export: async ({ group }) => isBytes(await group.export('x', new Uint8Array(0), 16), 16),
  groupInfo: ({ group }) => group.groupInfo(),
  tree: ({ group }) => group.tree(),
  treeParts: async ({ group }) => {
    for await (const part of group.treeParts()) return part.length > 0
    return false
  },
  members: async ({ group }) => {
    for await (const member of group.members()) return member.leafIndex === 0
    return false
  },
  member: async ({ group }) => (await group.member(0))?.leafIndex === 0,
  successor: async ({ group, bob }) => group.successor([await keyPackage(bob)]),
  branch: async ({ group, bob }) => group.branch([await keyPackage(bob)]),
  refresh: ({ group }) => group.refresh(),
  confirm: ({ group }) => group.confirm(),
  close: ({ group }) => group.close(),
  delete: ({ group }) => group.delete(),
}

export const names = Object.keys(cells)

/** memberOf gives the member of Group that a cell calls; those of a candidate have none. */
export const memberOf = (name: string): string => (name.includes(', of') ? '' : (name.split(':')[0] ?? ''))

const accepted = 'accepted, of a candidate'
const rejected = 'rejected, of a candidate'

/** What works in every phase: what asks nothing of the group, closing, and dropping a candidate that is gone already. */
const always = [...Object.keys(getters), 'close', 'delete']
const reading = [...always, 'tree', 'treeParts', 'members', 'member', 'refresh']

/** What belongs to one phase, and what is said of it in the others. */
const elsewhere = { confirm: 'MISUSE', successor: 'MISUSE', [accepted]: 'STALE_CANDIDATE' }

/** What works in a phase, the code of the error where it does not, and the exceptions. */
interface Rule {
  readonly works: readonly string[]
  readonly otherwise: string
  readonly but: Readonly<Record<string, string>>
}

const suspended: Rule = {
  works: [...reading, 'receive: a message', 'receiveMany', 'export', rejected],
  otherwise: 'GROUP_SUSPENDED',
  but: { ...elsewhere, 'receive: a commit': 'WRONG_EPOCH', successor: 'ok' },
}

const rules: Readonly<Record<PhaseName, Rule>> = {
  active: { works: names, otherwise: '', but: elsewhere },
  pending: { works: names, otherwise: '', but: { ...elsewhere, [accepted]: 'ok' } },
  joining: { works: [...reading, 'export', 'confirm', accepted, rejected], otherwise: 'MISUSE', but: {} },
  suspended,
  reinitialised: { ...suspended, but: { ...suspended.but, successor: 'GROUP_EXISTS' } },
  removed: { works: [...reading, rejected], otherwise: 'REMOVED', but: { ...elsewhere, refresh: 'REMOVED' } },
  closed: { works: always, otherwise: 'CLOSED', but: {} },
  deleted: { works: always, otherwise: 'CLOSED', but: { delete: 'UNKNOWN_GROUP' } },
  exported: { works: always, otherwise: 'GROUP_MOVED', but: { delete: 'GROUP_MOVED' } },
}

/** expected gives `ok`, or the code of the error. */
export function expected(phase: PhaseName, name: string): string {
  const { works, otherwise, but } = rules[phase]
  return but[name] ?? (works.includes(name) ? 'ok' : otherwise)
}

const phaseOf: Readonly<Record<PhaseName, Phase>> = {
  active: 'active', pending: 'active', joining: 'joining', suspended: 'suspended', reinitialised: 'suspended',
  removed: 'removed', closed: 'active', deleted: 'active', exported: 'active',
}

/** outcomeOf calls one member in one phase: `ok`, the code of the error, or in words what else was wrong. */
export async function outcomeOf(phase: PhaseName, name: string): Promise<string> {
  const scene = await sceneOf(phase)
  const { group } = scene
  if (group.phase !== phaseOf[phase]) return `the group is ${group.phase}`
  const before = group.epochAuthenticator
  const outcome = await Promise.resolve(scene).then(cells[name]).then(
    (value) => (value === false ? 'a wrong value' : 'ok'),
    (error: unknown) => String((error as { code?: string }).code ?? error),
  )
  await Promise.all([scene.alice.close(), scene.bob.close()])
  const kept = Buffer.from(before).equals(group.epochAuthenticator)
  return outcome === 'ok' || kept ? outcome : `${outcome}, and the epoch changed`
}

export type Table = Record<PhaseName, Record<string, string>>

/** tableOf fills the whole table, cell after cell. */
export async function tableOf(fill: (phase: PhaseName, name: string) => string | Promise<string>): Promise<Table> {
  const table = Object.fromEntries(phases.map((phase) => [phase, {}])) as Table
  for (const phase of phases) for (const name of names) table[phase][name] = await fill(phase, name)
  return table
}

/** runTable fills it with what happens, and says in which thread. */
export async function runTable(): Promise<{ readonly mainThread: boolean; readonly table: Table }> {
  return { mainThread: isMainThread, table: await tableOf(outcomeOf) }
}
