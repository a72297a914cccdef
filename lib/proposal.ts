// Proposals (RFC 9420 §12.1): those to be made, and those received.
import { randomBytes } from 'node:crypto'
import { copyOf, copyOfText } from './bytes'
import { readCredential, type Credential } from './credential'
import { readCapabilities, readExtensions } from './extension'
import type { Capabilities, Extension, Proposal, Sender } from './message'
import type { NativeLeafChange, NativeNewProposal } from './native'
import { Options, readLeafIndex, readU16, readU64 } from './options'

/** LeafChange: what becomes of the own leaf with a path or an Update (RFC 9420 §7.5). */
export interface LeafChange {
  readonly credential?: Credential
  /** A fresh signature key pair is made, which signs from then on. */
  readonly rotateSignatureKey?: boolean
  readonly capabilities?: Capabilities
  readonly extensions?: readonly Extension[]
}

/** PskRef: a PSK to mix in: the id of an external one, or an epoch of a group (RFC 9420 §8.4, §8.6). */
export type PskRef = string | Uint8Array | { readonly groupId: Uint8Array; readonly epoch: bigint | number }

/** ReInitOptions: the group that is to follow (RFC 9420 §12.1.5). */
export interface ReInitOptions {
  /** Default: 32 random bytes. */
  readonly groupId?: Uint8Array
  /** Default: the present one. */
  readonly suite?: number
  readonly extensions?: readonly Extension[]
}

/** NewProposal: a proposal to be made (RFC 9420 §12.1). */
export type NewProposal =
  | { readonly type: 'add'; readonly keyPackage: Uint8Array }
  | { readonly type: 'update'; readonly leaf?: LeafChange }
  | { readonly type: 'remove'; readonly leafIndex: number }
  | { readonly type: 'psk'; readonly psk: PskRef }
  | ({ readonly type: 'reinit' } & ReInitOptions)
  | { readonly type: 'group-context-extensions'; readonly extensions: readonly Extension[] }
  | { readonly type: 'custom'; readonly proposalType: number; readonly data: Uint8Array }

/** CachedProposal: a proposal of this epoch that waits for a commit. */
export interface CachedProposal {
  /** ProposalRef (RFC 9420 §5.2). */
  readonly reference: Uint8Array
  readonly sender: Sender
  readonly proposal: Proposal
}

export function readLeafChange(what: string, value: unknown): NativeLeafChange {
  const options = new Options(what, value, ['credential', 'rotateSignatureKey', 'capabilities', 'extensions'])
  const credential = options.read('credential', undefined, readCredential)
  const capabilities = options.read('capabilities', undefined, readCapabilities)
  const extensions = options.read('extensions', undefined, readExtensions)
  return {
    ...(credential && { credential }),
    ...(options.flag('rotateSignatureKey', false) && { rotateSignatureKey: true }),
    ...(capabilities && { capabilities }),
    ...(extensions && { extensions }),
  }
}

/** namesLeaf: a proposal that means somebody else in an epoch where the leaf is another's. */
export const namesLeaf = ({ type }: NativeNewProposal): boolean => type === 'remove'

export function readPskRef(what: string, value: unknown): NativeNewProposal {
  if (typeof value === 'string') return { type: 'psk', id: copyOfText(what, value) }
  if (ArrayBuffer.isView(value)) return { type: 'psk', id: copyOf(what, value) }
  const options = new Options(what, value ?? null, ['groupId', 'epoch'])
  const groupId = copyOf(options.name('groupId'), options.get('groupId'))
  return { type: 'resumption-psk', groupId, epoch: readU64(options.name('epoch'), options.get('epoch')) }
}

/** readReinit: `suite` is what stands when none is named. */
export function readReinit(what: string, value: unknown, suite: number): NativeNewProposal {
  const options = new Options(what, value, ['type', 'groupId', 'suite', 'extensions'])
  return {
    type: 'reinit',
    groupId: options.bytes('groupId', undefined) ?? new Uint8Array(randomBytes(32)),
    suite: options.read('suite', suite, readU16),
    extensions: options.read('extensions', [], readExtensions),
  }
}

/** readProposal reads a NewProposal; `suite` is the group's. @throws TypeError @throws RangeError */
export function readProposal(what: string, value: unknown, suite: number): NativeNewProposal {
  const names = ['type', 'keyPackage', 'leaf', 'leafIndex', 'psk', 'groupId', 'suite', 'extensions', 'proposalType', 'data']
  const options = new Options(what, value ?? null, names)
  const types = ['add', 'update', 'remove', 'psk', 'reinit', 'group-context-extensions', 'custom'] as const
  if (options.get('type') === undefined) throw new TypeError(`${what}.type must be ${types.join(' or ')}`)
  const type = options.oneOf('type', 'add', types)
  switch (type) {
    case 'add':
      return { type, keyPackage: copyOf(options.name('keyPackage'), options.get('keyPackage')) }
    case 'update':
      return { type, leaf: readLeafChange(options.name('leaf'), options.get('leaf')) }
    case 'remove':
      return { type, leafIndex: readLeafIndex(options.name('leafIndex'), options.get('leafIndex')) }
    case 'psk':
      return readPskRef(options.name('psk'), options.get('psk'))
    case 'reinit':
      return readReinit(what, value, suite)
    case 'group-context-extensions':
      return { type, extensions: readExtensions(options.name('extensions'), options.get('extensions')) }
    case 'custom':
      return {
        type,
        proposalType: readU16(options.name('proposalType'), options.get('proposalType')),
        data: copyOf(options.name('data'), options.get('data')),
      }
  }
}
