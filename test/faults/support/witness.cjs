// What a store holds, all scopes, rows and versions of it, so that two states can be compared byte by byte.
'use strict'

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const BetterSqlite3 = require('better-sqlite3')

/** @typedef {import('../../../lib').Store} Store */
/** @typedef {import('../../../lib').Slice} Slice */
/** @typedef {typeof import('../../../lib').rowChanges} RowChanges */

/** @typedef {import('../../../lib/stores/sqlite-scope').Scopes} ScopesOfAFile */

/** Not by a path that the compiler of types follows: dist/ need not be built. @type {typeof import('../../../lib/stores/sqlite-scope')} */
const { Scopes } = require(path.join(__dirname, '../../../dist/stores/sqlite-scope'))

/**
 * Rows: everything that a store holds. `digest` is of every byte; `shape` says what is the same in every run: of each scope its
 * kind and versions, and of each row its key, where that is no random name, and the size of its value; `mark` is a digest of it.
 * @typedef {{ digest: string, shape: string, mark: string }} Rows
 */

/** Rows whose keys are random behind the tag (docs/store-format.md). */
const randomlyNamed = new Set([0x0a, 0x10, 0x13, 0x82, 0x88])

/** @param {Uint8Array} bytes */
const hex = (bytes) => Buffer.from(bytes).toString('hex')

/** @typedef {{ name: string, versions: string, rows: [key: string, value: Uint8Array][] }} Scope names and keys in hex */

/** @param {readonly Scope[]} scopes @returns {Rows} */
function rowsOf(scopes) {
  const digest = createHash('sha256')
  /** @param {string | Uint8Array} part */
  const add = (part) => digest.update(`${part.length}:`).update(part)
  const shapes = []
  for (const { name, versions, rows } of [...scopes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    add(name)
    add(versions)
    add(String(rows.length))
    const shape = rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => {
      add(key)
      add(value)
      const shown = randomlyNamed.has(parseInt(key.slice(0, 2), 16)) ? `${key.slice(0, 2)}…${key.length / 2}` : key
      return `${shown} ${value.length}`
    })
    shapes.push([`scope ${name.slice(0, 2)} ${versions}`, ...shape.sort()].join('\n  '))
  }
  const shape = shapes.sort().join('\n')
  return { digest: digest.digest('hex'), shape, mark: createHash('sha256').update(shape).digest('hex') }
}

/** @param {Record<string, bigint | number>} versions */
const inWords = (versions) => Object.entries(versions).map(([name, value]) => `${name}=${value}`).sort().join(' ')

/** scopeOf makes one of what a load of everything gives. @param {Uint8Array} name @param {readonly Slice[]} slices @param {RowChanges} rowChanges */
function scopeOf(name, slices, rowChanges) {
  /** @type {Map<string, Uint8Array>} */
  const rows = new Map()
  for (const change of slices.flatMap((slice) => [...rowChanges(slice.rows)])) {
    if (change.kind !== 'put') throw new Error(`a load of everything gives a ${change.kind}`)
    rows.set(hex(change.key), change.value)
  }
  return { name: hex(name), versions: inWords(slices[0]?.versions ?? {}), rows: [...rows] }
}

/** look reads all scopes of a store. @param {Store} store @param {RowChanges} rowChanges */
async function look(store, rowChanges) {
  const scopes = []
  for await (const name of store.list(new Uint8Array(0))) {
    const slices = []
    for await (const slice of store.load(name)) slices.push(slice)
    scopes.push(scopeOf(name, slices, rowChanges))
  }
  return rowsOf(scopes)
}

/** FileWitness reads the same in the file of a SQLite store, which need not be there yet, over one connection of its own. */
class FileWitness {
  #file
  #rowChanges
  /** @type {{ node: number, database: import('better-sqlite3').Database, scopes: ScopesOfAFile | null } | null} */
  #opened = null

  /** @param {string} file @param {RowChanges} rowChanges */
  constructor(file, rowChanges) {
    this.#file = file
    this.#rowChanges = rowChanges
  }

  /** @returns {Rows} */
  look() {
    const node = fs.existsSync(this.#file) ? fs.statSync(this.#file).ino : 0
    if (this.#opened && this.#opened.node !== node) this.close()
    if (node === 0) return rowsOf([])
    const opened = this.#opened ??= { node, database: new BetterSqlite3(this.#file, { readonly: true }), scopes: null }
    return opened.database.transaction(() => {
      if (!opened.scopes && !opened.database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get()) return rowsOf([])
      const scopes = opened.scopes ??= new Scopes(opened.database)
      return rowsOf(scopes.names(new Uint8Array(0), null, 1000).map((name) => {
        /** @type {Slice[]} */
        const slices = []
        scopes.load(name, undefined, [], (slice) => slices.push(slice))
        return scopeOf(name, slices, this.#rowChanges)
      }))
    })()
  }

  close() {
    this.#opened?.database.close()
    this.#opened = null
  }
}

/** lookAt reads the same in the tables of a PostgreSQL store. @param {import('pg').Client} client @param {string} schema */
async function lookAt(client, schema) {
  const { rows: found } = await client.query(`
    SELECT name, key, value, (SELECT json_object_agg(v.name, v.value) FROM ${schema}.versions v WHERE v.scope = s.id) AS versions
    FROM ${schema}.scopes s LEFT JOIN ${schema}.rows r ON r.scope = s.id`)
  /** @type {Map<string, Scope>} */
  const scopes = new Map()
  for (const { name, key, value, versions } of found) {
    const scope = scopes.get(hex(name)) ?? { name: hex(name), versions: inWords(versions ?? {}), rows: [] }
    scopes.set(scope.name, scope)
    if (key) scope.rows.push([hex(key), value])
  }
  return rowsOf([...scopes.values()])
}

/** difference gives the lines that one of two shapes has alone: none where they differ in bytes alone. */
function difference(found = '', expected = '') {
  const [one, other] = [found, expected].map((shape) => shape.split('\n'))
  /** @param {string[]} lines @param {string[]} others @param {string} mark */
  const only = (lines, others, mark) => {
    const left = [...others]
    return lines.filter((line) => !left.includes(line) || left.splice(left.indexOf(line), 1).length === 0).map((line) => `${mark} ${line}`)
  }
  return [...only(other ?? [], one ?? [], '-'), ...only(one ?? [], other ?? [], '+')].join('\n')
}

/** The digest of an empty store. */
const nothing = createHash('sha256').digest('hex')

module.exports = { FileWitness, difference, look, lookAt, nothing }
