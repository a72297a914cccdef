// A SQLite store on a disk that is full, on one that fails, and on a file that another process holds.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { packBatch, rowChanges, sqliteStore, type Atom, type Store } from '../../lib'
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
