// A group that once had a listener was kept for good, until its client closed: also when the listener had been stopped, the iterator
// left, the group closed, or we were removed from it. And a removed group that had to make room kept its tree.
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Client, Group } from '../../lib'
import { addTo, fails, open } from '../api/support/people'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** isCollected says whether what `make` gives is gone when others were used. */
async function isCollected(client: Client, make: () => Promise<Group>): Promise<boolean> {
  const reference = await (async () => new WeakRef(await make()))()
  for (let i = 0; i < 3; i += 1) await client.createGroup()
  for (let i = 0; i < 20 && reference.deref(); i += 1) {
    await turn()
    collect()
  }
  return reference.deref() === undefined
}

const ways: Record<string, (group: Group) => unknown> = {
  'has no listeners': () => {},
  'has a listener that was stopped': (group) => group.on('message', () => {})(),
  'has listeners that were stopped': (group) => {
    const stops = [group.on('message', () => {}), group.on('message', () => {}), group.on('commit', () => {})]
    for (const stop of [...stops, ...stops]) stop()
  },
  'had an iterator': async (group) => {
    const events = group.events()
    await events.return?.()
  },
  'had an iterator with a signal': (group) => {
    const controller = new AbortController()
    group.events({ signal: controller.signal })
    controller.abort()
  },
  'is listened to when it is closed': async (group) => {
    await group.close()
    group.on('message', () => {})
    group.events()
  },
}

test.each(Object.entries(ways))('a group is let go that %s', async (_, listen) => {
  const alice = await open('alice', { maxLoadedGroups: 1 })
  expect(await isCollected(alice, async () => {
    const group = await alice.createGroup()
    await listen(group)
    return group
  })).toBe(true)
})

test('a group that has one more listener, or a listener again, stays', async () => {
  const alice = await open('alice', { maxLoadedGroups: 1 })
  expect(await isCollected(alice, async () => {
    const group = await alice.createGroup()
    const stop = group.on('message', () => {})
    group.on('message', () => {})
    stop()
    return group
  })).toBe(false)
})

/** removed gives bob's view of a group that he was removed from, with what he heard. */
async function removed(bob: Client): Promise<{ group: Group; heard: string[]; all: string[]; ended: Promise<void> }> {
  const alices = await (await open('alice')).createGroup()
  const group = await addTo(alices, bob)
  const [heard, all]: string[][] = [[], []]
  group.on('removed', ({ kind }) => heard!.push(kind))
  const ended = (async () => {
    for await (const { kind } of group.events()) all!.push(kind)
  })()
  const removal = await alices.commit({ remove: [group.leafIndex] })
  await removal.accepted()
  await group.receive(removal.message)
  return { group, heard: heard!, all: all!, ended }
}

test('a removed group that has listeners is let go', async () => {
  const bob = await open('bob', { maxLoadedGroups: 1 })
  expect(await isCollected(bob, async () => (await removed(bob)).group)).toBe(true)
})

test('a removed group may be read until it makes room: then its tree is gone, and its iterators end', async () => {
  const bob = await open('bob', { maxLoadedGroups: 1 })
  const { group, heard, all, ended } = await removed(bob)
  expect(heard).toEqual(['removed'])
  expect((await group.tree()).length).toBeGreaterThan(0)
  expect((await group.member(0))?.leafIndex).toBe(0)
  await (await bob.createGroup()).send('another is used')
  for (const reading of [() => group.tree(), () => group.member(0), () => group.members().next(), () => group.send('x')]) {
    await fails(reading(), 'REMOVED')
  }
  expect(group.phase).toBe('removed')
  await ended
  expect(all).toEqual(['commit', 'removed'])
  await group.close()
  await fails(group.tree(), 'CLOSED')
})
