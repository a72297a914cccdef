// Durable messages: how many a second, when each call is awaited until it is stored.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { Group, Store } from 'node-mls'
import { measure } from '../measure'
import { open } from './warm-group'

/** Of one group, calls under way at any time, and calls in all. */
const UNDER_WAY = 256
const MESSAGES = 8192
/** Groups side by side, each with one call under way, and the calls of each. */
export const GROUPS = 100
const EACH = 40

const PAYLOAD = new Uint8Array(1024).fill(0x61)

/** PerSecond: messages a second, sent and received. */
export interface PerSecond {
  readonly sent: number
  readonly received: number
}

export interface Durable {
  readonly oneGroup: PerSecond
  readonly manyGroups: PerSecond
}

/** measureDurable measures senders in one store and receivers in another of the same kind. */
export async function measureDurable(suite: number, stores: { readonly alice: Store; readonly bob: Store }): Promise<Durable> {
  const [alice, bob] = [await open('alice', suite, stores.alice), await open('bob', suite, stores.bob)]
  const pairs: { readonly alices: Group; readonly bobs: Group }[] = []
  const keyPackages = await bob.keyPackages.create(GROUPS)
  for (const { message } of keyPackages) {
    const alices = await alice.createGroup({ suite })
    const { welcome } = await (await alices.commit({ add: [message] })).accepted()
    assert(welcome)
    pairs.push({ alices, bobs: await bob.join(welcome) })
  }
  const [first] = pairs
  assert(first)
  const oneGroup = await exchange(Array.from({ length: UNDER_WAY }, () => first), MESSAGES / UNDER_WAY)
  const manyGroups = await exchange(pairs, EACH)
  await Promise.all([alice.close(), bob.close()])
  return { oneGroup, manyGroups }
}

/** measureSync gives the milliseconds, a median, in which the disk of `file` takes a page: what every transaction waits for. */
export async function measureSync(file: string): Promise<number> {
  const page = Buffer.alloc(4096)
  const descriptor = fs.openSync(file, 'w')
  const write = () => {
    fs.writeSync(descriptor, page)
    fs.fsyncSync(descriptor)
  }
  const { median } = await measure(() => null, write)
  fs.closeSync(descriptor)
  return median
}

/** exchange lets each of `pairs` send, and then receive, `each` messages one after the other, all side by side. */
async function exchange(pairs: readonly { readonly alices: Group; readonly bobs: Group }[], each: number): Promise<PerSecond> {
  // By group: calls under way in one group share its messages, so that they arrive in the order in which they were sent.
  const sent = new Map(pairs.map(({ alices }) => [alices, [] as Uint8Array[]]))
  const sending = await timed(pairs.map(({ alices }) => async () => void sent.get(alices)?.push(await alices.send(PAYLOAD))), each)
  const arriving = new Map([...sent].map(([group, messages]) => [group, messages.values()]))
  const receive = async (alices: Group, bobs: Group): Promise<void> => {
    const message = arriving.get(alices)?.next().value
    assert(message)
    assert.equal((await bobs.receive(message)).kind, 'message')
  }
  const receiving = await timed(pairs.map(({ alices, bobs }) => () => receive(alices, bobs)), each)
  const all = pairs.length * each
  return { sent: all / sending, received: all / receiving }
}

/** timed gives the seconds in which all of `calls` were made `each` times, side by side. */
async function timed(calls: readonly (() => Promise<void>)[], each: number): Promise<number> {
  await turn()
  const start = performance.now()
  await Promise.all(
    calls.map(async (call) => {
      for (let i = 0; i < each; i++) await call()
    }),
  )
  return (performance.now() - start) / 1000
}
