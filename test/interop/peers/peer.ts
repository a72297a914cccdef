// One face for every MLS implementation that we talk to, ours included: members that speak MLSMessage bytes and nothing
// else, so that a test can put any of them into one group.

/** What a member changes with one commit. Nothing named: it only renews its own keys. */
export interface PeerChange {
  /** Key packages of the members to add, as MLSMessages. */
  readonly add?: readonly Uint8Array[]
  /** Identities of the members to remove. */
  readonly remove?: readonly string[]
  /** Ids of external pre-shared keys, known to every member by putPsk. */
  readonly psk?: readonly string[]
  /** New keys only where RFC 9420 §12.4 demands them, which it does not for an Add alone. */
  readonly path?: 'when-required'
}

export interface PeerCommit {
  /** MLSMessages for the other members, in the order in which they are to be received. */
  readonly messages: readonly Uint8Array[]
  /** An MLSMessage for all that were added; null when nobody was. */
  readonly welcome: Uint8Array | null
}

/** What a received message turned out to be. */
export type PeerEvent =
  | { readonly kind: 'message'; readonly data: Uint8Array }
  | { readonly kind: 'proposal' }
  | { readonly kind: 'commit'; readonly removed: boolean }

/** One client that is, or will be, a member of one group. */
export interface PeerMember {
  readonly peer: Peer
  /** The identity of its basic credential. */
  readonly name: string
  readonly suite: number
  /** makeKeyPackage gives an MLSMessage; the private keys stay inside for a join. */
  makeKeyPackage(): Promise<Uint8Array>
  createGroup(groupId: string): Promise<void>
  /** commit makes a commit and takes it as accepted at once. */
  commit(change: PeerChange): Promise<PeerCommit>
  /** leave proposes our own removal, for another member to commit: a proposal that a commit names by its reference. */
  leave(): Promise<Uint8Array>
  /** join enters by a Welcome. `tree` is a bare ratchet_tree, used by those that do not find it inside the Welcome. */
  join(welcome: Uint8Array, tree: Uint8Array): Promise<void>
  /** joinExternally enters by a GroupInfo with external_pub and ratchet_tree, and gives the commit for all others. */
  joinExternally(groupInfo: Uint8Array): Promise<Uint8Array>
  send(data: Uint8Array): Promise<Uint8Array>
  receive(message: Uint8Array): Promise<PeerEvent>
  putPsk(id: string, secret: Uint8Array): Promise<void>
  /** groupInfo gives an MLSMessage that serves joinExternally. */
  groupInfo(): Promise<Uint8Array>
  /** tree gives the ratchet_tree extension's content. */
  tree(): Promise<Uint8Array>
  epoch(): Promise<bigint>
  /** Null where an implementation does not give it out; exportSecret then tells whether members agree. */
  epochAuthenticator(): Promise<Uint8Array | null>
  exportSecret(label: string, context: Uint8Array, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Abilities beyond adding members and exchanging messages. `any-tree`: it works in every valid tree; without it, newcomers
 * need one whose parent nodes agree about the unmerged leaves below them, and members one whose left half is not empty.
 */
export type PeerAbility = 'update' | 'remove' | 'psk' | 'external-join' | 'leave' | 'any-tree'

export interface Peer {
  readonly name: string
  readonly suites: readonly number[]
  readonly abilities: ReadonlySet<PeerAbility>
  member(name: string, suite: number): Promise<PeerMember>
}

/** A peer was asked for what it cannot do. */
export class PeerLacks extends Error {
  constructor(peer: string, what: string) {
    super(`${peer} has no ${what}`)
  }
}
