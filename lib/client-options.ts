// What a client is opened with, read and checked.
import { X509Certificate, createHash } from 'node:crypto'
import { copyOfText, join, secretOf } from './bytes'
import { readCredential, trustAnyCredential, type Authenticate, type Credential } from './credential'
import { readExtensions } from './extension'
import { newHolder, type LeaseHolder } from './lease'
import type { Extension } from './message'
import { native, type NativePolicy, type NativeSigner } from './native'
import { Options, attempt, readInteger, readList, readU16 } from './options'
import { readPolicy, type PolicyOptions } from './policy'
import type { PskSource } from './psk'
import { readEncryptionKey, type EncryptionKey } from './sealing-key'
import type { Store } from './store'

/** ClientOptions: who the client is, where its state lives, and who judges others. */
export interface ClientOptions {
  /** A basic credential's identity; a string is its UTF-8. Either this or `credential`. */
  readonly identity?: string | Uint8Array
  readonly credential?: Credential
  /** Names the client in its store. Default: the identity, or the subject of the end entity's certificate. */
  readonly name?: string | Uint8Array
  /** Cipher suites (RFC 9420 §17.1), the preferred one first. Default: [1], or those of `signaturePrivateKeys`. */
  readonly suites?: readonly number[]
  /** Signature private keys by suite; needed with X.509. Default: fresh ones. */
  readonly signaturePrivateKeys?: Readonly<Record<number, Uint8Array>>
  /** Where state lives: `memoryStore()` or another. The client does not close it. */
  readonly store: Store
  /** Judges the credentials of others (RFC 9420 §5.3.1); `trustAnyCredential` accepts all. */
  readonly authenticate: Authenticate
  /** Gives external PSKs that were not stored with `client.psks.put`. */
  readonly psk?: PskSource
  readonly policy?: PolicyOptions
  /** Types beyond the RFC's that this client supports (RFC 9420 §7.2). */
  readonly extensionTypes?: readonly number[]
  readonly proposalTypes?: readonly number[]
  readonly credentialTypes?: readonly number[]
  readonly leafExtensions?: readonly Extension[]
  /**
   * 32 bytes, or `wrap` and `unwrap` (a KMS, Electron's safeStorage), that protect the random key by which every secret
   * row is sealed. Who has the store and this key has all secrets; who has the store alone has none. Without it the
   * random key stands in the store itself: that protects deleted rows in old copies of single rows, and nothing
   * against who reads the whole store. It has to be the same whenever the client is opened (`changeEncryptionKey`).
   */
  readonly encryptionKey?: EncryptionKey
  /**
   * What becomes of a call when another process of this client changed the same group first. `retry` (default): the
   * group is brought up to date and the call runs again; a commit or proposal only while the epoch is the same, since
   * leaf indexes mean something else in another. `report`: it rejects with `STORE_CONFLICT`.
   */
  readonly onConflict?: 'retry' | 'report'
  /**
   * Whether what is received is kept until it is acknowledged: each message, proposal and commit is stored in the same
   * atom as what receiving it changes, and told again after a restart (`client.unacknowledged()`) until `event.ack()`.
   * Default false.
   */
  readonly durableEvents?: boolean
  /**
   * With leases, of several processes of this client one at a time sends, proposes and commits in a group: it takes the
   * group's lease when it first does, keeps it by use, and gives it back when the group is closed. Another one gets
   * `LEASE_HELD` until then, or until `duration` milliseconds (default 10,000) after the last use. All processes of a
   * client must say the same, and their clocks agree to a fraction of the duration.
   */
  readonly leases?: { readonly duration?: number }
  /**
   * Groups that are in memory at a time, at work or not; default 1,000. The one that was not used for longest makes
   * room; it loads itself again when it is used. A small group takes some 30 KiB, a large one about 1.2 KiB a member.
   */
  readonly maxLoadedGroups?: number
  /** Seconds since 1970; for tests. */
  readonly clock?: () => number
  /** Milliseconds that `authenticate` and `psk` may take for one call; default 30,000. */
  readonly answerTimeout?: number
  /** Milliseconds that a staged commit (`receive` with `inspect`) waits for `accept()`; default 300,000. */
  readonly stagedCommitTimeout?: number
}

/** ClientRequest: options, read and copied. */
export interface ClientRequest {
  readonly name: Uint8Array
  readonly signers: readonly NativeSigner[]
  readonly store: Store
  readonly authenticate: Authenticate
  readonly trust: boolean
  readonly psk: PskSource | undefined
  readonly policy: NativePolicy
  readonly encryptionKey: EncryptionKey | null
  readonly onConflict: 'retry' | 'report'
  readonly maxLoadedGroups: number
  readonly leases: LeaseHolder | null
  readonly now: () => number
  readonly answerTimeout: number
  readonly stagedCommitTimeout: number
}

const names = [
  'identity', 'credential', 'name', 'suites', 'signaturePrivateKeys', 'store', 'authenticate', 'psk', 'policy',
  'extensionTypes', 'proposalTypes', 'credentialTypes', 'leafExtensions', 'encryptionKey', 'onConflict', 'maxLoadedGroups', 'leases',
  'durableEvents', 'clock',
  'answerTimeout', 'stagedCommitTimeout',
]

