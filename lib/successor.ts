// Successors (RFC 9420 §11.2, §11.3): a group that follows another after its ReInit, or branches off.
import type { Group } from './group'
import type { Extension } from './message'
import type { Welcomes } from './welcomes'

/** SuccessorOptions: the new group. After a ReInit, id and extensions are those that it announced. */
export interface SuccessorOptions {
  /** Branches only; default: random. */
  readonly groupId?: Uint8Array
  /** Branches only. */
  readonly extensions?: readonly Extension[]
  readonly welcomes?: 'one-for-all' | 'one-each'
  readonly tree?: 'inside' | 'apart'
  readonly signal?: AbortSignal
}

/** Succession: the new group, and what the others need to join it. */
export interface Succession {
  readonly group: Group
  /** The one Welcome, an MLSMessage; null when there are several (`welcomes`). */
  readonly welcome: Uint8Array | null
  readonly welcomes: Welcomes
  /** The ratchet tree for the others, when their Welcomes do not hold it. */
  readonly tree: Uint8Array | null
}
