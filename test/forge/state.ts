// State: everything of the victim that an application can see, and the rows behind it byte for byte, as text to compare.
import type { Group, Store, Tracker } from '../../lib'
import type { World } from './doors'

/** State by name; equal texts are equal states. */
export type State = Readonly<Record<string, string>>

const text = (value: unknown): string => JSON.stringify(value, (_key, one: unknown) => {
  if (typeof one === 'bigint') return `${one}n`
  return ArrayBuffer.isView(one) ? Buffer.from(one.buffer, one.byteOffset, one.byteLength).toString('hex') : one
})

async function groupState(group: Group): Promise<string> {
  const { id, epoch, suite, phase, leafIndex, memberCount, epochAuthenticator, treeHash, extensions, proposals, reinit, lease } = group
  const members = []
  for await (const member of group.members()) members.push(member)
  const pending = group.pending().map(({ id: number, message }) => [number, message])
  return text([
    id, epoch, suite, phase, leafIndex, memberCount, epochAuthenticator, treeHash, extensions, proposals, reinit, lease, group.epochs(), pending, members,
  ])
}

/** trackerState: `save` gives all that there is, with what waits and what was offered. */
async function trackerState(tracker: Tracker): Promise<string> {
  return text(await tracker.save().catch((error: { code?: string }) => error.code))
}

async function rowsOf(store: Store): Promise<State> {
  const rows: Record<string, string> = {}
  for await (const scope of store.list(new Uint8Array(0))) {
    const slices = []
    for await (const slice of store.load(scope)) slices.push(slice)
    rows[`rows of ${Buffer.from(scope).toString('hex')}`] = text(slices)
  }
  return rows
}

/** stateOf gives the state of the victim and of the trackers; `heard` are the events that it was told. */
export async function stateOf({ people: { store, victim }, room, ways, fresh }: World, heard: readonly string[]): Promise<State> {
  const references = victim.keyPackages.list().map(({ reference }) => Buffer.from(reference).toString('hex')).sort()
  return {
    room: await groupState(room.mine),
    twin: await groupState(room.twin),
    ending: await groupState(ways.ending),
    tracker: await trackerState(room.tracker),
    'fresh tracker': await trackerState(fresh),
    groups: text(victim.groups()),
    'key packages': text([victim.keyPackages.usable(), references]),
    atoms: text(store.atoms.length),
    events: text(heard),
    ...await rowsOf(store),
  }
}

/** changesOf names what differs between two states. */
export const changesOf = (before: State, after: State): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name])
