// NativeGroup: one group of the addon, its state and its steps (native.ts).
import type { NativeBulk, NativeBytes, NativeRows, NativeSecret, Packed, PackedBatch } from './native-bytes'
import type { MayAsk, NativeNeeds, NativeWatch } from './native-needs'
import type { NativeExtension, NativeLeafChange, NativeNewProposal, NativeProposalInfo, NativeReinit } from './native-values'

export type NativePhase = 'joining' | 'active' | 'suspended' | 'removed'

/** The public face of a group's state. */
export interface NativeState {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly suite: number
  readonly phase: NativePhase
  readonly leafIndex: number
  readonly memberCount: number
  /** Leaves of the full tree, blank ones included. */
  readonly treeWidth: number
  readonly epochAuthenticator: Uint8Array
  readonly treeHash: Uint8Array
  readonly extensions: readonly NativeExtension[]
  readonly pending: readonly NativePending[]
  /** Epochs of which something is remembered, oldest first, the present one included. */
  readonly epochs: readonly NativeEpoch[]
  /** References of the proposals cached in this epoch, in the order of arrival. */
  readonly proposals: readonly NativeProposalInfo[]
  readonly reinit: NativeReinit | null
}

export interface NativeEpoch {
  readonly epoch: bigint
  readonly readable: boolean
  readonly resumption: boolean
}

/** A candidate commit. A state names it by the hash of its message, which may have megabytes. */
export interface NativePending {
  readonly id: bigint
  readonly digest: Uint8Array
  /** In a state that loadGroup or refresh gives, where it is new; commit() gives the message of the one it makes. */
  readonly message: Uint8Array | null
}

export interface NativeCommitInfo {
  /** The epoch that it begins. */
  readonly epoch: bigint
  readonly committer: number
  readonly external: boolean
  readonly own: boolean
  readonly selfRemoved: boolean
  readonly added: Uint32Array
  readonly updated: Uint32Array
  readonly removed: Uint32Array
  readonly reinit: NativeReinit | null
  readonly authenticatedData: Uint8Array
}

/** One step of a batch; `inbox` in a result is the id under which its event was saved. */
export type NativeStep =
  | { readonly kind: 'send'; readonly data: Uint8Array; readonly authenticatedData: Uint8Array }
  | { readonly kind: 'receive'; readonly messages: NativeBulk; readonly at: number; readonly inspect: boolean }

export type NativeStepResult =
  | { readonly kind: 'error'; readonly error: number }
  | { readonly kind: 'sent'; readonly message: Uint8Array }
  | { readonly kind: 'message'; readonly inbox?: Uint8Array; readonly sender: number; readonly epoch: bigint; readonly data: Uint8Array; readonly authenticatedData: Uint8Array }
  | { readonly kind: 'proposal'; readonly inbox?: Uint8Array; readonly epoch: bigint; readonly proposal: NativeProposalInfo }
  | {
      readonly kind: 'commit'
      readonly inbox?: Uint8Array
      readonly commit: NativeCommitInfo
      /** The id of our own commit that came back. */
      readonly candidate: bigint | null
      readonly welcomes: Packed | null
      readonly recipients?: readonly Packed[]
    }
  | { readonly kind: 'own'; readonly contentType: 'application' | 'proposal' }

/**
 * NativeMessages: messages that were sent or received, packed; run-results.ts makes objects of them. Of each there are six numbers: 0
 * received or 1 sent, sender, high and low half of the epoch, and where in `bytes` its data and then its authenticated data end.
 */
export interface NativeMessages {
  readonly numbers: Uint32Array
  readonly bytes: NativeBytes
}

export interface NativeRun {
  /**
   * Results of the steps that ran, in their order; null is the next of `messages`. The first step that asks ends the run: it
   * is in `needs`.
   */
  readonly results: readonly (NativeStepResult | null)[]
  readonly messages: NativeMessages | null
  readonly batch: PackedBatch
  /** Set when anything but messages happened. */
  readonly state: NativeState | null
  readonly needs: NativeNeeds<NativeRun> | null
}

export interface NativeCommitOptions {
  /** Key packages (MLSMessage or bare) of the members to add; null for none. */
  readonly add: NativeBulk | null
  readonly proposals: readonly NativeNewProposal[]
  readonly includeCached: boolean
  readonly path: 'always' | 'when-required'
  readonly welcomes: 'one-for-all' | 'one-each'
  readonly tree: 'inside' | 'apart'
  readonly externalPub: boolean
  readonly leaf: NativeLeafChange | null
  readonly authenticatedData: Uint8Array
  readonly groupInfoExtensions: readonly NativeExtension[]
}

export interface NativeCommitMade {
  readonly id: bigint
  readonly message: Uint8Array
  readonly batch: PackedBatch
  readonly state: NativeState
}

export interface NativeAccepted {
  readonly commit: NativeCommitInfo
  /** MLSMessages, one for all joiners or one each. */
  readonly welcomes: Packed
  /** welcomes[i] is for the key packages of these references. */
  readonly recipients: readonly Packed[]
  /** The id under which the event was saved; null without durableEvents. */
  readonly inbox: Uint8Array | null
  readonly batch: PackedBatch
  readonly state: NativeState
}

export interface NativeProposed {
  readonly message: Uint8Array
  readonly reference: Uint8Array
  readonly batch: PackedBatch
  readonly state: NativeState
}

/** Members, as columns: at most as many as were asked for, or about 64 KiB. */
export interface NativeMembers {
  readonly leafIndexes: Uint32Array
  readonly credentialTypes: Uint16Array
  /** Six a member: byte strings of the credential; suites, extensions, proposals, credentials; extensions of the leaf. */
  readonly counts: Uint32Array
  /** Of each member: the capabilities in that order, then the types of its extensions. */
  readonly numbers: Uint16Array
  /** Of each member: signature key, encryption key, the credential's byte strings, the data of its extensions. */
  readonly strings: Packed
  /** The leaf to go on from; null at the end. */
  readonly next: number | null
}

export interface NativeGroup {
  state(): Promise<NativeState>
  /** run executes steps in order; `trust` accepts every credential. */
  run(steps: readonly NativeStep[], trust: boolean, now: number): Promise<NativeRun>
  commit(options: NativeCommitOptions, trust: boolean, now: number, watch: NativeWatch | null): Promise<MayAsk<NativeCommitMade>>
  propose(proposal: NativeNewProposal, authenticatedData: Uint8Array, trust: boolean, now: number): Promise<MayAsk<NativeProposed>>
  accept(id: bigint, now: number): Promise<NativeAccepted>
  reject(id: bigint): Promise<{ readonly batch: PackedBatch; readonly state: NativeState }>
  /** confirm ends the phase joining (external commit taken by the delivery service). */
  confirm(): Promise<{ readonly batch: PackedBatch; readonly state: NativeState }>
  members(from: number, count: number): Promise<NativeMembers>
  exportSecret(label: string, context: Uint8Array, length: number): Promise<Uint8Array>
  groupInfo(options: { tree: 'inside' | 'apart'; externalPub: boolean; extensions: readonly NativeExtension[] }, now: number): Promise<Uint8Array>
  tree(): Promise<Uint8Array>
  treeBytes(): Promise<NativeBytes>
  /** resumption gives the resumption PSK of an epoch still remembered. */
  resumption(epoch: bigint): Promise<NativeSecret>
  /** refresh takes over what others made of the group's rows; slices apply in order. After an error the group is as before. */
  refresh(rows: NativeRows, now: number): Promise<{ readonly state: NativeState }>
  /** save gives the whole state. */
  save(): Promise<PackedBatch>
  close(): void
}
