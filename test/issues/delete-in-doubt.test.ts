// A scope that SqliteStore.delete had deleted was said not to be when the last sync of its transaction failed: unlike for a commit,
// nobody looked whether it was there.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Shim, lackOfFaults } from '../faults/support/fault'

/** Deletes a scope, with an error at each of the writes and syncs of that in turn, and says when what it is told is not so. */
const program = `
  const fs = require('node:fs')
  const { packBatch, sqliteStore } = require(process.argv[1])
  const store = sqliteStore(process.argv[2])
  const control = fs.openSync(process.env.FAULT_CONTROL, 'r+')
  function set(at) {
    const bytes = Buffer.alloc(32)
    bytes.writeBigInt64LE(BigInt(at), 0)
    bytes.write('eio', 16)
    fs.writeSync(control, bytes, 0, 32, 0)
  }
  function calls() {
    const bytes = Buffer.alloc(8)
    fs.readSync(control, bytes, 0, 8, 8)
    return Number(bytes.readBigInt64LE())
  }
  const scope = Uint8Array.of(1)
  async function isThere() {
    for await (const _ of store.load(scope)) return true
    return false
  }
  const changes = [packBatch([{ kind: 'put', key: Uint8Array.of(1), value: new Uint8Array(9000) }])]
  async function main() {
    let struck = 0
    for (let at = 1; ; at += 1) {
      const id = Buffer.alloc(16)
      id.writeUInt32BE(at)
      await store.commit({ id, parts: [{ scope, expect: {}, advance: ['epoch'], changes }] })
      set(at)
      const failed = await store.delete(scope).then(() => false, () => true)
      const isStruck = calls() >= at
      set(0)
      if (failed !== await isThere()) throw new Error('at call ' + at + ' delete ' + (failed ? 'failed' : 'worked') + ', and it is not so')
      if (!isStruck) break
      struck += 1
      await store.delete(scope)
    }
    await store.close()
    console.log(struck + ' calls struck')
  }
  main().catch((error) => { console.log(String(error)); process.exit(1) })
`

const lack = lackOfFaults()
if (lack) test.skip(`${lack}: no disk that fails`, () => {})
else test('a delete that fails has deleted nothing, wherever the disk failed', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))
  const fault = new Shim(folder).fault(path.join(folder, 'store'))
  fs.mkdirSync(path.join(folder, 'store'))
  try {
    const words = ['-e', program, path.join(__dirname, '..', '..', 'dist'), path.join(folder, 'store', 'a.db')]
    const { stdout } = spawnSync(process.execPath, words, { env: { ...process.env, ...fault.env }, encoding: 'utf8' })
    expect(stdout).toMatch(/^\d\d+ calls struck\n$/)
  } finally {
    fault.close()
    fs.rmSync(folder, { recursive: true })
  }
}, 60_000)
