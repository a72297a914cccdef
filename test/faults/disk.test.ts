// A SQLite store on a disk that is full, on one that fails, and on a file that another process holds.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { packBatch, rowChanges, sqliteStore, type Atom, type Client, type Group, type Store } from '../../lib'
import { addTo, agree, keyPackage, open } from '../api/support/people'
import { startChild } from './support/processes'

const { check } = require('./support/ledger.cjs') as typeof import('./support/ledger.cjs')

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-disk-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** expectFilled runs a child that fills a store, and expects it to fail with `cause` and to go on afterwards. */
async function expectFilled(
  file: string, cause: RegExp, { wrapper = [], ballast }: { readonly wrapper?: readonly string[]; readonly ballast?: string } = {},
): Promise<void> {
  const child = startChild('fill', { place: { kind: 'sqlite', file }, ballast }, wrapper)
  expect(await child.ended).toBe(0)
  const [failed = '', together, ledger] = child.lines
  const [, code, reason, count] = failed.split(' ')
  expect(code).toBe('STORE_FAILED')
  expect(reason).toMatch(cause)
  expect(Number(count)).toBeGreaterThan(2)
  expect(together).toBe('together rejected fulfilled')
  expect(ledger).toBe('ledger 2')
  const store = sqliteStore(file)
  expect(await check({ packBatch, rowChanges }, store, 0)).toBe(2)
  await store.close()
}

test('files that may not grow', async () => {
  // 4,096 blocks of 512 bytes, as POSIX counts them.
  await expectFilled(path.join(folder, 'limit.db'), /^SQLITE_(IOERR|FULL)/, { wrapper: ['/bin/sh', '-c', 'ulimit -f 4096 && exec "$@"', 'sh'] })
}, 60_000)

const canMount = process.platform === 'linux' && process.getuid?.() === 0
const testIf = canMount ? test : test.skip
testIf('a disk without room', async () => {
  const place = path.join(folder, 'full')
  fs.mkdirSync(place)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'none', place])
  try {
    const ballast = path.join(place, 'ballast')
    fs.writeFileSync(ballast, new Uint8Array(3 << 20))
    await expectFilled(path.join(place, 'full.db'), /^SQLITE_FULL/, { ballast })
  } finally {
    execFileSync('umount', [place])
  }
}, 60_000)

const scope = Uint8Array.of(1)
const atomOf = (key: number): Atom => ({
  id: new Uint8Array(randomBytes(16)),
  parts: [{ scope, expect: {}, advance: ['epoch'], changes: [packBatch([{ kind: 'put', key: Uint8Array.of(key), value: Uint8Array.of(key) }])] }],
})
async function keysOf(store: Store): Promise<number[]> {
  const keys: number[] = []
  for await (const { rows } of store.load(scope)) for (const { key } of rowChanges(rows)) keys.push(key[0] ?? -1)
  return keys
}

test('a file that another process holds, until it is killed', async () => {
  const file = path.join(folder, 'held.db')
  const store = sqliteStore(file, { busyTimeout: 300 })
  await store.commit(atomOf(1))
  const child = startChild('hold', { file })
  await child.spoke
  const together = await Promise.allSettled([store.commit(atomOf(2)), store.commit(atomOf(3)), store.delete(scope), keysOf(store)])
  for (const one of together) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED' } })
    expect(((one as PromiseRejectedResult).reason as Error).cause).toMatchObject({ code: expect.stringMatching(/^SQLITE_BUSY/) as string })
  }
  const patient = sqliteStore(file)
  const waiting = patient.commit(atomOf(4))
  child.process.kill('SIGKILL')
  await child.ended
  await waiting
  await store.commit(atomOf(5))
  expect(await keysOf(store)).toEqual([1, 4, 5])
  await Promise.all([store.close(), patient.close()])
}, 60_000)

