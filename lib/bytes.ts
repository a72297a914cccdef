// Byte strings as the API takes and gives them: taken as a copy of the moment, given as plain Uint8Arrays.
import { types } from 'node:util'

/** toHex gives lower-case hex, two digits a byte. */
export const toHex = (bytes: Uint8Array): string => viewOf(bytes).toString('hex')

/** equal compares two public byte strings; not for secrets, since its time tells where they differ. */
export const equal = (a: Uint8Array, b: Uint8Array): boolean => viewOf(a).equals(b)

/** join puts byte strings behind each other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** viewOf is the same memory as a Buffer, for its methods. */
export const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * copyOf takes a byte string of the caller as it is at this moment.
 * @throws TypeError that names `what`, unless it is a Uint8Array (a Buffer is one).
 */
export function copyOf(what: string, value: unknown): Uint8Array {
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a Uint8Array`)
  return new Uint8Array(value)
}

/** copyOfText is copyOf, and takes a string as its UTF-8. */
export function copyOfText(what: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a string or a Uint8Array`)
  return new Uint8Array(value)
}

export const empty: Uint8Array = new Uint8Array(0)
