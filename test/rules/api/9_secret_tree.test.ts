// RFC 9420 §9: keys are used once, whatever happens to the process and however many there are.
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { Client, sqliteStore, trustAnyCredential, type Group } from '../../../lib'
import { open } from '../../api/support/people'
import { times } from '../../faults/support/counts'
import { Failed, Member, type State } from '../../faults/support/member'
import { filesWith, rowsWith, type Row } from './support/rows'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-secret-tree-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const limits = { maxForwardSteps: 1_000_000, maxSkippedKeysPerSender: 1_000_000, maxSkippedKeys: 1_000_000 }

/** withAlice makes bob's group and lets alice in, who is a process of her own. */
async function withAlice(place: string): Promise<{ bobs: Group; alice: Member }> {
  const bobs = await (await open('bob', { policy: { limits } })).createGroup()
  const alice = new Member()
  await alice.open(place)
  const commit = await bobs.commit({ add: [await alice.call<Uint8Array>('keyPackage')] })
  await alice.call<State>('join', (await commit.accepted()).welcome)
  return { bobs, alice }
}

async function sendInThread(place: string, count: number): Promise<Uint8Array[]> {
  const workerData = { file: path.join(__dirname, 'support', 'sender.ts'), call: 'send', place, count }
  const worker = new Worker(path.join(__dirname, '..', '..', 'api', 'support', 'worker.cjs'), { workerData })
  const [messages] = await once(worker, 'message') as [Uint8Array[]]
  await worker.terminate()
  return messages
}

async function sendInProcess(member: Member, count: number): Promise<Uint8Array[]> {
  return Promise.all(Array.from({ length: count }, () => member.call<Uint8Array>('send', 'from a process')))
}

test('R9.1-01: key/nonce pair never used twice', async () => {
  const place = path.join(folder, 'many.db')
  const { bobs, alice } = await withAlice(place)
  const other = new Member()
  await other.open(place)
  const store = sqliteStore(place, { busyTimeout: 60_000 })
  const client = await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential })
  const [listed] = client.groups()
  const group = await client.group(listed?.id as Uint8Array)
  // Sixteen calls at once here, four threads, and two processes: all of one member, in one epoch.
  const calls = times(100, 4600)
  const each = times(40, 4600)
  const sent = (await Promise.all([
    ...Array.from({ length: 16 }, async () => {
      const messages: Uint8Array[] = []
      for (let i = 0; i < calls; i += 1) messages.push(await group.send('from a call'))
      return messages
    }),
    ...Array.from({ length: 4 }, () => sendInThread(place, each)),
    sendInProcess(alice, each),
    sendInProcess(other, each),
  ])).flat()
  expect(sent).toHaveLength(16 * calls + 6 * each)
  // Who reads them all would find a key consumed that had been used before.
  const received = await bobs.receiveMany(sent)
  const kinds = received.map((event) => event.kind)
  expect(new Set(kinds)).toEqual(new Set(['message']))
  expect(kinds).toHaveLength(sent.length)
  await Promise.all([alice.kill(), other.kill(), client.close()])
  await store.close()
}, 3_600_000)

test('R9.2-02: a message that one process has received is consumed for the others', async () => {
  const place = path.join(folder, 'replay.db')
  const { bobs, alice } = await withAlice(place)
  const other = new Member()
  await other.open(place)
  const [first, second] = [await bobs.send('first'), await bobs.send('second')]
  await alice.call('receive', second)
  await expect(other.call('receive', second)).rejects.toEqual(new Failed('KEY_CONSUMED'))
  await other.call('receive', first)
  for (const member of [alice, other]) {
    for (const message of [first, second]) await expect(member.call('receive', message)).rejects.toEqual(new Failed('KEY_CONSUMED'))
  }
  await Promise.all([alice.kill(), other.kill()])
}, 600_000)

/** The tag of a ratchet's row, and its place in the key: the leaf after tag and epoch, then the type, 2 for messages. */
const ratchetTag = 7
const leafAt = 9
const isOf = (leaf: number) => ({ key }: Row): boolean => key.readUInt32BE(leafAt) === leaf && key[leafAt + 4] === 2

test('R9.2-06: the advance of a ratchet and its deletions are durable before the result is released (OpenMLS GHSA-qr9h-x63w-vqfm)', async () => {
  const place = path.join(fs.mkdtempSync(path.join(folder, 'killed-')), 'alice.db')
  const { bobs, alice: first } = await withAlice(place)
  let alice = first
  const store = sqliteStore(place, { busyTimeout: 60_000 })
  const ratchetOf = async (leaf: number): Promise<Row | undefined> => (await rowsWith(store, ratchetTag)).find(isOf(leaf))
  /** restart kills alice. A ratchet whose key she has used is then in no file as it was. */
  const restart = async (leaf: number, former: Row | undefined): Promise<void> => {
    await alice.kill()
    if (former) expect(filesWith(path.dirname(place), former)).toBe(0)
    const present = await ratchetOf(leaf)
    expect(present && filesWith(path.dirname(place), present)).toBe(1)  // what can be found is found
    alice = new Member()
    await alice.open(place)
  }
  for (let i = 0; i < times(4, 100); i += 1) {
    const message = await bobs.send(`to alice ${i}`)
    const [sender, own] = [await ratchetOf(0), await ratchetOf(1)]
    expect([sender, own].map((row) => row !== undefined)).toEqual([i > 0, i > 0])
    expect(await alice.call('receive', message)).toEqual({ kind: 'message', text: `to alice ${i}` })
    await restart(0, sender)
    await expect(alice.call('receive', message)).rejects.toEqual(new Failed('KEY_CONSUMED'))
    const sent = await alice.call<Uint8Array>('send', 'before')
    await restart(1, own)
    const next = await alice.call<Uint8Array>('send', 'after')
    for (const one of [sent, next]) expect((await bobs.receive(one)).kind).toBe('message')
  }
  await alice.kill()
  await store.close()
}, 600_000)
