// What the addon says of itself, and what it does for no client: reading messages, proposals of external senders.
import { setImmediate as turn } from 'node:timers/promises'
import { copyOf, secretOf, wipe } from './bytes'
import { toError } from './errors'
import { letGo, takeBytes } from './long-bytes'
import type { DecodedMessage } from './message'
import { native } from './native'
import { Options, readInteger, readU16, readU64 } from './options'
import { readProposal, type NewProposal } from './proposal'

/** opensslVersion names the libcrypto inside the addon; node has another of its own. */
export const opensslVersion: string = native.opensslVersion

/** Suite: a cipher suite of RFC 9420 §17.1. */
export interface Suite {
  readonly id: number
  readonly name: string
}

/** suites lists the cipher suites that this build supports. */
export const suites: readonly Suite[] = native.suites

/** defaultLimits gives the limits by name (counts, bytes, seconds); a client's policy may set each. */
export const defaultLimits: Readonly<Record<string, number>> = native.defaultLimits

/**
 * threads sets the number of threads that work on groups of this process, and gives it. It can be set until the first
 * of them started; after that it stays. Default: the number of cores, or the variable NODE_MLS_THREADS.
 */
export function threads(count?: number): number {
  return count === undefined ? native.threads() : native.threads(readInteger('count', count, 1, 1024))
}

/**
 * decode reads an MLSMessage into plain objects (RFC 9420 §6). It checks the encoding and nothing else.
 * @throws MlsError `MALFORMED`, `UNSUPPORTED_VERSION`, `UNSUPPORTED_WIRE_FORMAT`, …
 * @example
 * const message = await decode(bytes)
 * if (message.wireFormat === 'welcome') console.log(message.secrets.length, 'newcomers')
 */
export async function decode(message: Uint8Array): Promise<DecodedMessage> {
  try {
    const bytes = takeBytes('message', message)
    const decoded = await bytes.then((all) => native.decode(all)).finally(() => letGo(bytes))
    for (let whole = decoded.next(); ; whole = decoded.next()) {
      if (whole) return whole
      await turn()
    }
  } catch (error) {
    throw toError(error)
  }
}

/** ExternalProposalOptions: what an external sender proposes to which group (RFC 9420 §12.1.8.1). */
export interface ExternalProposalOptions {
  readonly suite: number
  readonly groupId: Uint8Array
  readonly epoch: bigint
  /** The sender's index in `external_senders`. */
  readonly senderIndex: number
  readonly signaturePrivateKey: Uint8Array
  readonly proposal: NewProposal
}

/** proposeExternally makes the proposal of an external sender (RFC 9420 §12.1.8.1). @returns an MLSMessage */
export async function proposeExternally(options: ExternalProposalOptions): Promise<Uint8Array> {
  const names = ['suite', 'groupId', 'epoch', 'senderIndex', 'signaturePrivateKey', 'proposal']
  const read = new Options('options', options, names)
  const suite = readU16('options.suite', read.get('suite'))
  const request = {
    suite,
    groupId: copyOf('options.groupId', read.get('groupId')),
    epoch: readU64('options.epoch', read.get('epoch')),
    senderIndex: readInteger('options.senderIndex', read.get('senderIndex'), 0, 0xffff_ffff),
    signaturePrivateKey: secretOf('options.signaturePrivateKey', read.get('signaturePrivateKey')),
    proposal: readProposal('options.proposal', read.get('proposal'), suite),
  }
  try {
    return await native.proposeExternally(request)
  } catch (error) {
    throw toError(error)
  } finally {
    wipe(request.signaturePrivateKey)
  }
}
