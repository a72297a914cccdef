// Policy: what an application decides once for all groups of a client, and its limits.
import { copyOf } from './bytes'
import { toError } from './errors'
import { native, type NativePolicy } from './native'
import { Options, readInteger, readU16 } from './options'

/** CustomProposalType: how members treat proposals of a type that RFC 9420 does not define (§12.3). */
export interface CustomProposalType {
  readonly type: number
  /** Whether a commit with one must bring new keys; default `required`. */
  readonly path?: 'required' | 'optional'
  /** Whether an external sender may send it; default false. */
  readonly external?: boolean
}

/** Limits by name: counts, bytes, seconds; Infinity is none (core/base/limits.h has default and reason of each). */
export type Limits = Readonly<Record<string, number>>

/** PolicyOptions: the same at every member, as far as it says what is accepted. */
export interface PolicyOptions {
  readonly limits?: Limits
  readonly customProposals?: readonly CustomProposalType[]
  /**
   * Certificates (DER) that an X.509 chain may omit, because all members have them (RFC 9420 §5.3); the same list at
   * every member. To be among them makes no certificate trusted.
   */
  readonly knownCertificates?: readonly Uint8Array[]
  /** Whether a key package's lifetime must hold when it is added; default `check` (RFC 9420 §7.3). */
  readonly lifetimes?: 'check' | 'ignore'
  /** Whether strangers may join by external commit, and whether one may replace a member; default `resync`. */
  readonly externalCommits?: 'refuse' | 'join' | 'resync'
  /** Whether somebody may propose adding themselves; default `allow` (RFC 9420 §12.1.8). */
  readonly newMemberProposals?: 'refuse' | 'allow'
  /** Whether our handshake messages are encrypted; default `private`. A server that follows a group needs `public`. */
  readonly handshake?: 'private' | 'public'
  /** How messages are padded: not (default), by the PADME scheme (at most 12 % more), or to multiples of n bytes. */
  readonly padding?: 'none' | 'padme' | number
  /** Whether data may be sent while proposals wait for a commit; default `refuse` (RFC 9420 §12.4). */
  readonly sendWithUncommittedProposals?: 'refuse' | 'allow'
}

const names = [
  'limits', 'customProposals', 'knownCertificates', 'lifetimes', 'externalCommits', 'newMemberProposals', 'handshake', 'padding',
  'sendWithUncommittedProposals',
]

/** Limits that the engine counts in 32 bits. */
const narrow = new Set(['maxLeaves', 'maxForwardSteps', 'reservedGenerations'])

function readLimits(what: string, value: unknown, defaults: Limits): Limits {
  const options = new Options(what, value, Object.keys(defaults))
  const limits: Record<string, number> = {}
  for (const name of Object.keys(defaults)) {
    const limit = options.read(name, undefined, (where, one) =>
      one === Infinity ? one : readInteger(where, one, 0, narrow.has(name) ? 0xffff_ffff : Number.MAX_SAFE_INTEGER))
    if (limit !== undefined) limits[name] = limit
  }
  return limits
}

function readCustomProposal(what: string, value: unknown): NativePolicy['customProposals'][number] {
  const options = new Options(what, value, ['type', 'path', 'external'])
  return {
    type: readU16(options.name('type'), options.get('type')),
    path: options.oneOf('path', 'required', ['required', 'optional']),
    external: options.flag('external', false),
  }
}

function readPadding(what: string, value: unknown): 'none' | 'padme' | number {
  if (value === 'none' || value === 'padme') return value
  if (typeof value !== 'number') throw new TypeError(`${what} must be 'none', 'padme' or a number of bytes`)
  return readInteger(what, value, 1, 65_536)
}

function readCertificates(certificates: readonly Uint8Array[]): readonly Uint8Array[] {
  try {
    native.checkCertificates(certificates)
    return certificates
  } catch (error) {
    throw toError(error)
  }
}

/**
 * readPolicy reads PolicyOptions; `defaults` are the names of the limits.
 * @throws TypeError, RangeError; MlsError `INVALID_CREDENTIAL` for a known certificate that is none
 */
export function readPolicy(what: string, value: unknown, defaults: Limits): NativePolicy {
  const options = new Options(what, value, names)
  return {
    limits: options.read('limits', {}, (where, limits) => readLimits(where, limits, defaults)),
    customProposals: options.list('customProposals', readCustomProposal),
    knownCertificates: readCertificates(options.list('knownCertificates', copyOf)),
    lifetimes: options.oneOf('lifetimes', 'check', ['check', 'ignore']),
    externalCommits: options.oneOf('externalCommits', 'resync', ['refuse', 'join', 'resync']),
    newMemberProposals: options.oneOf('newMemberProposals', 'allow', ['refuse', 'allow']),
    handshake: options.oneOf('handshake', 'private', ['private', 'public']),
    padding: options.read('padding', 'none', readPadding),
    sendWithUncommittedProposals: options.oneOf('sendWithUncommittedProposals', 'refuse', ['refuse', 'allow']),
    durableEvents: false,
  }
}
