// Extensions and capabilities (RFC 9420 §7.2, §11.1, §12.1.8.1, §13): how they are read from options, and encoders for
// those that people set.
import { copyOf, join } from './bytes'
import type { Credential } from './credential'
import type { Capabilities, Extension } from './message'
import { Options, readList, readU16 } from './options'

/** ExtensionType: the numbers of RFC 9420 §17.3. */
export const ExtensionType = {
  applicationId: 1,
  ratchetTree: 2,
  requiredCapabilities: 3,
  externalPub: 4,
  externalSenders: 5,
} as const

/** readExtensions reads a list of extensions. @throws TypeError @throws RangeError */
export const readExtensions = (what: string, value: unknown): Extension[] => readList(what, value, readExtension)

function readExtension(what: string, value: unknown): Extension {
  const options = new Options(what, value ?? null, ['type', 'data'])
  return { type: readU16(options.name('type'), options.get('type')), data: copyOf(options.name('data'), options.get('data')) }
}

const readNumbers = (what: string, value: unknown): number[] => readList(what, value, readU16)

export function readCapabilities(what: string, value: unknown): Capabilities {
  const options = new Options(what, value, ['suites', 'extensions', 'proposals', 'credentials'])
  const numbers = (key: string): number[] => options.read(key, [], readNumbers)
  return {
    suites: numbers('suites'),
    extensions: numbers('extensions'),
    proposals: numbers('proposals'),
    credentials: numbers('credentials'),
  }
}

/** u16 and opaque<V> as RFC 9420 §2.1 writes them. */
const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)
function opaque(bytes: Uint8Array): Uint8Array {
  const size = bytes.length
  if (size < 0x40) return join([Uint8Array.of(size), bytes])
  if (size < 0x4000) return join([u16(size | 0x4000), bytes])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(size + 0x8000_0000)
  return join([length, bytes])
}
const numbers = (values: readonly number[] = []): Uint8Array => opaque(join(values.map(u16)))

function encodeCredential(credential: Credential): Uint8Array {
  switch (credential.type) {
    case 'basic':
      return join([u16(1), opaque(credential.identity)])
    case 'x509':
      return join([u16(2), opaque(join(credential.certificates.map(opaque)))])
    case 'other':
      return join([u16(credential.credentialType), opaque(credential.data)])
  }
}

/**
 * requiredCapabilities makes the extension that says what every member must support (RFC 9420 §11.1).
 * @example
 * await client.createGroup({ extensions: [requiredCapabilities({ proposals: [0xf001] })] })
 */
export function requiredCapabilities(types: {
  readonly extensions?: readonly number[]
  readonly proposals?: readonly number[]
  readonly credentials?: readonly number[]
}): Extension {
  const data = join([numbers(types.extensions), numbers(types.proposals), numbers(types.credentials)])
  return { type: ExtensionType.requiredCapabilities, data }
}

/** ExternalSender: who may send proposals from outside the group (RFC 9420 §12.1.8.1). */
export interface ExternalSender {
  readonly signatureKey: Uint8Array
  readonly credential: Credential
}

/** externalSenders makes the extension that lets others propose (RFC 9420 §12.1.8.1). */
export function externalSenders(senders: readonly ExternalSender[]): Extension {
  const list = senders.map((one) => join([opaque(one.signatureKey), encodeCredential(one.credential)]))
  return { type: ExtensionType.externalSenders, data: opaque(join(list)) }
}

/** applicationId makes the leaf extension that names a member for the application (RFC 9420 §5.3.3). */
export const applicationId = (id: Uint8Array): Extension => ({ type: ExtensionType.applicationId, data: opaque(id) })
