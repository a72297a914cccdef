// Atoms on their way to a store, and scopes on their way out of it: ids, versions, and the errors of both and of rows.
import { randomBytes } from 'node:crypto'
import { MlsError, isMlsError, toError } from './errors'
import { StoreConflict, type AtomPart, type Slice, type Store, type Versions } from './store'
import { Slices } from './turns'

/** toStoreError makes an MlsError of whatever a store rejects with. */
function toStoreError(cause: unknown): MlsError {
  if (cause instanceof MlsError) return cause
  const isConflict = cause instanceof StoreConflict || (cause instanceof Error && cause.name === 'StoreConflict')
  return new MlsError(isConflict ? 'STORE_CONFLICT' : 'STORE_FAILED', { cause })
}

/** What to do about rows that cannot be used. Of what is wrong with a store as a whole, the store says that. */
const advice = {
  STORAGE_VERSION: 'a newer node-mls wrote these rows: update node-mls',
  STORAGE_DAMAGED: 'rows are damaged or missing: restore the store from a copy, and there join the groups again',
  WRONG_ENCRYPTION_KEY: 'another encryptionKey protects this client, or none does: open it as it was begun, or with what changeEncryptionKey set',
} as const

/** advised makes an error of ours, and gives one about rows a `cause` that says what to do, unless it has one. */
export function advised(thrown: unknown): Error {
  const error = toError(thrown)
  if (!isMlsError(error, 'STORAGE_VERSION', 'STORAGE_DAMAGED', 'WRONG_ENCRYPTION_KEY') || error.cause !== undefined) return error
  return new MlsError(error.code, { cause: new Error(advice[error.code as keyof typeof advice]) })
}

/**
 * commitAtom stores parts, all or nothing, and gives the revisions that their scopes then have.
 * @throws MlsError `STORE_CONFLICT`, `STORE_FAILED`
 */
export async function commitAtom(store: Store, parts: readonly AtomPart[]): Promise<readonly bigint[]> {
  try {
    return await store.commit({ id: new Uint8Array(randomBytes(16)), parts })
  } catch (error) {
    throw toStoreError(error)
  }
}

/** Loaded: what a scope was when it was loaded. */
export interface Loaded {
  readonly versions: Versions
  readonly revision: bigint
}

/**
 * loadScope gives a scope's slices to `take`, with `since` only what changed after that revision where the store knows
 * it, and `also` (Store.load), and says what the scope was, or null when there is none.
 * @throws MlsError `STORE_FAILED`
 */
export async function loadScope(
  store: Store, scope: Uint8Array, take: (rows: Uint8Array, slice: Slice) => void, since?: bigint,
  also?: readonly Uint8Array[],
): Promise<Loaded | null> {
  let loaded: Loaded | null = null
  const slices = new Slices()
  try {
    for await (const slice of store.load(scope, since, also)) {
      // What the store has ready comes at once, and others want the loop too.
      if (loaded && slices.full()) await slices.next()
      take(slice.rows, slice)
      loaded = slice
    }
  } catch (error) {
    throw toStoreError(error)
  }
  return loaded
}

/** listScopes gives the names that start with `prefix`. @throws MlsError of fault `storage` */
export async function* listScopes(store: Store, prefix: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* store.list(prefix)
  } catch (error) {
    throw toStoreError(error)
  }
}

/** peekVersions gives the versions of a scope, or null when there is none. @throws MlsError `STORE_FAILED` */
export async function peekVersions(store: Store, scope: Uint8Array, since: bigint | undefined): Promise<Versions | null> {
  try {
    for await (const { versions } of store.load(scope, since)) return versions
    return null
  } catch (error) {
    throw toStoreError(error)
  }
}
