// A large group whose tree is warm where one member writes. A commit writes the pages of parent nodes on its sender's way
// to the root, 15 nodes each, and seals to the nodes beside that way. Where all of these are filled, and no leaf is unmerged
// in them, it writes what it would write in a tree in which everybody has committed.
import assert from 'node:assert/strict'
import { Client, type Group, type Store, memoryStore, trustAnyCredential } from 'node-mls'
import type { Progress } from '../world'

/** A page of parents has so many levels (docs/store-format.md, tag 3). */
const LEVELS = 4

export interface WarmGroup {
  /** At leaf 0: she made the group, and her way is warm. */
  readonly alice: Member
  /** At leaf 1, so that he derives every key of her paths: of all receivers he writes most. */
  readonly bob: Member
  /** Who committed so that her way became warm. */
  readonly warmers: number
}
export interface Member {
  readonly client: Client
  readonly group: Group
}

/** open opens a client that trusts everybody. */
export const open = (identity: string, suite: number, store: Store = memoryStore()): Promise<Client> =>
  Client.open({ identity, suites: [suite], store, authenticate: trustAnyCredential })

/**
 * warmersOf gives the leaves whose commits fill the pages between leaf 0 and the root of a tree of `n`, and the nodes
 * beside the tops of these pages: the first leaf of each of the eight parts of a page except leaf 0's own part, of which it
 * is that of the second half. The largest parts come first, which makes the later commits small.
 */
export function warmersOf(n: number): number[] {
  const parts: number[] = []
  for (let leaves = 2; leaves < n; leaves <<= LEVELS) parts.unshift(leaves)
  return parts.flatMap((leaves) => {
    const firsts = Array.from({ length: 7 }, (_, part) => (part + 1) * leaves)
    // In the lowest page that second half is leaf 1, beside which there is no parent.
    return (leaves > 2 ? [...firsts, leaves / 2] : firsts).filter((leaf) => leaf < n)
  })
}

/**
 * makeWarmGroup makes a group of `n`. Those who warm it join one after another, so that one copy of theirs is in memory.
 * @param fillers makes key packages of members who never join
 * @param leaves those who warm it, in the order in which they commit; neither 0 nor 1
 */
export async function makeWarmGroup(
  n: number,
  suite: number,
  stores: { readonly alice: Store; readonly bob: Store },
  fillers: (count: number) => Promise<Uint8Array[]>,
  tell: Progress,
  leaves: readonly number[] = warmersOf(n),
): Promise<WarmGroup> {
  const warmers = new Map<number, Client>()
  for (const leaf of leaves) warmers.set(leaf, await open(`warmer-${leaf}`, suite))
  const [alice, bob] = [await open('alice', suite, stores.alice), await open('bob', suite, stores.bob)]
  tell('key packages')
  const keyPackages = await fillers(n - 1)
  for (const [leaf, client] of [[1, bob] as const, ...warmers]) keyPackages[leaf - 1] = await keyPackageOf(client)
  tell('adding')
  const alices = await alice.createGroup({ suite })
  const commit = await alices.commit({ add: keyPackages, tree: 'apart', path: 'when-required' })
  const { welcome, tree } = await commit.accepted()
  assert(welcome && tree && alices.memberCount === n)
  const bobs = await bob.join(welcome, { tree })
  const commits: Uint8Array[] = []
  for (const [leaf, client] of warmers) {
    tell(`warming, ${commits.length + 1} of ${leaves.length}`)
    const group = await client.join(welcome, { tree })
    assert.equal(group.leafIndex, leaf)
    await follow(group, commits)
    const { message } = await group.commit()
    await client.close()
    warmers.delete(leaf)
    await follow(alices, [message])
    await follow(bobs, [message])
    commits.push(message)
  }
  return { alice: { client: alice, group: alices }, bob: { client: bob, group: bobs }, warmers: leaves.length }
}

async function keyPackageOf(client: Client): Promise<Uint8Array> {
  const [keyPackage] = await client.keyPackages.create()
  assert(keyPackage)
  return keyPackage.message
}

async function follow(group: Group, commits: readonly Uint8Array[]): Promise<void> {
  for (const { kind } of await group.receiveMany(commits)) assert.equal(kind, 'commit')
}
