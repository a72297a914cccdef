// RFC 9420 §6: the few bytes of an MLSMessage that are in clear, for peers that do not tell what they received.

/** version mls10 and wire_format mls_key_package, which stand before a bare KeyPackage. */
export const MLS_KEY_PACKAGE = Buffer.from([0, 1, 0, 5])
const MLS_PRIVATE_MESSAGE = Buffer.from([0, 1, 0, 2])

const CONTENT_TYPES = { 1: 'application', 2: 'proposal', 3: 'commit' } as const

export interface PrivateHeader {
  readonly epoch: bigint
  readonly contentType: 'application' | 'proposal' | 'commit'
}

/** privateHeader reads the start of a PrivateMessage: group_id<V>, epoch, content_type (RFC 9420 §6.3). */
export function privateHeader(message: Uint8Array): PrivateHeader {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  if (!bytes.subarray(0, 4).equals(MLS_PRIVATE_MESSAGE)) throw new TypeError('not a PrivateMessage')
  const groupId = readVector(bytes, 4)
  const contentType = bytes.readUInt8(groupId.end + 8)
  if (contentType !== 1 && contentType !== 2 && contentType !== 3) throw new TypeError(`content type ${contentType}`)
  return { epoch: bytes.readBigUInt64BE(groupId.end), contentType: CONTENT_TYPES[contentType] }
}

/** readVector reads a length of RFC 9420 §2.1.2 (1, 2 or 4 bytes, as the first two bits say) and gives where the vector ends. */
function readVector(bytes: Buffer, at: number): { readonly end: number } {
  const first = bytes.readUInt8(at)
  const size = 1 << (first >> 6)
  if (size > 4) throw new TypeError('not a length')
  const length = bytes.readUIntBE(at, size) & (2 ** (8 * size - 2) - 1)
  return { end: at + size + length }
}
