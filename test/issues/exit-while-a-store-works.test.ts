// process.exit() ended with SIGABRT when a statement of a SQLite store failed meanwhile: better-sqlite3 cannot make its
// error in a thread that is being ended. Another process held the file, or an exit listener removed the folder.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import BetterSqlite3 from 'better-sqlite3'

const rounds = process.env.NODE_MLS_FULL ? 200 : 20
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))

afterAll(() => fs.rmSync(temporary, { recursive: true }))

/** `file` and `store`, and `busy()`, which starts 300 commits and waits for none. */
const prelude = `
  const fs = require('node:fs'), path = require('node:path')
  const { sqliteStore } = require(${JSON.stringify(path.join(__dirname, '..', '..', 'dist'))})
  const [file, delay, busyTimeout] = [process.argv[1], ...process.argv.slice(2).map(Number)]
  const store = sqliteStore(file, { busyTimeout })
  function put(key, size) {
    const batch = Buffer.alloc(9 + key.length + size, 7)
    batch[0] = 2
    batch.writeUInt32BE(key.length, 1)
    batch.write(key, 5)
    batch.writeUInt32BE(size, 5 + key.length)
    return batch
  }
  const commit = (i) => store.commit({ id: crypto.getRandomValues(new Uint8Array(16)),
    parts: [{ scope: Buffer.from('scope ' + i % 50), expect: {}, advance: [], changes: [put('key ' + i, 200 + i)] }] })
  const exit = () => { console.log('out'); process.exit(7) }
  function busy() { for (let i = 0; i < 300; i++) commit(i).catch(() => {}) }
`

function run(program: string, file: string, delay: number, busyTimeout = 10_000): ReturnType<typeof spawnSync> {
  const args = ['-e', prelude + program, file, `${delay}`, `${busyTimeout}`]
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
}

const ended = { signal: null, status: 7, stdout: 'out\n', stderr: '' }

describe('process.exit() with hundreds of commits under way', () => {
  jest.setTimeout(60_000 + 2_000 * rounds)

  test(`ends with its status, ${rounds} times`, () => {
    for (let i = 0; i < rounds; i += 1) {
      const file = path.join(temporary, `plain-${i}.db`)
      expect(run('commit(0).then(() => { busy(); setTimeout(exit, delay) })', file, i % 40)).toMatchObject(ended)
    }
  })

  test(`and a listener that removes the folder, ${rounds} times: nothing is left of it`, () => {
    const program = `
      const removed = () => fs.rmSync(path.dirname(file), { recursive: true, maxRetries: 3 })
      process.once('exit', removed)
      commit(0).then(() => { busy(); setTimeout(exit, delay) })`
    for (let i = 0; i < rounds; i += 1) {
      const folder = fs.mkdtempSync(path.join(temporary, 'removed-'))
      expect(run(program, path.join(folder, 'store.db'), i % 40)).toMatchObject(ended)
      expect(fs.existsSync(folder)).toBe(false)
    }
  })

  test.each([[200], [60_000]])('while another process holds the file, for longer than %d ms', (busyTimeout) => {
    const file = path.join(temporary, `held-${busyTimeout}.db`)
    expect(run('commit(0).then(exit)', file, 0)).toMatchObject(ended)
    const holder = new BetterSqlite3(file)
    holder.exec('BEGIN IMMEDIATE')
    try {
      for (let i = 0; i < 5; i += 1) {
        const start = performance.now()
        expect(run('busy(); setTimeout(exit, delay)', file, 60 + 25 * i, busyTimeout)).toMatchObject(ended)
        // It does not wait for the lock.
        expect(performance.now() - start).toBeLessThan(10_000)
      }
    } finally {
      holder.close()
    }
  })
})
