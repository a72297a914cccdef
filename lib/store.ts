// Store: where state lives. Small enough that anybody can write one; lib/stores has ours.
//
// State is rows in scopes. A scope is the keys of one client, or one group as one client has it; it is named by up to
// 64 bytes. A row is a key of 1 to 255 bytes and a value. What is secret in a value is sealed before it comes here.

/** Versions of one scope by name; a name that was never advanced has version 0. */
export type Versions = Readonly<Record<string, bigint>>

/** AtomPart: what an atom does to one scope. */
export interface AtomPart {
  readonly scope: Uint8Array
  /** What the versions must be; names that are absent here do not matter. */
  readonly expect: Versions
  /** Each of these versions grows by one. */
  readonly advance: readonly string[]
  /** Batches (batch.ts), applied in this order. A part that neither changes nor advances anything only expects. */
  readonly changes: readonly Uint8Array[]
}

/** Atom: changes to one or more scopes that happen together or not at all. */
export interface Atom {
  /** 16 random bytes. An atom whose id was applied already is not applied again. */
  readonly id: Uint8Array
  /** One part per scope. */
  readonly parts: readonly AtomPart[]
}

/** Slice of a scope on its way out of the store. */
export interface Slice {
  /** Grows with every atom that touches the scope; what the next `load` may give as `since`. */
  readonly revision: bigint
  readonly versions: Versions
  /** A batch: puts and, after a `since`, deletes. At most about 1 MiB, except for a row that is larger. */
  readonly rows: Uint8Array
  /** The rows of all slices are the whole scope, not a change of what was loaded before. */
  readonly whole: boolean
}

/**
 * StoreConflict: a version was not as expected; nothing was applied.
 * @example
 * if (versions.epoch !== part.expect.epoch) throw new StoreConflict()
 */
export class StoreConflict extends Error {
  override readonly name = 'StoreConflict'
  constructor() {
    super('the scope has another version')
  }
}

/**
 * Store keeps scopes. All methods may be called while others are under way, from several clients.
 *
 * What a store must hold: an atom is visible whole or not at all, also after a crash; `commit` resolves only after
 * the atom would survive one. Arrays that it is given may be changed once its promise has settled: it copies what it
 * keeps. Arrays that it gives are the caller's.
 */
export interface Store {
  /**
   * commit applies an atom, and gives the revision that the scope of each part then has, in the order of the parts. A
   * part that only expects leaves the revision as it is, 0 where there is no scope. An atom whose id was applied
   * already gives the revisions of now.
   *
   * Rejects with `StoreConflict` when a version is not as expected, with any other error when storing failed; in both
   * cases nothing of it is there. When the answer of a database was lost, look the atom's id up before rejecting.
   */
  commit(atom: Atom): Promise<readonly bigint[]>

  /**
   * load gives a scope in slices, all of one revision. A scope that does not exist gives none. With `since`, a store
   * that knows what changed after that revision gives only that (`whole` false); any store may give everything. Then it
   * also gives, first of all, for each of the prefixes in `also` its delete and the rows that are there now, whenever
   * they changed: for who has changed them in memory and not stored that.
   */
  load(scope: Uint8Array, since?: bigint, also?: readonly Uint8Array[]): AsyncIterable<Slice>

  /**
   * list gives the names of the scopes that start with `prefix`, in ascending order. A scope that has lost its last row,
   * and never had a version, is none any more.
   */
  list(prefix: Uint8Array): AsyncIterable<Uint8Array>

  /** delete forgets a scope with its versions. A scope that does not exist is no error. */
  delete(scope: Uint8Array): Promise<void>

  /** close ends the store's work; atoms under way are finished. Clients do not close their store. */
  close(): Promise<void>
}
