// The rows of scopes in a SQLite file: how an atom is applied and a scope read, within a transaction that is open.
//
//     scopes   name → id (never used again), count of its atoms, count up to which deletes are forgotten
//     versions scope, name → value
//     rows     scope, key → count of the atom that wrote it, size of the value, numbers of its blocks
//     deletes  scope, key or prefix → count of the atom that deleted it
//     atoms    a ring of the ids that were applied last
import type { Database, Statement } from 'better-sqlite3'
import { toHex } from '../bytes'
import { StoreConflict, type Atom, type AtomPart, type Slice } from '../store'
import { Blocks, blockTables } from './sqlite-blocks'
import { RowReader } from './sqlite-reader'
import { SliceMaker, changesOf, countSince, prefixEnd, rememberedDeletes, revisionOf } from './slices'

/** Ids of applied atoms that are remembered; far more than are applied while one is looked up. */
const rememberedAtoms = 16_384

export const tables = `
CREATE TABLE scopes (id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE,
  count INTEGER NOT NULL, deletes INTEGER NOT NULL, forgotten INTEGER NOT NULL) STRICT;
CREATE TABLE versions (scope INTEGER, name TEXT, value INTEGER NOT NULL, PRIMARY KEY (scope, name)) STRICT, WITHOUT ROWID;
CREATE TABLE rows (scope INTEGER, key BLOB, count INTEGER NOT NULL, size INTEGER NOT NULL, blocks BLOB NOT NULL,
  PRIMARY KEY (scope, key)) STRICT, WITHOUT ROWID;
CREATE TABLE deletes (scope INTEGER, key BLOB, prefix INTEGER, count INTEGER NOT NULL,
  PRIMARY KEY (scope, key, prefix)) STRICT, WITHOUT ROWID;
CREATE TABLE atoms (place INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE ring (one INTEGER PRIMARY KEY, next INTEGER NOT NULL) STRICT;
INSERT INTO ring VALUES (1, 0);
${blockTables};
`

interface Scope {
  readonly id: number
  readonly count: number
  readonly deletes: number
  readonly forgotten: number
}
type Value = { readonly size: number; readonly blocks: Buffer }
type Delete = { readonly key: Uint8Array; readonly prefix: 0 | 1 }

function prepare(database: Database) {
  const range = 'scope = ? AND key >= ? AND key < ?'
  type Range = [number, Uint8Array, Uint8Array]
  const all = <P extends unknown[], R>(sql: string): Statement<P, R> => database.prepare<P, R>(sql)
  return {
    scope: all<[Uint8Array], Scope>('SELECT id, count, deletes, forgotten FROM scopes WHERE name = ?'),
    addScope: all<[Uint8Array], never>('INSERT INTO scopes (name, count, deletes, forgotten) VALUES (?, 0, 0, 0)'),
    setScope: all<[number, number, number, number], never>('UPDATE scopes SET count = ?, deletes = ?, forgotten = ? WHERE id = ?'),
    dropScope: all<[number], never>('DELETE FROM scopes WHERE id = ?'),
    names: all<[Uint8Array, Uint8Array, number], Buffer>(
      'SELECT name FROM scopes WHERE name > ? AND name < ? ORDER BY name LIMIT ?').pluck(),
    hasName: all<[Uint8Array], number>('SELECT 1 FROM scopes WHERE name = ?').pluck(),
    version: all<[number, string], number>('SELECT value FROM versions WHERE scope = ? AND name = ?').pluck(),
    versions: all<[number], [string, number]>('SELECT name, value FROM versions WHERE scope = ?').raw(),
    advance: all<[number, string], never>(
      'INSERT INTO versions VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET value = value + 1'),
    dropVersions: all<[number], never>('DELETE FROM versions WHERE scope = ?'),
    row: all<[number, Uint8Array], Value>('SELECT size, blocks FROM rows WHERE scope = ? AND key = ?'),
    rowsIn: all<Range, Value & { readonly key: Buffer }>(`SELECT key, size, blocks FROM rows WHERE ${range}`),
    isEmpty: all<[number, number], number>(`SELECT NOT EXISTS (SELECT 1 FROM rows WHERE scope = ?)
      AND NOT EXISTS (SELECT 1 FROM versions WHERE scope = ?)`).pluck(),
    putRow: all<[number, Uint8Array, number, number, Buffer], never>(
      `INSERT INTO rows VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = excluded.count, size = excluded.size, blocks = excluded.blocks`),
    dropRow: all<[number, Uint8Array], never>('DELETE FROM rows WHERE scope = ? AND key = ?'),
    dropRows: all<Range, never>(`DELETE FROM rows WHERE ${range}`),
    deletes: all<[number, number], [Buffer, number]>('SELECT key, prefix FROM deletes WHERE scope = ? AND count > ?').raw(),
    addDelete: all<[number, Uint8Array, number, number], never>(
      'INSERT INTO deletes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count'),
    /** The count of the newest delete that is to be forgotten. */
    half: all<[number, number], number>('SELECT count FROM deletes WHERE scope = ? ORDER BY count DESC LIMIT 1 OFFSET ?').pluck(),
    dropDeletes: all<[number, number], never>('DELETE FROM deletes WHERE scope = ? AND count <= ?'),
    countDeletes: all<[number], number>('SELECT count(*) FROM deletes WHERE scope = ?').pluck(),
    applied: all<[Uint8Array], number>('SELECT 1 FROM atoms WHERE id = ?').pluck(),
    next: all<[number], number>('UPDATE ring SET next = (next + 1) % ? RETURNING next').pluck(),
    remember: all<[number, Uint8Array], never>('INSERT INTO atoms VALUES (?, ?) ON CONFLICT (place) DO UPDATE SET id = excluded.id'),
  }
}

