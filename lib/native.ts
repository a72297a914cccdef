// The addon, as binding/ exports it: loaded here and nowhere else. Its classes are declared in native-*.ts. Nothing of
// it is public.
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
import type { DecodedMessage } from './message'
import type { NativeBulk, NativeBytes, NativeRows, NativeSecret } from './native-bytes'
import type { NativeClient, NativePolicy } from './native-client'
import type { NativeWatch } from './native-needs'
import type { NativeTracker } from './native-tracker'
import type { NativeNewProposal } from './native-values'

export type * from './native-bytes'
export type * from './native-values'
export type * from './native-needs'
export type * from './native-group'
export type * from './native-client'
export type * from './native-tracker'

/** A message on its way to plain objects. */
export interface NativeDecoded {
  /** next builds for about 1 ms; it gives the message when it is whole, and null before. */
  next(): DecodedMessage | null
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
  decode(message: NativeBytes): Promise<NativeDecoded>
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
  /** `size` bytes are expected. */
  readonly Bytes: new (size: number) => NativeBytes
  readonly Rows: new () => NativeRows
  readonly Watch: new () => NativeWatch
  readonly Secret: new (bytes: Uint8Array) => NativeSecret
}

export const native = nodeGypBuild(path.join(__dirname, '..')) as Native
