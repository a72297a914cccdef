// What a received message turned out to be, and what a group tells its listeners.
import type { ReInit } from './message'
import type { NativeCommitInfo } from './native'
import type { CachedProposal } from './proposal'
import type { Welcomes } from './welcomes'

/** CommitInfo: what a commit does, or did (RFC 9420 §12.4). Leaf indexes are those of the new tree. */
export interface CommitInfo {
  /** The epoch that it begins. */
  readonly epoch: bigint
  /** Leaf index of who committed; with `external`, the leaf that it now has. */
  readonly committer: number
  /** Whether the committer joined by it (RFC 9420 §12.4.3.2). */
  readonly external: boolean
  /** Whether it is our own, come back. */
  readonly own: boolean
  /** Whether it removed us. */
  readonly selfRemoved: boolean
  readonly added: Uint32Array
  readonly updated: Uint32Array
  readonly removed: Uint32Array
  /** The group that is to follow; this one sends nothing more. */
  readonly reinit: ReInit | null
  readonly authenticatedData: Uint8Array
}

/** Acknowledge forgets an event that was handled (`durableEvents`); until then it is told again after a restart. */
export type Acknowledge = () => Promise<void>

/** Durable: what events have besides with `durableEvents`, and no other. */
export interface Durable {
  readonly ack?: Acknowledge
}

/** ReceivedMessage: application data of a member. */
export interface ReceivedMessage extends Durable {
  readonly kind: 'message'
  /** Leaf index in `epoch`. */
  readonly sender: number
  /** May be a past one. */
  readonly epoch: bigint
  readonly data: Uint8Array
  readonly authenticatedData: Uint8Array
}
/** ReceivedProposal: a proposal that now waits for a commit. */
export interface ReceivedProposal extends CachedProposal, Durable {
  readonly kind: 'proposal'
  readonly epoch: bigint
}
/** ReceivedCommit: a commit that was applied; the group is in its epoch. */
export interface ReceivedCommit extends CommitInfo, Durable {
  readonly kind: 'commit'
  /** Of our own commit: for those who join by it. */
  readonly welcomes?: Welcomes
}
/** OwnMessage: what we sent ourselves came back. Nothing happened. */
export interface OwnMessage {
  readonly kind: 'own'
  readonly contentType: 'application' | 'proposal'
}
/**
 * StagedCommit: a commit that was verified and waits for a word (`receive` with `inspect`). It lives in memory, for
 * `stagedCommitTimeout`; the next one of the group takes its place.
 */
export interface StagedCommit {
  readonly kind: 'staged'
  readonly commit: CommitInfo
  /**
   * accept applies it.
   * @throws MlsError `STALE_VERSION` when it was dropped, replaced or too old, or the group went on meanwhile or was loaded again
   *   because a write failed; and whatever receiving throws
   */
  accept(): Promise<ReceivedCommit>
  /** drop forgets it; the group is as it was before the message came. */
  drop(): void
}

/** Received: what `receive` gives, told apart by `kind`. */
export type Received = ReceivedMessage | ReceivedProposal | ReceivedCommit | OwnMessage | StagedCommit

/** NotReceived: in the results of many messages, one that failed. */
export interface NotReceived {
  readonly kind: 'error'
  readonly error: Error
}

/** Superseded: another commit came first; these candidates of ours are gone. */
export interface Superseded {
  readonly kind: 'superseded'
  /** Ids of pending commits. */
  readonly ids: readonly bigint[]
  /** The epoch that the other commit began. */
  readonly epoch: bigint
}
/** Removed: we are no longer a member. */
export interface Removed {
  readonly kind: 'removed'
  readonly epoch: bigint
}
/** GroupEvent: what a group tells its listeners, told apart by `kind`. */
export type GroupEvent = ReceivedMessage | ReceivedProposal | ReceivedCommit | OwnMessage | Superseded | Removed

/** DurableEvent: an event that is kept until it is acknowledged. */
export type DurableEvent = (ReceivedMessage | ReceivedProposal | ReceivedCommit) & { readonly ack: Acknowledge }

/** toCommitInfo copies what the addon says of a commit. */
export const toCommitInfo = (commit: NativeCommitInfo): CommitInfo => ({ ...commit })
