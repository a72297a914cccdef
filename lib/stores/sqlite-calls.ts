// What a SQLite store and its worker say to each other. Byte strings of an atom and of a slice are transferred.
import type { Atom, Slice } from '../store'

export interface FileOptions {
  readonly busyTimeout: number
  readonly cacheSize: number
}

/** WorkerData: what a worker is started with. */
export interface WorkerData {
  readonly file: string
  readonly options: FileOptions
  /** The memory of the Gate. */
  readonly gate: SharedArrayBuffer
}

/** Call: what a store asks of its worker. `call` is a number that answers carry back. */
export type Call =
  | { readonly call: number; readonly kind: 'commit'; readonly atom: Atom }
  | { readonly call: number; readonly kind: 'applied'; readonly atom: Atom }
  | { readonly call: number; readonly kind: 'load'; readonly scope: Uint8Array; readonly since: bigint | undefined; readonly also: readonly Uint8Array[] }
  | { readonly call: number; readonly kind: 'names'; readonly prefix: Uint8Array; readonly after: Uint8Array | null; readonly limit: number }
  | { readonly call: number; readonly kind: 'delete'; readonly scope: Uint8Array }
  | { readonly call: number; readonly kind: 'close' }
  /** Of a load: a slice was taken, or nobody wants the rest. */
  | { readonly call: number; readonly kind: 'taken' | 'stop' }

/** Failure: an error on its way to the store. */
export interface Failure {
  readonly kind: 'conflict' | 'version' | 'damaged' | 'failed'
  /** As SQLite names it, or ''. */
  readonly code: string
  readonly message: string
}

/** Answer: what a worker says. A commit is answered by `committed`, a load by its slices and then `done`. */
export type Answer =
  | { readonly call: number; readonly kind: 'done' }
  | { readonly call: number; readonly kind: 'committed'; readonly revisions: readonly bigint[] }
  /** Null: it is not there. */
  | { readonly call: number; readonly kind: 'applied'; readonly revisions: readonly bigint[] | null }
  | { readonly call: number; readonly kind: 'names'; readonly names: readonly Uint8Array[] }
  | { readonly call: number; readonly kind: 'slice'; readonly slice: Slice }
  | { readonly call: number; readonly kind: 'failed'; readonly failure: Failure }

/** Slices of a load that a worker sends ahead of their being taken. */
export const slicesAhead = 4
