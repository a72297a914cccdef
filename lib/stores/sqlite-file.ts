// One SQLite file: how it is opened, checked and made, and its transactions. Runs in the worker.
//
// A rollback journal that is cut to nothing after each transaction (TRUNCATE), and synchronous=FULL: a transaction is
// durable when COMMIT returns, and no deleted page stays in a log beside the file, as it does in WAL mode.
import fs from 'node:fs'
import path from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import type { Atom, Slice } from '../store'
import type { FileOptions } from './sqlite-calls'
import { type Gate, Patience, isBusy } from './sqlite-gate'
import { Scopes, tables } from './sqlite-scope'

/** Tells a store of node-mls from any other SQLite database: "MLSs". */
const applicationId = 0x4d4c5373
/** Of the tables and of the blocks' sizes; files up to this version are read. */
const version = 1

/** Settled: what became of an atom: the revisions of its scopes, or why it is not there. */
export type Settled = { readonly revisions: readonly bigint[] } | { readonly error: unknown }

/** VersionError: a file that a newer node-mls wrote. */
export class VersionError extends Error {}

/** NotOurs: a file that is to be left alone. */
export class NotOurs extends Error {}

/** InDoubt: COMMIT failed, and what it was to write may be there or not; `cause` is SQLite's error. */
export class InDoubt extends Error {}

export class SqliteFile {
  readonly #database: Database
  readonly #scopes: Scopes
  readonly #patience: Patience

  /** Opens a file or makes it. @throws VersionError, NotOurs, SQLite's errors; then the file is as it was */
  constructor(file: string, options: FileOptions, gate: Gate) {
    this.#patience = new Patience(gate, options.busyTimeout)
    const [database, scopes] = this.#patience.until(() => open(file, options))
    this.#database = database
    this.#scopes = scopes
  }

  /**
   * commit applies atoms in one transaction, each all or nothing, and says what became of each.
   *
   * @throws InDoubt, and what SQLite throws when nothing of it is there
   */
  commit(atoms: readonly Atom[]): Settled[] {
    return this.#write(() => atoms.map((atom) => this.#applyWhole(atom)))
  }

  /** applied gives the revisions of an atom's scopes if it was applied, else null. */
  applied(atom: Atom): readonly bigint[] | null {
    return this.#patience.until(() => (this.#scopes.applied(atom.id) ? this.#scopes.revisions(atom) : null))
  }

  /** load gives a scope as it is at one moment. Writers wait until it is read, not until it is taken. */
  load(scope: Uint8Array, since: bigint | undefined, also: readonly Uint8Array[], give: (slice: Slice) => void): void {
    this.#patience.until(() => this.#beginReading())
    try {
      this.#scopes.load(scope, since, also, give)
    } finally {
      this.#end('COMMIT')
    }
  }

  names(prefix: Uint8Array, after: Uint8Array | null, limit: number): Uint8Array[] {
    return this.#patience.until(() => this.#scopes.names(prefix, after, limit))
  }

  drop(scope: Uint8Array): void {
    this.#write(() => this.#scopes.drop(scope))
  }

  close(): void {
    this.#database.close()
  }

  /** beginReading begins a transaction and has its lock: no statement in it waits. */
  #beginReading(): void {
    this.#database.exec('BEGIN')
    try {
      numberOf(this.#database, 'user_version')
    } catch (error) {
      this.#end('ROLLBACK')
      throw error
    }
  }

  #write<T>(work: () => T): T {
    this.#patience.until(() => this.#database.exec('BEGIN IMMEDIATE'))
    try {
      const result = work()
      this.#commit()
      return result
    } catch (error) {
      this.#end('ROLLBACK')
      throw error
    }
  }

  #commit(): void {
    try {
      this.#patience.until(() => this.#database.exec('COMMIT'))
    } catch (cause) {
      // Readers held it up: it can be rolled back. After anything else only the file can tell.
      if (isBusy(cause)) throw cause
      throw new InDoubt('COMMIT failed', { cause })
    }
  }

  /** An atom that fails by itself takes back its own changes; what ended the transaction is thrown. */
  #applyWhole(atom: Atom): Settled {
    this.#database.exec('SAVEPOINT atom')
    try {
      const revisions = this.#scopes.apply(atom)
      this.#database.exec('RELEASE atom')
      return { revisions }
    } catch (error) {
      if (!this.#database.inTransaction || isOfDatabase(error)) throw error
      this.#database.exec('ROLLBACK TO atom')
      this.#database.exec('RELEASE atom')
      return { error }
    }
  }

  #end(how: 'COMMIT' | 'ROLLBACK'): void {
    if (this.#database.inTransaction) this.#database.exec(how)
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
const isOfDatabase = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_')

const numberOf = (database: Database, pragma: string): number => Number(database.pragma(pragma, { simple: true }))

/** open opens a file or makes it. @throws as the constructor does; then it is closed again */
function open(file: string, { cacheSize }: FileOptions): [Database, Scopes] {
  // Not opened here, ever: closing a file ends all the locks that this process has on it.
  const isMade = !fs.existsSync(file)
  // SQLite waits for no lock; Patience does.
  const database = new BetterSqlite3(file, { timeout: 0 })
  try {
    // The sealing key may come into it, so nobody else may read it. SQLite gives its journal the mode of the file.
    if (isMade) fs.chmodSync(file, 0o600)
    if (isNew(database, file)) make(database)
    checkVersion(database, file)
    database.pragma('journal_mode = TRUNCATE')
    database.pragma('synchronous = FULL')
    database.pragma('secure_delete = ON')
    database.pragma('temp_store = MEMORY')
    database.pragma(`cache_size = ${-Math.ceil(cacheSize / 1024)}`)
    database.pragma('trusted_schema = OFF')
    return [database, new Scopes(database)]
  } catch (error) {
    database.close()
    throw error
  }
}

/** isNew says whether a database has nothing in it. @throws an error that says so, when it belongs to another program */
function isNew(database: Database, file: string): boolean {
  // In one transaction: between two, another process may make the tables.
  const [hasTables, id, found] = database.transaction(() => [
    database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined,
    numberOf(database, 'application_id'), numberOf(database, 'user_version'),
  ] as const)()
  if (id === applicationId) return false
  if (!hasTables && id === 0 && found === 0) return true
  throw new NotOurs(`${path.basename(file)} is a database of another program: give the store a path of its own`)
}

function checkVersion(database: Database, file: string): void {
  const found = numberOf(database, 'user_version')
  if (found > version) {
    throw new VersionError(`${path.basename(file)} has version ${found} and this node-mls reads up to ${version}: update node-mls`)
  }
}

/** make makes the tables, unless another process did so first. */
function make(database: Database): void {
  database.pragma('page_size = 4096')
  database.exec('BEGIN IMMEDIATE')
  try {
    if (numberOf(database, 'application_id') === 0) {
      database.exec(tables)
      database.pragma(`application_id = ${applicationId}`)
      database.pragma(`user_version = ${version}`)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}
