// NativeTracker: a group followed without keys, in the addon (native.ts).
import type { NativeBytes, NativeRows, PackedBatch } from './native-bytes'
import type { NativeCommitInfo, NativeMembers } from './native-group'
import type { MayAsk } from './native-needs'
import type { NativeExtension, NativeProposalInfo, NativeReinit } from './native-values'

export interface NativeTrackerState {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly suite: number
  readonly memberCount: number
  readonly treeWidth: number
  readonly treeHash: Uint8Array
  readonly extensions: readonly NativeExtension[]
  readonly proposals: readonly NativeProposalInfo[]
  readonly reinit: NativeReinit | null
}

export interface NativeTracked {
  readonly result:
    | { readonly kind: 'proposal'; readonly epoch: bigint; readonly proposal: NativeProposalInfo }
    | { readonly kind: 'commit'; readonly commit: NativeCommitInfo }
    | { readonly kind: 'seeded' }
  readonly state: NativeTrackerState
}

export interface NativeTracker {
  /** seed starts, or moves on to a later epoch. */
  seed(groupInfo: NativeBytes, tree: NativeBytes, trust: boolean, now: number): Promise<MayAsk<NativeTracked>>
  receive(message: Uint8Array, trust: boolean, now: number): Promise<MayAsk<NativeTracked>>
  offerGroupInfo(groupInfo: NativeBytes): Promise<void>
  groupInfo(): Promise<Uint8Array>
  tree(): Promise<Uint8Array>
  treeBytes(): Promise<NativeBytes>
  members(from: number, count: number): Promise<NativeMembers>
  save(): Promise<PackedBatch>
  load(rows: NativeRows, now: number): Promise<NativeTrackerState>
  close(): void
}
