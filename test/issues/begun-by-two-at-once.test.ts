// Two processes that began one SQLite file: what is new was found out by three reads in as many transactions. Where the other process
// made its tables between the second and the third, the store said that the file was another program's.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { SqliteFile } from '../../lib/stores/sqlite-file'
import { Gate } from '../../lib/stores/sqlite-gate'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-begun-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

test.each(['application_id', 'user_version'])('another process makes the tables before %s is read', (last) => {
  const file = path.join(folder, `${last}.db`)
  const begin = (): void => new SqliteFile(file, { busyTimeout: 0, cacheSize: 1 << 20 }, new Gate()).close()
  const { pragma } = BetterSqlite3.prototype as Database
  let others = 0
  const spy = jest.spyOn(BetterSqlite3.prototype as Database, 'pragma').mockImplementation(function (this: Database, ...words) {
    if (words[0] === last && (others += 1) === 1) {
      try {
        begin()
      } catch (error) {
        expect(error).toMatchObject({ code: 'SQLITE_BUSY' })  // and it tries again a moment later
      }
    }
    return pragma.apply(this, words) as unknown
  })
  try {
    begin()
  } finally {
    spy.mockRestore()
  }
  expect(others).toBeGreaterThan(1)
  begin()
})