/** stateOf gives what can be seen of a group and its client. */
const stateOf = (client: Client, group: Group): unknown => [
  group.epoch, group.phase, group.epochAuthenticator, group.pending().length, group.proposals.length,
  client.groups().length, client.keyPackages.list().length,
]

describe('a client whose file another process holds', () => {
  const busyTimeout = 200
  const busy = {
    name: 'MlsError', code: 'STORE_FAILED', fault: 'storage',
    cause: expect.objectContaining({ code: expect.stringMatching(/^SQLITE_BUSY/) as string }) as Error,
  }
  /** scene has alice in a file and bob elsewhere, and calls of every kind that need the file. */
  async function scene(file: string, timeout: number): Promise<{
    readonly alice: Client; readonly group: Group; readonly bobs: Group; readonly calls: readonly (readonly [string, () => Promise<unknown>])[]
  }> {
    const store = sqliteStore(file, { busyTimeout: timeout })
    const [alice, bob] = [await open('alice', { store }), await open('bob')]
    const group = await alice.createGroup()
    const bobs = await addTo(group, bob)
    const [letter, offer] = [await bobs.send('x'), await bobs.propose({ type: 'update' })]
    const others = await bob.createGroup()
    const invitation = await others.commit({ add: [await keyPackage(alice)] })
    const { welcome } = await invitation.accepted()
    const calls: (readonly [string, () => Promise<unknown>])[] = [
      ['send', () => group.send('y')],
      ['receive', () => group.receive(letter)],
      ['receive a proposal', () => group.receive(offer.message)],
      ['commit', () => group.commit()],
      ['join', () => alice.join(welcome as Uint8Array)],
      ['create a group', () => alice.createGroup()],
      ['key packages', () => alice.keyPackages.create()],
      ['open', async () => (await open('alice', { store })).close()],
      ['open another', async () => (await open('carol', { store })).close()],
    ]
    return { alice, group, bobs, calls }
  }
  /** goOn expects that the group works. */
  async function goOn({ group, bobs }: { readonly group: Group; readonly bobs: Group }): Promise<void> {
    for (const pending of group.pending()) await pending.rejected()
    const commit = await group.commit()
    await commit.accepted()
    await bobs.receive(commit.message)
    await bobs.receive(await group.send('z'))
    agree(group, bobs)
  }

  test('hears so in time, is as it was, in memory and in the file, and may try again', async () => {
    const file = path.join(folder, 'busy.db')
    const there = await scene(file, busyTimeout)
    const child = startChild('hold', { file })
    await child.spoke
    const before = fs.readFileSync(file)
    for (const [name, call] of there.calls) {
      const state = stateOf(there.alice, there.group)
      const start = performance.now()
      await expect(call()).rejects.toMatchObject(busy)
      const took = performance.now() - start
      // Its patience, and that of whoever looks afterwards what is stored.
      expect({ name, inTime: took > busyTimeout - 50 && took < 3 * busyTimeout + 1000 }).toEqual({ name, inTime: true })
      expect({ name, state: stateOf(there.alice, there.group) }).toEqual({ name, state })
      expect(fs.readFileSync(file).equals(before)).toBe(true)
    }
    child.process.kill('SIGKILL')
    await child.ended
    for (const [, call] of there.calls) await call()
    await goOn(there)
  }, 60_000)

  test('waits, and everything takes place when the file is let go in time', async () => {
    const file = path.join(folder, 'patient.db')
    const there = await scene(file, 10_000)
    const child = startChild('hold', { file })
    await child.spoke
    let settled = 0
    const waiting = Promise.allSettled(there.calls.map(([, call]) => call().finally(() => (settled += 1))))
    await new Promise((resolve) => setTimeout(resolve, 2 * busyTimeout))
    expect(settled).toBe(0)
    child.process.kill('SIGKILL')
    await child.ended
    expect((await waiting).map(({ status }) => status)).toEqual(there.calls.map(() => 'fulfilled'))
    await goOn(there)
  }, 60_000)
})
