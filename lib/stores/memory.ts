// The memory store: state that ends with the process. For tests and for short-lived use.
//
// It is a Store like any other: atoms, versions, conflicts, and loads of what changed since a revision.
import { rowChanges, packBatch, type RowChange } from '../batch'
import { cloneOf, toHex } from '../bytes'
import { StoreConflict, type Atom, type AtomPart, type Slice, type Store } from '../store'
import { Slices } from '../turns'

/**
 * A row, or what is left of one: a deleted row keeps its key, so that `since` can tell. While somebody reads an
 * earlier revision, or the next one is being written, `older` is the row as it was.
 */
interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly revision: bigint
  older: Row | null
}

/**
 * Rows may be ahead of `revision`, which is what is there: an atom is written in slices, a turn each, and then
 * published by setting the revision. A load sees the rows of the revision at which it began.
 */
interface Scope {
  readonly name: Uint8Array
  readonly rows: Map<string, Row>
  readonly versions: Map<string, bigint>
  revision: bigint
  /** Rows that are there, and rows that were deleted and keep their key. */
  live: number
  deleted: number
  /** What was deleted up to this revision is forgotten: an older `since` gets everything. */
  forgotten: bigint
  /** Loads under way, and the rows that keep older ones for them. */
  readonly readers: Set<{ readonly revision: bigint }>
  stale: Row[]
}

/** Staged: what an atom does to a scope, written and not yet published. */
interface Staged {
  readonly scope: Scope
  readonly part: AtomPart
  readonly changes: readonly RowChange[]
  /** Those that replaced another. */
  readonly rows: Row[]
  /** How many more are there, and how many were deleted. */
  live: number
  deleted: number
}

const sliceSize = 1 << 17
/** Rows between two looks at the clock. */
const stride = 64
/** Ids of atoms, and deleted rows of a scope, that are remembered. */
const rememberedAtoms = 4096
const rememberedRows = 4096

class MemoryStore implements Store {
  readonly #scopes = new Map<string, Scope>()
  readonly #applied = new Set<string>()
  /** Revisions of scopes that were deleted are below. */
  #past = 0n
  /** Whether an atom is being written, and who waits for that. */
  #writing = false
  readonly #waiting: (() => void)[] = []

