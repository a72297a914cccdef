// The addon's classes, as binding/ exports them. This file alone knows them; nothing here is public.
//
// Rules of the boundary:
// - Every method that may take over 0.1 ms gives a promise and runs on the native pool. Its byte arguments are copied
//   before it returns. It rejects with an Error whose `number` is that of core/base/errors.def (see errors.ts).
// - A NativeGroup or NativeTracker runs one operation at a time; a second one rejects with MISUSE. Strands (strand.ts)
//   keep the order.
// - A step changes the native state before its rows are durable. Whoever called it stores `batch`, then publishes; when
//   storing fails, the native object is closed and loaded again from the rows.
// - Secrets cross as sealed rows or as NativeSecret, but for those that the API hands out.
// - Numbers of 64 bits are bigint (epoch, lifetime), leaf indexes and counts are number, times are seconds since 1970.
import path from 'node:path'
import nodeGypBuild from 'node-gyp-build'

/** Row changes, packed: see batch.ts. An empty array when nothing changes. */
export type PackedBatch = Uint8Array

/** Byte strings, packed: one buffer and `count + 1` offsets into it. */
export interface Packed {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
}

/** Collects many byte strings in slices, so that no turn of the event loop copies more than it should. */
export interface NativeBulk {
  /** add copies `items[from…to)`. */
  add(items: readonly Uint8Array[], from: number, to: number): void
  /** addPacked copies the strings from…to of `packed`. */
  addPacked(packed: Packed, from: number, to: number): void
  readonly count: number
}

/** Rows of one scope on their way into a load or refresh. add copies one slice in the packing of batch.ts; for a load it has puts alone. */
export interface NativeRows {
  add(packed: Uint8Array): void
}

/** Key material that JavaScript may pass on but not read. */
export interface NativeSecret {
  readonly size: number
}

export type NativeCredential =
  | { readonly type: 'basic'; readonly identity: Uint8Array }
  | { readonly type: 'x509'; readonly certificates: readonly Uint8Array[] }
  | { readonly type: 'other'; readonly credentialType: number; readonly data: Uint8Array }

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

export type NativePskId =
  | { readonly type: 'external'; readonly id: Uint8Array; readonly nonce: Uint8Array }
  | {
      readonly type: 'resumption'
      readonly usage: 'application' | 'reinit' | 'branch'
      readonly groupId: Uint8Array
      readonly epoch: bigint
      readonly nonce: Uint8Array
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
export interface NativePending {
  readonly id: bigint
  readonly message: Uint8Array
}
export interface NativeExtension {
  readonly type: number
  readonly data: Uint8Array
}
export interface NativeReinit {
  readonly groupId: Uint8Array
  readonly suite: number
  readonly extensions: readonly NativeExtension[]
}

export type NativeSender =
  | { readonly type: 'member'; readonly leafIndex: number }
  | { readonly type: 'external'; readonly index: number }
  | { readonly type: 'new-member-proposal' }
  | { readonly type: 'new-member-commit' }

export interface NativeProposalInfo {
  readonly reference: Uint8Array
  readonly sender: NativeSender
  readonly proposal: NativeProposal
}
/** A proposal for reading. KeyPackages and LeafNodes come encoded; decode() reads them. */
export type NativeProposal =
  | { readonly type: 'add'; readonly keyPackage: Uint8Array; readonly credential: NativeCredential }
  | { readonly type: 'update'; readonly leafNode: Uint8Array; readonly credential: NativeCredential }
  | { readonly type: 'remove'; readonly leafIndex: number }
  | { readonly type: 'psk'; readonly psk: NativePskId }
  | { readonly type: 'reinit'; readonly reinit: NativeReinit }
  | { readonly type: 'external-init' }
  | { readonly type: 'group-context-extensions'; readonly extensions: readonly NativeExtension[] }
  | { readonly type: 'custom'; readonly proposalType: number; readonly data: Uint8Array }

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

/** One step of a batch; `inbox` in a result is the number under which its event was saved. */
export type NativeStep =
  | { readonly kind: 'send'; readonly data: Uint8Array; readonly authenticatedData: Uint8Array }
  | { readonly kind: 'receive'; readonly message: Uint8Array; readonly inspect: boolean }
export type NativeStepResult =
  | { readonly kind: 'error'; readonly error: number }
  | { readonly kind: 'sent'; readonly message: Uint8Array }
  | { readonly kind: 'message'; readonly inbox?: bigint; readonly sender: number; readonly epoch: bigint; readonly data: Uint8Array; readonly authenticatedData: Uint8Array }
  | { readonly kind: 'proposal'; readonly inbox?: bigint; readonly epoch: bigint; readonly proposal: NativeProposalInfo }
  | { readonly kind: 'commit'; readonly inbox?: bigint; readonly commit: NativeCommitInfo; readonly welcomes: Packed | null; readonly recipients?: readonly Packed[] }
  | { readonly kind: 'own'; readonly contentType: 'application' | 'proposal' }
export interface NativeRun {
  /** Results of the steps that ran, in their order. The first step that asks ends the run: it is in `needs`. */
  readonly results: readonly NativeStepResult[]
  readonly batch: PackedBatch
  /** Set when anything but messages happened. */
  readonly state: NativeState | null
  readonly needs: NativeNeeds<NativeRun> | null
}

/** What the own leaf becomes with a path or an Update. */
export interface NativeLeafChange {
  readonly credential?: NativeCredential
  /** A fresh signature key pair is made. */
  readonly rotateSignatureKey?: boolean
  readonly capabilities?: NativeCapabilities
  readonly extensions?: readonly NativeExtension[]
}
export interface NativeCapabilities {
  readonly suites: readonly number[]
  readonly extensions: readonly number[]
  readonly proposals: readonly number[]
  readonly credentials: readonly number[]
}
/** A proposal to be made. PSK nonces are drawn natively. */
export type NativeNewProposal =
  | { readonly type: 'add'; readonly keyPackage: Uint8Array }
  | { readonly type: 'update'; readonly leaf: NativeLeafChange }
  | { readonly type: 'remove'; readonly leafIndex: number }
  | { readonly type: 'psk'; readonly id: Uint8Array }
  | { readonly type: 'resumption-psk'; readonly groupId: Uint8Array; readonly epoch: bigint }
  | { readonly type: 'reinit'; readonly groupId: Uint8Array; readonly suite: number; readonly extensions: readonly NativeExtension[] }
  | { readonly type: 'group-context-extensions'; readonly extensions: readonly NativeExtension[] }
  | { readonly type: 'custom'; readonly proposalType: number; readonly data: Uint8Array }

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
  /** The number under which the event was saved; null without durableEvents. */
  readonly inbox: bigint | null
  readonly batch: PackedBatch
  readonly state: NativeState
}
export interface NativeProposed {
  readonly message: Uint8Array
  readonly reference: Uint8Array
  readonly batch: PackedBatch
  readonly state: NativeState
}

