// Peek: to which group a message belongs, by its first bytes (RFC 9420 §6).
//
//     version (u16) | wire_format (u16) | group_id<V> | …        for a public or private message
//
// It routes and judges nothing: the engine reads the message again.
import { lengthOf, viewOf } from './bytes'

const mls10 = 1
const publicMessage = 1
const privateMessage = 2

/** groupIdOf gives the group id of a public or private message as a view, or null for anything else. */
export function groupIdOf(message: Uint8Array): Uint8Array | null {
  if (lengthOf(message) < 5) return null
  const view = viewOf(message)
  const format = view.readUInt16BE(2)
  if (view.readUInt16BE(0) !== mls10 || (format !== publicMessage && format !== privateMessage)) return null
  // RFC 9420 §2.1.2: the two high bits of the first byte say how many bytes the length has.
  const first = view.readUInt8(4)
  const width = 1 << (first >> 6)
  if (width > 4 || view.length < 4 + width) return null
  const length = width === 1 ? first : width === 2 ? view.readUInt16BE(4) & 0x3fff : view.readUInt32BE(4) & 0x3fff_ffff
  const from = 4 + width
  return from + length > view.length ? null : view.subarray(from, from + length)
}
