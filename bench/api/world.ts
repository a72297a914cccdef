// The group in which one implementation is measured: a founder, a second live member, and so many who were only added.
import { setImmediate as turn } from 'node:timers/promises'
import type { Peer, PeerMember } from '../../test/interop/peers/peer'
import { type Measured, measure } from './measure'

/**
 * What is measured, in the order of a group's life. Commits that only add make no new keys, which not every peer does then.
 */
export const OPERATIONS = [
  'make a key package',
  'add all in one commit',
  'join',
  'add one member',
  'process: one was added',
  'commit with new keys',
  'process: new keys',
  'send 1 KiB',
  'receive 1 KiB',
] as const
export type Operation = (typeof OPERATIONS)[number]
export type Figures = Partial<Record<Operation, Measured>>

export type Progress = (what: string) => void

/** Sends per measurement of sending: one is too short for the clock and the loop alike. */
const SENDS = 200
const PAYLOAD = new Uint8Array(1024).fill(0x61)

/**
 * measureGroup measures one implementation in a group of `n`.
 * @param fillers makes the key packages of those who never join; the same for every implementation
 * @param founder founds the group where `peer` cannot add many at once; null: `peer` itself does
 */
export async function measureGroup(
  peer: Peer,
  founder: Peer | null,
  suite: number,
  n: number,
  fillers: (count: number) => Promise<Uint8Array[]>,
  tell: Progress,
): Promise<Figures> {
  const alice = await peer.member('alice', suite)
  const bob = await peer.member('bob', suite)
  tell('key packages')
  const figures: Figures = { 'make a key package': await measure(() => alice, (member) => member.makeKeyPackage()) }
  tell('adding')
  const bobPackage = await bob.makeKeyPackage()
  const keyPackages = [bobPackage, ...(await fillers(n - 2))]
  if (founder === null) {
    await alice.createGroup(`bench-${n}`)
    const add = await once(() => alice.commit({ add: keyPackages, path: 'when-required' }))
    figures['add all in one commit'] = add.measured
    await joinBy(bob, add.result.welcome, alice, figures)
  } else {
    // The founder takes a filler's place, so that there are n members.
    const other = await founder.member('founder', suite)
    await other.createGroup(`bench-${n}`)
    const { welcome } = await other.commit({ add: [await alice.makeKeyPackage(), ...keyPackages.slice(0, Math.max(1, n - 2))] })
    const tree = await other.tree()
    if (welcome === null) throw new Error('no Welcome')
    await alice.join(welcome, tree)
    await joinBy(bob, welcome, other, figures)
    await other.close()
  }
  tell('messages')
  await messages(alice, bob, figures)
  tell('commits')
  await commits(alice, bob, suite, figures)
  await alice.close()
  await bob.close()
  return figures
}

/** once measures what can be done only once, and keeps its result. */
async function once<T>(operation: () => Promise<T>): Promise<{ measured: Measured; result: T }> {
  const results: { value: T }[] = []
  const measured = await measure(
    () => null,
    async () => results.push({ value: await operation() }),
    1,
  )
  const [result] = results
  if (result === undefined) throw new Error('unreachable')
  return { measured, result: result.value }
}

async function joinBy(joiner: PeerMember, welcome: Uint8Array | null, informant: PeerMember, figures: Figures): Promise<void> {
  if (welcome === null) throw new Error('no Welcome')
  const tree = await informant.tree()
  figures.join = (await once(() => joiner.join(welcome, tree))).measured
}

/** messages gives the loop a turn after each, as a server would that has other things to do. */
async function messages(alice: PeerMember, bob: PeerMember, figures: Figures): Promise<void> {
  const sent: Uint8Array[] = []
  const send = await measure(
    () => null,
    async () => {
      for (let i = 0; i < SENDS; i++) {
        sent.push(await alice.send(PAYLOAD))
        await turn()
      }
    },
    1,
  )
  const receive = await measure(
    () => null,
    async () => {
      for (const message of sent) {
        await bob.receive(message)
        await turn()
      }
    },
    1,
  )
  figures['send 1 KiB'] = { median: send.median / SENDS, longestDelay: send.longestDelay }
  figures['receive 1 KiB'] = { median: receive.median / SENDS, longestDelay: receive.longestDelay }
}

/** commits measures both sides of two commits, turn by turn; the first of each is the one in the fresh tree. */
async function commits(alice: PeerMember, bob: PeerMember, suite: number, figures: Figures): Promise<void> {
  // New keys first, in the group of n; adding lets it grow.
  const pairs = [
    ['commit with new keys', 'process: new keys'],
    ['add one member', 'process: one was added'],
  ] as const
  for (const [making, processing] of pairs) {
    if (making === 'commit with new keys' && !alice.peer.abilities.has('update')) continue
    const pending: (readonly Uint8Array[])[] = []
    const process = async () => {
      for (const message of pending.shift() ?? []) await bob.receive(message)
    }
    const processed: Measured[] = []
    figures[making] = await measure(
      async (run) => {
        if (pending.length > 0) processed.push(await measure(() => null, process, 1))
        if (making === 'commit with new keys') return {}
        const newcomer = await alice.peer.member(`newcomer-${run}`, suite)
        return { add: [await newcomer.makeKeyPackage()], path: 'when-required' as const }
      },
      async (change) => pending.push((await alice.commit(change)).messages),
      5,
    )
    processed.push(await measure(() => null, process, 1))
    const times = processed.map(({ median }) => median).sort((a, b) => a - b)
    figures[processing] = {
      median: times[times.length >> 1] ?? Number.NaN,
      longestDelay: Math.max(...processed.map(({ longestDelay }) => longestDelay)),
    }
  }
}