const empty = new Uint8Array(0)

export class Scopes {
  readonly #sql: ReturnType<typeof prepare>
  readonly #blocks: Blocks
  readonly #reader: RowReader

  constructor(database: Database) {
    this.#sql = prepare(database)
    this.#reader = new RowReader(database)
    this.#blocks = new Blocks(database)
  }

  applied(id: Uint8Array): boolean {
    return this.#sql.applied.get(id) !== undefined
  }

  /** revisions gives those of an atom's scopes. */
  revisions(atom: Atom): bigint[] {
    return atom.parts.map((part) => {
      const scope = this.#sql.scope.get(part.scope)
      return scope ? revisionOf(scope.id, scope.count) : 0n
    })
  }

  /**
   * apply applies an atom and gives its revisions, or throws with part of it applied.
   * @throws StoreConflict with nothing applied
   */
  apply(atom: Atom): bigint[] {
    if (this.applied(atom.id)) return this.revisions(atom)
    for (const part of atom.parts) this.#check(part)
    this.#blocks.forget()
    const revisions = atom.parts.map((part) => this.#applyPart(part))
    this.#blocks.flush()
    this.#sql.remember.run(this.#sql.next.get(rememberedAtoms) ?? 0, atom.id)
    return revisions
  }

  load(name: Uint8Array, since: bigint | undefined, also: readonly Uint8Array[], give: (slice: Slice) => void): void {
    const scope = this.#sql.scope.get(name)
    if (!scope) return
    const { id, count, forgotten } = scope
    const after = since === undefined ? -1n : countSince(id, since)
    const whole = after < BigInt(forgotten) || after > BigInt(count)
    const from = whole ? -1 : Number(after)
    const versions = Object.fromEntries(this.#sql.versions.all(id).map(([key, value]) => [key, BigInt(value)]))
    const slices = new SliceMaker({ revision: revisionOf(id, count), versions, whole }, give)
    if (!whole) this.#addRanges(id, also, slices)
    if (from === count) return slices.end()
    if (!whole) {
      for (const [key, prefix] of this.#sql.deletes.all(id, from)) slices.add({ kind: prefix ? 'delete-prefix' : 'delete', key })
    }
    for (const rows of this.#reader.read(id, from)) slices.addPacked(rows)
    slices.end()
  }

  /** addRanges gives the rows that start with some prefixes as they are. */
  #addRanges(scope: number, prefixes: readonly Uint8Array[], slices: SliceMaker): void {
    for (const prefix of prefixes) {
      slices.add({ kind: 'delete-prefix', key: prefix })
      for (const { key, size, blocks } of this.#sql.rowsIn.all(scope, prefix, prefixEnd(prefix))) {
        slices.add({ kind: 'put', key, value: this.#blocks.get(size, blocks) })
      }
    }
  }

  /** names gives up to `limit` names that start with `prefix` and come after `after`; null is the beginning. */
  names(prefix: Uint8Array, after: Uint8Array | null, limit: number): Uint8Array[] {
    const found = this.#sql.names.all(after ?? prefix, prefixEnd(prefix), limit)
    return !after && this.#sql.hasName.get(prefix) ? [prefix, ...found] : found
  }

  drop(name: Uint8Array): void {
    const scope = this.#sql.scope.get(name)
    if (!scope) return
    this.#blocks.forget()
    this.#removeRange(scope.id, empty)
    this.#blocks.flush()
    this.#sql.dropVersions.run(scope.id)
    this.#end(scope)
  }

  /** end lets go what is left of a scope without rows and versions. */
  #end({ id, count }: Pick<Scope, 'id' | 'count'>): void {
    this.#sql.dropDeletes.run(id, count)
    this.#sql.dropScope.run(id)
  }

  #check({ scope, expect }: AtomPart): void {
    const id = this.#sql.scope.get(scope)?.id
    for (const [name, expected] of Object.entries(expect)) {
      const value = id === undefined ? undefined : this.#sql.version.get(id, name)
      if (BigInt(value ?? 0) !== expected) throw new StoreConflict()
    }
  }

  #applyPart(part: AtomPart): bigint {
    const changes = changesOf(part)
    const found = this.#sql.scope.get(part.scope)
    if (changes.length === 0 && part.advance.length === 0) return found ? revisionOf(found.id, found.count) : 0n
    const scope = found ?? this.#add(part.scope)
    const count = scope.count + 1
    const deletes = new Map<string, Delete>()
    let deleting = false
    for (const change of changes) {
      if (change.kind === 'put') {
        this.#put(scope.id, count, change.key, change.value)
        continue
      }
      const { key } = change
      deleting = true
      const removed = change.kind === 'delete' ? this.#remove(scope.id, key) : this.#removeRange(scope.id, key)
      if (removed) deletes.set(change.kind + toHex(key), { key, prefix: change.kind === 'delete' ? 0 : 1 })
    }
    for (const name of part.advance) this.#sql.advance.run(scope.id, name)
    // One that found nothing, too: the scope may have been made for it.
    if (deleting && this.#sql.isEmpty.get(scope.id, scope.id) === 1) this.#end({ id: scope.id, count })
    else this.#remember({ ...scope, count }, [...deletes.values()])
    return revisionOf(scope.id, count)
  }

  #add(name: Uint8Array): Scope {
    const { lastInsertRowid } = this.#sql.addScope.run(name)
    return { id: Number(lastInsertRowid), count: 0, deletes: 0, forgotten: 0 }
  }

  #put(scope: number, count: number, key: Uint8Array, value: Uint8Array): void {
    const blocks = this.#blocks.put(value, this.#sql.row.get(scope, key))
    this.#sql.putRow.run(scope, key, count, value.length, blocks)
  }

  #remove(scope: number, key: Uint8Array): boolean {
    const row = this.#sql.row.get(scope, key)
    if (!row) return false
    this.#blocks.remove(row)
    this.#sql.dropRow.run(scope, key)
    return true
  }