const readLeases = (what: string, value: unknown): LeaseHolder =>
  newHolder(new Options(what, value, ['duration']).integer('duration', 10_000, 100, 0x7fff_ffff))

function readCredentialOf(options: Options): Credential {
  const identity = options.text('identity', undefined)
  const credential = options.read('credential', undefined, readCredential)
  if (identity && credential) throw new TypeError('options.identity and options.credential exclude each other')
  if (!identity && !credential) throw new TypeError('options.identity or options.credential is needed')
  return credential ?? { type: 'basic', identity: identity as Uint8Array }
}

function nameOf(credential: Credential): Uint8Array {
  if (credential.type === 'basic') return credential.identity
  if (credential.type === 'other') return credential.data
  const [end] = credential.certificates
  try {
    return copyOfText('subject', new X509Certificate(end ?? '').subject)
  } catch (cause) {
    throw new TypeError('options.credential.certificates[0] is not a certificate', { cause })
  }
}

function readPrivateKeys(what: string, value: unknown): Map<number, Uint8Array> {
  const keys = new Map<number, Uint8Array>()
  const suites = attempt(what, () => Object.keys(value as object))
  const options = new Options(what, value, suites)
  for (const suite of suites) keys.set(readU16(`a suite of ${what}`, Number(suite)), secretOf(`${what}[${suite}]`, options.get(suite)))
  return keys
}

function readSuites(options: Options, keys: ReadonlyMap<number, Uint8Array>, credential: Credential): number[] {
  const known = native.suites.map(({ id }) => id)
  const suites = options.read('suites', keys.size > 0 ? [...keys.keys()] : [known[0] ?? 1], (what, value) =>
    readList(what, value, readU16))
  for (const suite of suites) {
    if (!known.includes(suite)) throw new RangeError(`options.suites: ${suite} is none of ${known.join(', ')}`)
    if (credential.type === 'x509' && !keys.has(suite)) throw new TypeError(`options.signaturePrivateKeys[${suite}] is needed`)
  }
  if (suites.length === 0) throw new RangeError('options.suites must hold a suite')
  return suites
}

function readSigners(options: Options, credential: Credential): NativeSigner[] {
  const keys = options.read('signaturePrivateKeys', new Map<number, Uint8Array>(), readPrivateKeys)
  const rest = {
    credential,
    extensionTypes: options.list('extensionTypes', readU16),
    proposalTypes: options.list('proposalTypes', readU16),
    credentialTypes: options.list('credentialTypes', readU16),
    leafExtensions: options.read('leafExtensions', [], readExtensions),
  }
  return readSuites(options, keys, credential).map((suite) =>
    ({ suite, ...rest, signaturePrivateKey: keys.get(suite) ?? null }))
}

function readStore(what: string, value: unknown): Store {
  const methods = ['commit', 'load', 'list', 'delete'] as const
  const isStore = typeof value === 'object' && value !== null &&
    methods.every((name) => attempt(what, () => typeof (value as Partial<Store>)[name] === 'function'))
  if (!isStore) throw new TypeError(`${what} must be a Store, such as memoryStore()`)
  return value as Store
}

/** readClient reads ClientOptions. @throws TypeError @throws RangeError */
export function readClient(value: unknown): ClientRequest {
  const options = new Options('options', value, names)
  const credential = readCredentialOf(options)
  const authenticate = options.call<Authenticate>('authenticate')
  if (!authenticate) throw new TypeError('options.authenticate is needed: a function, or trustAnyCredential')
  const encryptionKey = options.read('encryptionKey', null, readEncryptionKey)
  const clock = options.call<() => number>('clock') ?? (() => Date.now() / 1000)
  return {
    name: options.text('name', undefined) ?? nameOf(credential),
    signers: readSigners(options, credential),
    store: readStore('options.store', options.get('store')),
    authenticate,
    trust: authenticate === trustAnyCredential,
    psk: options.call<PskSource>('psk'),
    policy: { ...readPolicy('options.policy', options.get('policy'), native.defaultLimits), durableEvents: options.flag('durableEvents', false) },
    encryptionKey,
    onConflict: options.oneOf('onConflict', 'retry', ['retry', 'report']),
    leases: options.read('leases', null, readLeases),
    maxLoadedGroups: options.integer('maxLoadedGroups', 1_000, 1, 0x7fff_ffff),
    now: () => readInteger('what options.clock gives', Math.floor(clock()), 0, Number.MAX_SAFE_INTEGER),
    answerTimeout: options.integer('answerTimeout', 30_000, 1, 0x7fff_ffff),
    stagedCommitTimeout: options.integer('stagedCommitTimeout', 300_000, 1, 0x7fff_ffff),
  }
}

/** signerDigest tells whether a signer has to be made anew: 32 bytes over all that it is made of. */
export function signerDigest({ signaturePrivateKey, ...signer }: NativeSigner): Uint8Array {
  const text = JSON.stringify(signer, (_key, value: unknown) => (value instanceof Uint8Array ? [...value] : value))
  const key = signaturePrivateKey ?? new Uint8Array(0)
  return new Uint8Array(createHash('sha256').update(join([copyOfText('signer', text), key])).digest())
}