  commit(atom: Atom): Promise<bigint[]> {
    return this.#alone(async () => {
      const id = toHex(atom.id)
      if (this.#applied.has(id)) return atom.parts.map(({ scope }) => this.#scopes.get(toHex(scope))?.revision ?? 0n)
      for (const part of atom.parts) this.#check(part)
      const revisions = await this.#apply(atom)
      this.#applied.add(id)
      if (this.#applied.size > rememberedAtoms) {
        for (const oldest of this.#applied) {
          this.#applied.delete(oldest)
          break
        }
      }
      return revisions
    })
  }

  async *load(name: Uint8Array, since?: bigint, also: readonly Uint8Array[] = []): AsyncGenerator<Slice> {
    const scope = this.#scopes.get(toHex(name))
    if (!scope) return
    const reader = { revision: scope.revision }
    scope.readers.add(reader)
    try {
      yield* slicesOf(scope, since, also.map(toHex))
    } finally {
      scope.readers.delete(reader)
      letGo(scope)
    }
  }

  async *list(prefix: Uint8Array): AsyncGenerator<Uint8Array> {
    const start = toHex(prefix)
    for (const key of [...this.#scopes.keys()].filter((one) => one.startsWith(start)).sort()) {
      const scope = this.#scopes.get(key)
      if (scope) yield cloneOf(scope.name)
    }
  }

  delete(name: Uint8Array): Promise<void> {
    return this.#alone(async () => this.#drop(name))
  }

  #drop(name: Uint8Array): void {
    const revision = this.#scopes.get(toHex(name))?.revision ?? 0n
    if (revision >= this.#past) this.#past = revision + 1n
    this.#scopes.delete(toHex(name))
  }

  close(): Promise<void> {
    return this.#alone(async () => {})
  }

  /** alone runs one write after the other. A small one is done in the turn in which it is called. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#writing) await new Promise<void>((go) => this.#waiting.push(go))
    this.#writing = true
    try {
      return await work()
    } finally {
      this.#writing = false
      for (const go of this.#waiting.splice(0)) go()
    }
  }

  #check(part: AtomPart): void {
    const versions = this.#scopes.get(toHex(part.scope))?.versions
    for (const [name, expected] of Object.entries(part.expect)) {
      if ((versions?.get(name) ?? 0n) !== expected) throw new StoreConflict()
    }
  }

  async #apply(atom: Atom): Promise<bigint[]> {
    const slices = new Slices()
    // Read before anything is written: a malformed batch leaves no half of an atom.
    const all: Staged[] = []
    for (const part of atom.parts) {
      const changes: RowChange[] = []
      for (const batch of part.changes) {
        for (const change of rowChanges(batch)) {
          if (changes.push(change) % stride === 0 && slices.full()) await slices.next()
        }
      }
      all.push({ scope: this.#scopeOf(part.scope), part, changes, rows: [], live: 0, deleted: 0 })
    }
    for (const staged of all) {
      let done = 0
      for (const _ of stage(staged)) if ((done += 1) % stride === 0 && slices.full()) await slices.next()
    }
    const revisions = all.map((staged) => this.#publish(staged))
    for (const { scope } of all) if (scope.deleted > rememberedRows && scope.readers.size === 0) forget(scope)
    return revisions
  }

  #scopeOf(name: Uint8Array): Scope {
    return this.#scopes.get(toHex(name)) ?? {
      name: cloneOf(name), rows: new Map(), versions: new Map(), revision: this.#past, live: 0, deleted: 0, forgotten: this.#past,
      readers: new Set(), stale: [],
    }
  }

  #publish({ scope, part, changes, rows, live, deleted }: Staged): bigint {
    const known = this.#scopes.has(toHex(scope.name))
    if (changes.length === 0 && part.advance.length === 0) return known ? scope.revision : 0n
    this.#scopes.set(toHex(scope.name), scope)
    scope.revision += 1n
    scope.live += live
    scope.deleted += deleted
    for (const name of part.advance) scope.versions.set(name, (scope.versions.get(name) ?? 0n) + 1n)
    scope.stale = scope.stale.concat(rows)
    letGo(scope)
    const deleting = changes.some(({ kind }) => kind !== 'put')
    if (deleting && scope.versions.size === 0 && scope.live === 0) this.#drop(scope.name)
    return scope.revision
  }
}

/** stage writes the rows of the scope's next revision; it stops after each. */
function* stage(staged: Staged): Generator<void, void, undefined> {
  const { rows, revision: before } = staged.scope
  const revision = before + 1n
  const write = (name: string, former: Row | undefined, key: Uint8Array, value: Uint8Array | null): void => {
    // Within an atom the last change of a row counts.
    const older = former?.revision === revision ? former.older : former ?? null
    const row = { key, value, revision, older }
    rows.set(name, row)
    staged.live += (value ? 1 : 0) - (former?.value ? 1 : 0)
    if (older) staged.rows.push(row)
  }
  const remove = (name: string, row: Row | undefined): void => {
    if (!row?.value) return
    write(name, row, row.key, null)
    staged.deleted += 1
  }
  for (const change of staged.changes) {
    const name = toHex(change.key)
    if (change.kind === 'put') {
      // Small ones share blocks: ten thousand buffers of their own would keep the garbage collector busy.
      write(name, rows.get(name), Buffer.from(change.key), Buffer.from(change.value))
    } else if (change.kind === 'delete') {
      remove(name, rows.get(name))
    } else {
      for (const [at, row] of rows) {
        if (at.startsWith(name)) remove(at, row)
        yield
      }
    }
    yield
  }
}

/** letGo drops the older rows that no load under way will come to. */
function letGo(scope: Scope): void {
  if (scope.stale.length === 0) return
  const readers = [...scope.readers]
  scope.stale = scope.stale.filter((newest) => {
    for (let row = newest; row.older; ) {
      const { revision, older } = row
      if (readers.some((reader) => older.revision <= reader.revision && reader.revision < revision)) row = older
      else row.older = older.older
    }
    return newest.older !== null
  })
}

function forget(scope: Scope): void {
  scope.deleted = 0
  scope.forgotten = scope.revision
  for (const [name, row] of scope.rows) if (!row.value) scope.rows.delete(name)
}

/** rowAt gives a row as it was at a revision; null when it was not there. */
function rowAt(newest: Row, revision: bigint): Row | null {
  let row: Row | null = newest
  while (row && row.revision > revision) row = row.older
  return row
}

async function* slicesOf(scope: Scope, revisionBefore: bigint | undefined, also: readonly string[]): AsyncGenerator<Slice> {
  const since = revisionBefore !== undefined && revisionBefore >= scope.forgotten ? revisionBefore : undefined
  const { revision } = scope
  const versions = Object.fromEntries(scope.versions)
  const turns = new Slices()
  let changes: RowChange[] = []
  let size = 0
  let given = false
  const cut = (): Slice => {
    const slice = { revision, versions, rows: packBatch(changes), whole: since === undefined }
    changes = []
    size = 0
    given = true
    return slice
  }
  let seen = 0
  if (since !== undefined) for (const prefix of also) changes.push({ kind: 'delete-prefix', key: Buffer.from(prefix, 'hex') })
  for (const [name, newest] of scope.rows) {
    if ((seen += 1) % stride === 0 && turns.full()) await turns.next()
    const row = rowAt(newest, revision)
    if (!row) continue
    if (since !== undefined && row.revision <= since && !also.some((prefix) => name.startsWith(prefix))) continue
    const { key, value } = row
    if (value) changes.push({ kind: 'put', key, value })
    else if (since !== undefined) changes.push({ kind: 'delete', key })
    size += key.length + (value?.length ?? 0)
    if (size < sliceSize) continue
    yield cut()
    if (turns.full()) await turns.next()  // what the caller does with a slice counts, too
  }
  if (changes.length > 0 || !given) yield cut()
}

/**
 * memoryStore makes a store that lives as long as the process and holds nothing back: whoever reads its memory reads
 * the sealed rows and, without an `encryptionKey`, the key that seals them. Clients may share one.
 *
 * @example
 * const store = memoryStore()
 * const alice = await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential })
 */
export const memoryStore = (): Store => new MemoryStore()
