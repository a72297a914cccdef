// What decode() reads (RFC 9420 §6): any MLSMessage as a plain object, in the words of the RFC.
//
// Decoding checks the encoding and nothing else: no signature, no tag, no key.
import type { Credential } from './credential'

/** Capabilities: what a client says that it supports (RFC 9420 §7.2). All numbers are 16 bits. */
export interface Capabilities {
  readonly suites: readonly number[]
  readonly extensions: readonly number[]
  readonly proposals: readonly number[]
  readonly credentials: readonly number[]
}

/** Extension: a type number and its encoded content (RFC 9420 §13). */
export interface Extension {
  readonly type: number
  readonly data: Uint8Array
}

/** LeafNode: what a member says about itself in the tree (RFC 9420 §7.2), told apart by `source`. */
export type LeafNode = LeafNodeFields & LeafNodeSource
export interface LeafNodeFields {
  readonly encryptionKey: Uint8Array
  readonly signatureKey: Uint8Array
  readonly credential: Credential
  readonly capabilities: Capabilities
  readonly extensions: readonly Extension[]
  readonly signature: Uint8Array
}
/** LeafNodeSource: what made the leaf. The lifetime is in seconds since 1970. */
export type LeafNodeSource =
  | { readonly source: 'key-package'; readonly notBefore: bigint; readonly notAfter: bigint }
  | { readonly source: 'update' }
  | { readonly source: 'commit'; readonly parentHash: Uint8Array }

/** PskId: the name of a pre-shared key (RFC 9420 §8.4). */
export type PskId =
  | { readonly type: 'external'; readonly id: Uint8Array; readonly nonce: Uint8Array }
  | {
      readonly type: 'resumption'
      readonly usage: 'application' | 'reinit' | 'branch'
      readonly groupId: Uint8Array
      readonly epoch: bigint
      readonly nonce: Uint8Array
    }

/** Sender: who framed a message (RFC 9420 §6). */
export type Sender =
  | { readonly type: 'member'; readonly leafIndex: number }
  | { readonly type: 'external'; readonly index: number }
  | { readonly type: 'new-member-proposal' }
  | { readonly type: 'new-member-commit' }

/** ReInit: the group that is to follow (RFC 9420 §12.1.5). */
export interface ReInit {
  readonly groupId: Uint8Array
  readonly suite: number
  readonly extensions: readonly Extension[]
}

/** Proposal (RFC 9420 §12.1). Key packages and leaves come as their bytes. */
export type Proposal =
  | { readonly type: 'add'; readonly keyPackage: Uint8Array; readonly credential: Credential }
  | { readonly type: 'update'; readonly leafNode: Uint8Array; readonly credential: Credential }
  | { readonly type: 'remove'; readonly leafIndex: number }
  | { readonly type: 'psk'; readonly psk: PskId }
  | { readonly type: 'reinit'; readonly reinit: ReInit }
  | { readonly type: 'external-init' }
  | { readonly type: 'group-context-extensions'; readonly extensions: readonly Extension[] }
  | { readonly type: 'custom'; readonly proposalType: number; readonly data: Uint8Array }

/** HpkeCiphertext: one secret for one receiver (RFC 9420 §7.6). */
export interface HpkeCiphertext {
  readonly kemOutput: Uint8Array
  readonly ciphertext: Uint8Array
}

/** UpdatePath: new keys from a leaf to the root (RFC 9420 §7.6). */
export interface UpdatePath {
  readonly leafNode: LeafNode
  readonly nodes: readonly {
    readonly encryptionKey: Uint8Array
    readonly encryptedPathSecrets: readonly HpkeCiphertext[]
  }[]
}

/** Commit: proposals, by value or by reference, and perhaps new keys (RFC 9420 §12.4). */
export interface Commit {
  readonly proposals: readonly ({ readonly proposal: Proposal } | { readonly reference: Uint8Array })[]
  readonly path: UpdatePath | null
}

/** PublicMessage: signed, not encrypted (RFC 9420 §6.2), told apart by `contentType`. */
export type PublicMessage = PublicMessageFields & PublicContent
export interface PublicMessageFields {
  readonly wireFormat: 'public-message'
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly sender: Sender
  readonly authenticatedData: Uint8Array
  readonly signature: Uint8Array
  /** With a sender of type member. */
  readonly membershipTag: Uint8Array | null
}
/** PublicContent: what a public message says (RFC 9420 §6.1). */
export type PublicContent =
  | { readonly contentType: 'application'; readonly applicationData: Uint8Array }
  | { readonly contentType: 'proposal'; readonly proposal: Proposal }
  | { readonly contentType: 'commit'; readonly commit: Commit; readonly confirmationTag: Uint8Array }

/** PrivateMessage: encrypted (RFC 9420 §6.3). */
export interface PrivateMessage {
  readonly wireFormat: 'private-message'
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly contentType: 'application' | 'proposal' | 'commit'
  readonly authenticatedData: Uint8Array
  readonly encryptedSenderData: Uint8Array
  readonly ciphertext: Uint8Array
}

/** Welcome: the secrets of an epoch, sealed to newcomers (RFC 9420 §12.4.3.1). */
export interface Welcome {
  readonly wireFormat: 'welcome'
  readonly suite: number
  readonly secrets: readonly {
    /** KeyPackageRef. */
    readonly newMember: Uint8Array
    readonly encryptedGroupSecrets: HpkeCiphertext
  }[]
  readonly encryptedGroupInfo: Uint8Array
}

/** GroupInfo: the state of a group, signed for newcomers (RFC 9420 §8.1, §12.4.3). */
export interface GroupInfo {
  readonly wireFormat: 'group-info'
  readonly suite: number
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly treeHash: Uint8Array
  readonly confirmedTranscriptHash: Uint8Array
  readonly groupContextExtensions: readonly Extension[]
  readonly extensions: readonly Extension[]
  readonly confirmationTag: Uint8Array
  /** Leaf index. */
  readonly signer: number
  readonly signature: Uint8Array
}

/** KeyPackage: what a client publishes so that others can add it (RFC 9420 §10). */
export interface KeyPackage {
  readonly wireFormat: 'key-package'
  readonly suite: number
  readonly initKey: Uint8Array
  readonly leafNode: LeafNode
  readonly extensions: readonly Extension[]
  readonly signature: Uint8Array
}

/** DecodedMessage: an MLSMessage, told apart by `wireFormat` (RFC 9420 §6). */
export type DecodedMessage = PublicMessage | PrivateMessage | Welcome | GroupInfo | KeyPackage
