// Who loses a race to another process reads what that one changed, and not the group.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Failed, Member } from './support/member'
import { openPeer, policy, type KeyPackage } from './support/mixed-world'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

/** Of the group in which a race is lost. */
const members = 300

interface Counted {
  readonly rows: number
  readonly bytes: number
  readonly whole: boolean
  readonly conflicts: number
}

/** lose lets one process of a large group lose races of each kind to another, and counts what it is given by the store. */
async function lose(store: string): Promise<void> {
  const bobs = await (await openPeer('bob')).createGroup()
  const others = await Promise.all(Array.from({ length: members }, (_, i) => openPeer(`member ${i}`)))
  const packages = await Promise.all(others.map(async (other) => (await other.keyPackages.create())[0]?.message as Uint8Array))
  const [one, two] = [new Member({}, 'mixed.cjs'), new Member({}, 'mixed.cjs')]
  await Promise.all([one, two].map((member) => member.open(store, { policy })))
  const [alices] = await one.call<KeyPackage[]>('createKeyPackages', 1)
  const adding = await bobs.commit({ add: [...packages, alices?.message as Uint8Array] })
  await one.call('join', (await adding.accepted()).welcome)
  const id = bobs.id

  await two.call('describe')
  const all = await two.call<Counted>('counted')
  expect(all.whole).toBe(true)
  /** What `work` of the loser comes to, after another process has done something. */
  const lost = async (work: () => Promise<unknown>): Promise<Counted> => {
    await two.call('counted')
    await work()
    const counted = await two.call<Counted>('counted')
    expect(counted).toMatchObject({ whole: false, conflicts: 1 })
    return counted
  }
  const send = async (): Promise<void> => {
    const message = await two.call<Uint8Array>('send', { id, text: 'x' })
    expect((await bobs.receive(message)).kind).toBe('message')
  }
  const receive = async (member: Member): Promise<void> => {
    expect(await member.call('receive', { message: await bobs.send('y') })).toMatchObject({ kind: 'message' })
  }
  await receive(one)
  const firstMessage = await lost(() => receive(two))
  await receive(one)
  const nextMessage = await lost(() => receive(two))
  const own = await one.call<Uint8Array>('commit', { id })
  await bobs.receive(own)
  expect(await one.call('accept', { id, message: own })).toBe(true)
  const ownCommit = await lost(send)
  const commit = await bobs.commit()
  await commit.accepted()
  await one.call('receive', { message: commit.message })
  // A proposal for the epoch that is over makes no sense in the next.
  const anotherCommit = await lost(() => expect(two.call('propose', id)).rejects.toEqual(new Failed('STORE_CONFLICT')))
  await send()
  process.stdout.write(`${JSON.stringify({ all, firstMessage, nextMessage, ownCommit, anotherCommit })}\n`)
  // Of a sender's first message a path of the secret tree, then one ratchet; of a commit a path of the tree, the context, the keys.
  expect(firstMessage.bytes).toBeLessThan(all.bytes / 20)
  expect(nextMessage.bytes).toBeLessThan(all.bytes / 50)
  for (const one of [ownCommit, anotherCommit]) expect(one.bytes).toBeLessThan(all.bytes / 5)
  for (const member of [one, two]) await member.kill()
}

test('on one SQLite file', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-lost-'))
  await lose(path.join(folder, 'alice.db'))
  fs.rmSync(folder, { recursive: true })
}, 60_000)

test('on PostgreSQL', async () => {
  const server = await startPostgres()
  try {
    await lose(`${server.url}#lost`)
  } finally {
    await server.stop()
  }
}, 60_000)
