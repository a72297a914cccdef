// The memory store: state that ends with the process. For tests and for short-lived use.
//
// It is a Store like any other: atoms, versions, conflicts, and loads of what changed since a revision.
import { rowChanges, packBatch, type RowChange } from '../batch'
import { toHex } from '../bytes'
import { StoreConflict, type Atom, type AtomPart, type Slice, type Store } from '../store'

/** A row, or what is left of one: a deleted row keeps its key, so that `since` can tell. */
interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly revision: bigint
}

interface Scope {
  readonly name: Uint8Array
  readonly rows: Map<string, Row>
  readonly versions: Map<string, bigint>
  revision: bigint
  deleted: number
  /** What was deleted up to this revision is forgotten: an older `since` gets everything. */
  forgotten: bigint
}

const sliceSize = 1 << 20
/** Ids of atoms, and deleted rows of a scope, that are remembered. */
const rememberedAtoms = 4096
const rememberedRows = 4096

class MemoryStore implements Store {
  readonly #scopes = new Map<string, Scope>()
  readonly #applied = new Set<string>()
  /** Revisions of scopes that were deleted are below. */
  #past = 0n

  async commit(atom: Atom): Promise<void> {
    const id = toHex(atom.id)
    if (this.#applied.has(id)) return
    for (const part of atom.parts) this.#check(part)
    // Read before anything is written: a malformed batch leaves no half of an atom.
    const changes = atom.parts.map((part) => part.changes.flatMap((batch) => [...rowChanges(batch)]))
    atom.parts.forEach((part, i) => this.#apply(part, changes[i] ?? []))
    this.#applied.add(id)
    if (this.#applied.size > rememberedAtoms) {
      for (const oldest of this.#applied) {
        this.#applied.delete(oldest)
        break
      }
    }
  }

  async *load(name: Uint8Array, since?: bigint): AsyncGenerator<Slice> {
    const scope = this.#scopes.get(toHex(name))
    if (!scope) return
    // One synchronous pass makes the slices, so that they are of one revision; rows are never changed in place.
    const slices = slicesOf(scope, since)
    yield* slices
  }

  async *list(prefix: Uint8Array): AsyncGenerator<Uint8Array> {
    const start = toHex(prefix)
    for (const key of [...this.#scopes.keys()].filter((one) => one.startsWith(start)).sort()) {
      const scope = this.#scopes.get(key)
      if (scope) yield scope.name.slice()
    }
  }

  async delete(name: Uint8Array): Promise<void> {
    const revision = this.#scopes.get(toHex(name))?.revision ?? 0n
    if (revision >= this.#past) this.#past = revision + 1n
    this.#scopes.delete(toHex(name))
  }

  async close(): Promise<void> {}

  #check(part: AtomPart): void {
    const versions = this.#scopes.get(toHex(part.scope))?.versions
    for (const [name, expected] of Object.entries(part.expect)) {
      if ((versions?.get(name) ?? 0n) !== expected) throw new StoreConflict()
    }
  }

  #apply(part: AtomPart, changes: readonly RowChange[]): void {
    const key = toHex(part.scope)
    const scope = this.#scopes.get(key) ??
      { name: part.scope.slice(), rows: new Map(), versions: new Map(), revision: this.#past, deleted: 0, forgotten: this.#past }
    this.#scopes.set(key, scope)
    scope.revision += 1n
    for (const name of part.advance) scope.versions.set(name, (scope.versions.get(name) ?? 0n) + 1n)
    for (const change of changes) applyChange(scope, change)
    if (scope.deleted > rememberedRows) forget(scope)
  }
}

function forget(scope: Scope): void {
  for (const [name, row] of scope.rows) if (!row.value) scope.rows.delete(name)
  scope.deleted = 0
  scope.forgotten = scope.revision
}

function applyChange(scope: Scope, change: RowChange): void {
  const { rows, revision } = scope
  const name = toHex(change.key)
  const remove = (at: string, row: Row | undefined): void => {
    if (!row?.value) return
    rows.set(at, { key: row.key, value: null, revision })
    scope.deleted += 1
  }
  if (change.kind === 'put') {
    rows.set(name, { key: change.key.slice(), value: change.value.slice(), revision })
  } else if (change.kind === 'delete') {
    remove(name, rows.get(name))
  } else {
    for (const [at, row] of rows) if (at.startsWith(name)) remove(at, row)
  }
}

function slicesOf(scope: Scope, revisionBefore: bigint | undefined): Slice[] {
  const since = revisionBefore !== undefined && revisionBefore >= scope.forgotten ? revisionBefore : undefined
  const versions = Object.fromEntries(scope.versions)
  const slices: Slice[] = []
  let changes: RowChange[] = []
  let size = 0
  const cut = (): void => {
    slices.push({ revision: scope.revision, versions, rows: packBatch(changes), whole: since === undefined })
    changes = []
    size = 0
  }
  for (const { key, value, revision } of scope.rows.values()) {
    if (since !== undefined && revision <= since) continue
    if (value) changes.push({ kind: 'put', key, value })
    else if (since !== undefined) changes.push({ kind: 'delete', key })
    size += key.length + (value?.length ?? 0)
    if (size >= sliceSize) cut()
  }
  if (size > 0 || slices.length === 0) cut()
  return slices
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
