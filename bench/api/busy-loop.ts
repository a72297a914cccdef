// The event loop while the addon is busy: 1,000 members are added and 10,000 messages received.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { Client, memoryStore, trustAnyCredential } from 'node-mls'
import { type LoopDelay, watchLoop } from '../../examples/group-server/loop-delay'

export const MEMBERS = 1000
export const MESSAGES = 10_000
const BATCH = 100

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/**
 * measureBusyLoop does both side by side, and gives the delays of the loop meanwhile. What making the messages and key
 * packages has left is collected before: it is not of the work that is measured.
 */
export async function measureBusyLoop(suite: number, keyPackages: readonly Uint8Array[]): Promise<LoopDelay> {
  const [alice, bob] = await Promise.all(['alice', 'bob'].map((identity) => open(identity, suite)))
  assert(alice && bob)
  const [keyPackage] = await bob.keyPackages.create()
  assert(keyPackage)
  const small = await alice.createGroup()
  const { welcome } = await (await small.commit({ add: [keyPackage.message] })).accepted()
  assert(welcome)
  const bobs = await bob.join(welcome)
  const messages: Uint8Array[] = []
  while (messages.length < MESSAGES) messages.push(...(await small.sendMany(Array.from({ length: BATCH }, () => 'x'.repeat(200)))))
  const big = await alice.createGroup()

  collectGarbage()
  const ended = watchLoop()
  await sleep(20)
  const add = async () => {
    const commit = await big.commit({ add: keyPackages.slice(0, MEMBERS), welcomes: 'one-each', tree: 'apart' })
    await commit.accepted()
  }
  const receive = async () => {
    for (let start = 0; start < messages.length; start += BATCH) {
      for (const { kind } of await bobs.receiveMany(messages.slice(start, start + BATCH))) assert.equal(kind, 'message')
    }
  }
  await Promise.all([add(), receive()])
  await sleep(20)
  const delay = ended()
  await Promise.all([alice.close(), bob.close()])
  return delay
}

/** measureIdleLoop gives the delays when nothing is done: what the machine and its other processes bring. */
export async function measureIdleLoop(): Promise<LoopDelay> {
  const ended = watchLoop()
  await sleep(2000)
  return ended()
}

/**
 * measureBesideThreads gives the delays beside as many threads as the pool has that do nothing but count, at its priority, when
 * the loop does a little each millisecond: what the machine brings when its cores are taken.
 */
export async function measureBesideThreads(threads: number): Promise<LoopDelay> {
  const counting = 'require("node:os").setPriority(0, 5); for (;;) {}'  // on Linux, of the thread
  const workers = Array.from({ length: threads }, () => new Worker(counting, { eval: true }))
  await Promise.all(workers.map((worker) => once(worker, 'online')))
  await sleep(20)
  const ended = watchLoop()
  let sum = 0
  const little = setInterval(() => { for (let i = 0; i < 200_000; i += 1) sum += i }, 1)
  await sleep(1000)
  const delay = ended()
  clearInterval(little)
  assert(sum > 0)
  await Promise.all(workers.map((worker) => worker.terminate()))
  return delay
}

const open = (identity: string, suite: number): Promise<Client> =>
  Client.open({ identity, suites: [suite], store: memoryStore(), authenticate: trustAnyCredential })
