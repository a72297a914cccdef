// A process that uses a store and may be killed at any moment: node child.cjs ROLE JSON. What it says is lines on its
// standard output, each written before the next thing is done.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: delay } = require('node:timers/promises')
const { atomOf, check } = require('./ledger.cjs')
const { openStore } = require('./place.cjs')

const dist = path.join(__dirname, '..', '..', '..', 'dist')
const batches = require(path.join(dist, 'batch.js'))
/** @param {readonly (string | number)[]} words */
const say = (...words) => fs.writeSync(1, `${words.join(' ')}\n`)

/** What is done with a store. @type {Record<string, (options: any) => Promise<void>>} */
const roles = {
  /** Goes on with ledgers, all at once, and says the number of each atom that is stored. */
  async write({ place, ledgers }) {
    const store = openStore(place, dist)
    await Promise.all(Array.from({ length: ledgers }, async (_, ledger) => {
      for (let n = await check(batches, store, ledger); ; n += 1) {
        await store.commit(atomOf(batches, ledger, n))
        say(ledger, n + 1)
      }
    }))
  },

  /** Wins `wins` versions of one scope against others, and marks each with its name. */
  async race({ place, name, wins }) {
    const store = openStore(place, dist)
    const scope = Uint8Array.of(9)
    say('ready')
    let lost = 0
    for (let won = 0; won < wins;) {
      let version = 0n
      for await (const slice of store.load(scope, 1n << 200n)) {
        version = slice.versions.epoch ?? 0n
        break
      }
      const key = Buffer.alloc(5, 1)
      key.writeUInt32BE(Number(version), 1)
      const changes = [batches.packBatch([{ kind: 'put', key, value: Buffer.from(name) }])]
      try {
        await store.commit({ id: require('node:crypto').randomBytes(16), parts: [{ scope, expect: { epoch: version }, advance: ['epoch'], changes }] })
        won += 1
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'StoreConflict') throw error
        lost += 1
        await delay(Math.random() * 20)
      }
    }
    say('lost', lost)
    await store.close()
  },

  /** Holds the lock of a SQLite file until it is ended. */
  async hold({ file }) {
    const Database = require('better-sqlite3')
    const database = new Database(file)
    database.exec('BEGIN EXCLUSIVE')
    say('held')
    // One that nobody refers to is closed.
    setInterval(() => database.open, 1000)
  },

  /** Fills a store until it fails, and then tries something small. Says how it failed, and how far each ledger is. */
  async fill({ place, ballast }) {
    const store = openStore(place, dist)
    await store.commit(atomOf(batches, 0, 0))
    const fill = Uint8Array.of(8)
    const put = (/** @type {number} */ i) => ({
      id: require('node:crypto').randomBytes(16),
      parts: [{ scope: fill, expect: {}, advance: [], changes: [batches.packBatch([{ kind: 'put', key: Uint8Array.of(i), value: Buffer.alloc(200_000, i) }])] }],
    })
    for (let i = 0; ; i += 1) {
      try {
        await store.commit(put(i))
      } catch (error) {
        const { code, cause } = /** @type {{ code: string, cause: { code: string } }} */ (error)
        say('failed', code, cause.code, i)
        break
      }
    }
    // A large and a small one together: the one that fits is not the other's victim.
    const both = await Promise.allSettled([store.commit(put(255)), store.commit(atomOf(batches, 0, 1))])
    say('together', ...both.map(({ status }) => status))
    // Deleting needs room for the journal.
    if (ballast) fs.rmSync(ballast)
    await store.delete(fill)
    await store.commit(put(0))
    say('ledger', await check(batches, store, 0))
    await store.close()
  },
}

const [role = '', options = '{}'] = process.argv.slice(2)
roles[role]?.(JSON.parse(options)).catch((error) => {
  console.error(error, error.cause)
  process.exit(1)
})
