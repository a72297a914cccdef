// What MLS says of members and proposals, as the addon gives and takes it (native.ts).

export type NativeCredential =
  | { readonly type: 'basic'; readonly identity: Uint8Array }
  | { readonly type: 'x509'; readonly certificates: readonly Uint8Array[] }
  | { readonly type: 'other'; readonly credentialType: number; readonly data: Uint8Array }

export type NativePskId =
  | { readonly type: 'external'; readonly id: Uint8Array; readonly nonce: Uint8Array }
  | {
      readonly type: 'resumption'
      readonly usage: 'application' | 'reinit' | 'branch'
      readonly groupId: Uint8Array
      readonly epoch: bigint
      readonly nonce: Uint8Array
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

export interface NativeCapabilities {
  readonly suites: readonly number[]
  readonly extensions: readonly number[]
  readonly proposals: readonly number[]
  readonly credentials: readonly number[]
}

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

/** What the own leaf becomes with a path or an Update. */
export interface NativeLeafChange {
  readonly credential?: NativeCredential
  /** A fresh signature key pair is made. */
  readonly rotateSignatureKey?: boolean
  readonly capabilities?: NativeCapabilities
  readonly extensions?: readonly NativeExtension[]
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