  #removeRange(scope: number, prefix: Uint8Array): boolean {
    const end = prefixEnd(prefix)
    const rows = this.#sql.rowsIn.all(scope, prefix, end)
    for (const row of rows) this.#blocks.remove(row)
    if (rows.length > 0) this.#sql.dropRows.run(scope, prefix, end)
    return rows.length > 0
  }

  /** remember notes what an atom deleted, for `since`, and writes the scope's own row. */
  #remember({ id, count, deletes, forgotten }: Scope, more: readonly Delete[]): void {
    if (more.length > rememberedDeletes) {
      this.#sql.dropDeletes.run(id, count)
      this.#sql.setScope.run(count, 0, count, id)
      return
    }
    for (const { key, prefix } of more) this.#sql.addDelete.run(id, key, prefix, count)
    // One that was there already is counted twice; the count is set right when it matters.
    const sum = deletes + more.length
    if (sum <= rememberedDeletes) return void this.#sql.setScope.run(count, sum, forgotten, id)
    const half = this.#sql.half.get(id, rememberedDeletes / 2)
    if (half !== undefined) this.#sql.dropDeletes.run(id, half)
    this.#sql.setScope.run(count, this.#sql.countDeletes.get(id) ?? 0, Math.max(forgotten, half ?? 0), id)
  }
}
