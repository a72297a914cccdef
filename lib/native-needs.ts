// A step of the addon that asks (native.ts), and a long one that is watched.
import type { NativeSecret } from './native-bytes'
import type { NativeCommitInfo } from './native-group'
import type { NativeCredential, NativePskId } from './native-values'

/** RFC 9420 §5.3.1: one credential that the application is to judge. */
export interface NativeQuestion {
  readonly role: 'member' | 'successor' | 'external-sender'
  /** A leaf index, or an index in external_senders. */
  readonly index: number
  readonly credential: NativeCredential
  readonly signatureKey: Uint8Array
  /** With role successor: the credential that it replaces. */
  readonly former: NativeCredential | null
}

/** Verdicts, one byte per credential: 0 accept, 1 reject, 2 reject succession, 3 reject policy, 4 no answer. */
export type Verdicts = Uint8Array

/** What a step asks. It is answered once; not answering it leaves everything as it was. */
export interface NativeNeeds<T> {
  readonly credentialCount: number
  /** credentials gives a slice of the questions. */
  credentials(from: number, to: number): NativeQuestion[]
  readonly psks: readonly NativePskId[]
  /** For a staged commit: what it will do. */
  readonly commit: NativeCommitInfo | null
  /** answer goes on; it may ask again. `verdicts` null accepts all; `psks` in the order of the questions. */
  answer(verdicts: Verdicts | null, psks: readonly (NativeSecret | null)[], now: number): Promise<MayAsk<T>>
}

export type MayAsk<T> = { readonly done: T; readonly needs?: never } | { readonly needs: NativeNeeds<T>; readonly done?: never }

/** How far one long operation is, and the wish to end it: it then rejects with ABORTED. */
export interface NativeWatch {
  abort(): void
  /** progress gives null before the first phase; `done` of `total` items of a phase. */
  progress(): { readonly done: number; readonly total: number; readonly phase: string } | null
}