export interface NativeMember {
  readonly leafIndex: number
  readonly credential: NativeCredential
  readonly signatureKey: Uint8Array
  readonly encryptionKey: Uint8Array
  readonly capabilities: NativeCapabilities
  readonly extensions: readonly NativeExtension[]
}
export interface NativeMembers {
  readonly members: readonly NativeMember[]
  /** The leaf to go on from; null at the end. */
  readonly next: number | null
}

/** How far one long operation is, and the wish to end it: it then rejects with ABORTED. */
export interface NativeWatch {
  abort(): void
  /** progress gives null before the first phase; `done` of `total` items of a phase. */
  progress(): { readonly done: number; readonly total: number; readonly phase: string } | null
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
  /** resumption gives the resumption PSK of an epoch still remembered. */
  resumption(epoch: bigint): Promise<NativeSecret>
  /** refresh takes over what others made of the group's rows; slices apply in order. After an error the group is as before. */
  refresh(rows: NativeRows, now: number): Promise<{ readonly state: NativeState }>
  /** save gives the whole state. */
  save(): Promise<PackedBatch>
  close(): void
}

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
  readonly durableEvents?: boolean
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
  findKeyPackage(welcome: Uint8Array): Promise<Uint8Array | null>
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
    options: { scope: Uint8Array; welcome: Uint8Array; reference: Uint8Array; tree: Uint8Array; origin: NativeGroup | null; policy: NativePolicy },
    trust: boolean,
    now: number,
  ): Promise<MayAsk<NativeOpened>>
  joinExternally(
    options: {
      scope: Uint8Array
      groupInfo: Uint8Array
      tree: Uint8Array
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
  /** proposeOwnAdd asks a group to add the owner of a key package (RFC 9420 §12.1.8). */
  proposeOwnAdd(reference: Uint8Array, groupId: Uint8Array, epoch: bigint): Promise<Uint8Array>
  close(): void
}

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
  seed(groupInfo: Uint8Array, tree: Uint8Array, trust: boolean, now: number): Promise<MayAsk<NativeTracked>>
  receive(message: Uint8Array, trust: boolean, now: number): Promise<MayAsk<NativeTracked>>
  offerGroupInfo(groupInfo: Uint8Array): Promise<void>
  groupInfo(): Promise<Uint8Array>
  tree(): Promise<Uint8Array>
  members(from: number, count: number): Promise<NativeMembers>
  save(): Promise<PackedBatch>
  load(rows: NativeRows, now: number): Promise<NativeTrackerState>
  close(): void
}

export interface Native {
  /** Name and version of the libcrypto inside the addon. */
  readonly opensslVersion: string
  /** When and where that libcrypto was built; tells it from node's own of the same version. */
  readonly opensslBuild: string
  readonly errors: readonly (readonly [number: number, name: string, fault: string, section: string])[]
  readonly suites: readonly { readonly id: number; readonly name: string }[]
  readonly defaultLimits: Readonly<Record<string, number>>
  /** threads sets the size of the pool, when it has not started, and gives it. */
  threads(count?: number): number
  /** checkCertificates throws INVALID_CREDENTIAL unless each is exactly one DER certificate. */
  checkCertificates(certificates: readonly Uint8Array[]): void
  /** decode reads an MLSMessage into plain objects (message.ts has their types). */
  decode(message: Uint8Array): Promise<unknown>
  /** proposeExternally makes the proposal of an external sender (RFC 9420 §12.1.8.1). */
  proposeExternally(options: {
    suite: number
    groupId: Uint8Array
    epoch: bigint
    senderIndex: number
    signaturePrivateKey: Uint8Array
    proposal: NativeNewProposal
  }): Promise<Uint8Array>
  readonly Client: new (options: { scope: Uint8Array; sealingKey: Uint8Array }) => NativeClient
  readonly Tracker: new (policy: NativePolicy) => NativeTracker
  readonly Bulk: new () => NativeBulk
  readonly Rows: new () => NativeRows
  readonly Watch: new () => NativeWatch
  readonly Secret: new (bytes: Uint8Array) => NativeSecret
}

export const native = nodeGypBuild(path.join(__dirname, '..')) as Native
