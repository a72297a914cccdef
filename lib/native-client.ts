// NativeClient: a client's keys in the addon, and the ways from them into groups (native.ts).
import type { NativeBulk, NativeBytes, NativeRows, NativeSecret, Packed, PackedBatch } from './native-bytes'
import type { NativeGroup, NativeState, NativeStepResult } from './native-group'
import type { MayAsk, NativeWatch } from './native-needs'
import type { NativeCredential, NativeExtension } from './native-values'

export interface NativeOpened {
  readonly group: NativeGroup
  /** The whole state. */
  readonly batch: PackedBatch
  readonly state: NativeState
}

export interface NativeExternalJoined extends NativeOpened {
  readonly message: Uint8Array
}

export interface NativeSucceeded extends NativeOpened {
  readonly welcomes: Packed
  readonly recipients: readonly Packed[]
  readonly tree: Uint8Array
}

export interface NativePolicy {
  readonly limits: Readonly<Record<string, number>>
  readonly customProposals: readonly { readonly type: number; readonly path: 'required' | 'optional'; readonly external: boolean }[]
  readonly knownCertificates: readonly Uint8Array[]
  readonly lifetimes: 'check' | 'ignore'
  readonly externalCommits: 'refuse' | 'join' | 'resync'
  readonly newMemberProposals: 'refuse' | 'allow'
  readonly handshake: 'private' | 'public'
  readonly padding: 'none' | 'padme' | number
  readonly sendWithUncommittedProposals: 'refuse' | 'allow'
  /** Whether events are saved with what their steps change, each as row `inbox/<number>` of the batch. */
  readonly durableEvents: boolean
}

export interface NativeSigner {
  readonly suite: number
  readonly credential: NativeCredential
  /** Types beyond the RFC's that this client supports. */
  readonly extensionTypes: readonly number[]
  readonly proposalTypes: readonly number[]
  readonly credentialTypes: readonly number[]
  readonly leafExtensions: readonly NativeExtension[]
  /** null: a fresh key pair. */
  readonly signaturePrivateKey: Uint8Array | null
}

export interface NativeKeyPackageInfo {
  readonly reference: Uint8Array
  readonly suite: number
  readonly notAfter: bigint
  readonly lastResort: boolean
}

/** Many key packages, as columns. */
export interface NativeKeyPackageInfos {
  readonly references: Packed
  readonly suites: Uint16Array
  readonly notAfter: BigUint64Array
  /** 1 for those of last resort. */
  readonly lastResort: Uint8Array
}

export interface NativeClientState {
  readonly suites: readonly number[]
  readonly keyPackages: NativeKeyPackageInfos
}

export interface NativeNewKeyPackages {
  readonly batch: PackedBatch
  /** MLSMessages. */
  readonly messages: Packed
  readonly infos: NativeKeyPackageInfos
}

/** A client's keys: signers, key packages, PSKs. It seals and opens rows. */
export interface NativeClient {
  /** load reads the client's own rows. */
  load(rows: NativeRows): Promise<NativeClientState>
  /** addSigner makes or imports the signature key of one suite. */
  addSigner(signer: NativeSigner, knownCertificates: readonly Uint8Array[]): Promise<{ readonly batch: PackedBatch; readonly signatureKey: Uint8Array }>
  generateKeyPackages(
    options: { suite: number; count: number; notBefore: bigint; notAfter: bigint; lastResort: boolean; extensions: readonly NativeExtension[] },
    watch: NativeWatch | null,
  ): Promise<NativeNewKeyPackages>
  importKeyPackage(options: {
    keyPackage: Uint8Array
    initPrivateKey: Uint8Array
    encryptionPrivateKey: Uint8Array
    signaturePrivateKey: Uint8Array
    lastResort: boolean
  }): Promise<{ readonly batch: PackedBatch; readonly info: NativeKeyPackageInfo }>
  /** deleteKeyPackages forgets them and gives the rows to delete. */
  deleteKeyPackages(references: readonly Uint8Array[]): PackedBatch
  /** findKeyPackage gives the reference of our key package that a Welcome is for, or null. */
  findKeyPackage(welcome: NativeBytes): Promise<Uint8Array | null>
  putPsk(id: Uint8Array, secret: Uint8Array): PackedBatch
  /** openPsk opens the row of an external PSK; pskKey gives that row's key. */
  openPsk(id: Uint8Array, sealed: Uint8Array): NativeSecret
  pskKey(id: Uint8Array): Uint8Array

  createGroup(
    options: { scope: Uint8Array; suite: number; groupId: Uint8Array; extensions: readonly NativeExtension[]; policy: NativePolicy },
    now: number,
  ): Promise<NativeOpened>
  /** join opens a Welcome with the key package of `reference`, whose keys this client holds. */
  join(
    options: { scope: Uint8Array; welcome: NativeBytes; reference: Uint8Array; tree: NativeBytes; origin: NativeGroup | null; policy: NativePolicy },
    trust: boolean,
    now: number,
  ): Promise<MayAsk<NativeOpened>>
  joinExternally(
    options: {
      scope: Uint8Array
      groupInfo: NativeBytes
      tree: NativeBytes
      /** Our former leaf, which the commit removes; null for none. */
      resync: number | null
      psks: readonly Uint8Array[]
      authenticatedData: Uint8Array
      policy: NativePolicy
    },
    trust: boolean,
    now: number,
  ): Promise<MayAsk<NativeExternalJoined>>
  /** succeed makes the successor of a group: after its ReInit, or as a branch. */
  succeed(
    options: {
      scope: Uint8Array
      kind: 'reinit' | 'branch'
      origin: NativeGroup
      keyPackages: NativeBulk
      groupId: Uint8Array
      extensions: readonly NativeExtension[]
      welcomes: 'one-for-all' | 'one-each'
      tree: 'inside' | 'apart'
      policy: NativePolicy
    },
    trust: boolean,
    now: number,
  ): Promise<MayAsk<NativeSucceeded>>
  loadGroup(options: { scope: Uint8Array; rows: NativeRows; policy: NativePolicy }, now: number): Promise<NativeOpened>
  /** openInbox opens rows `inbox/<number>` of a group's scope, wherever they were kept: events in the order of their numbers. */
  openInbox(scope: Uint8Array, rows: NativeRows): Promise<readonly NativeStepResult[]>
  /**
   * reseal gives the rows of a group's scope sealed anew, for the rows of an empty one: `out`, from the client's key to that
   * of a transfer, or `in`. `name` takes the place of a scope's name there.
   */
  reseal(options: { scope: Uint8Array; rows: NativeRows; key: Uint8Array; name: Uint8Array; way: 'out' | 'in' }): Promise<PackedBatch>
  /** proposeOwnAdd asks a group to add the owner of a key package (RFC 9420 §12.1.8). */
  proposeOwnAdd(reference: Uint8Array, groupId: Uint8Array, epoch: bigint): Promise<Uint8Array>
  close(): void
}
