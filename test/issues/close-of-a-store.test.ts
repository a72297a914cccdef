// A program that awaited the close() of a SQLite store ended there, without an error: nothing kept its event loop alive.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

test('what comes after close() of a SQLite store is run', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))
  const program = `
    const { sqliteStore } = require(${JSON.stringify(path.join(__dirname, '..', '..', 'dist'))})
    const store = sqliteStore(${JSON.stringify(path.join(folder, 'a.db'))})
    store.delete(Uint8Array.of(1)).then(() => store.close()).then(() => console.log('done'))`
  const { stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' })
  fs.rmSync(folder, { recursive: true })
  expect(stdout).toBe('done\n')
})
