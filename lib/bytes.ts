// Byte strings as the API takes and gives them: taken as a copy of the moment, given as plain Uint8Arrays.
import { randomFillSync } from 'node:crypto'
import { types } from 'node:util'
import { MlsError } from './errors'

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

/** slot reads what an array has, whatever a property of its own by that name says. */
function slot<T>(name: 'length' | 'buffer' | 'byteOffset'): (bytes: Uint8Array) => T {
  const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name) ?? {}
  return (bytes) => get?.call(bytes) as T
}
export const lengthOf = slot<number>('length')
const bufferOf = slot<ArrayBufferLike>('buffer')
const offsetOf = slot<number>('byteOffset')

/** viewOf is the same memory as a Buffer, for its methods. */
export const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bufferOf(bytes), offsetOf(bytes), lengthOf(bytes))

/** Bytes that no vector of RFC 9420 can hold: a length has 30 bits (§2.1.2). */
const tooLarge = 2 ** 30

/** requireSize is there to be called before anything is copied. @throws MlsError `TOO_LARGE` */
export function requireSize(bytes: Uint8Array): Uint8Array {
  if (lengthOf(bytes) >= tooLarge) throw new MlsError('TOO_LARGE')
  return bytes
}

/** requireBytes gives what is a Uint8Array and not too large; it is the caller's, not a copy. @throws TypeError @throws MlsError `TOO_LARGE` */
export function requireBytes(what: string, value: unknown): Uint8Array {
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a Uint8Array`)
  return requireSize(value)
}

/**
 * copyOf takes a byte string of the caller as it is at this moment.
 * @throws TypeError that names `what`, unless it is a Uint8Array (a Buffer is one).
 * @throws MlsError `TOO_LARGE`
 */
export const copyOf = (what: string, value: unknown): Uint8Array => new Uint8Array(requireBytes(what, value))

/**
 * secretOf is copyOf for a secret, which whoever asks for it wipes. The copy is outside of V8's heap: a small array begins inside, and
 * its bytes stay behind when it is moved.
 * @throws TypeError that names `what`, unless it is a Uint8Array @throws MlsError `TOO_LARGE`
 */
export function secretOf(what: string, value: unknown): Uint8Array {
  const bytes = requireBytes(what, value)
  const secret = outside(lengthOf(bytes))
  secret.set(bytes)
  return secret
}

/** randomSecret draws a secret, outside of V8's heap too. */
export const randomSecret = (size: number): Uint8Array => randomFillSync(outside(size))

const outside = (size: number): Uint8Array => new Uint8Array(new ArrayBuffer(size))

/** wipe overwrites secrets; what is not bytes, null or the like, is left alone. */
export function wipe(...secrets: readonly unknown[]): void {
  for (const secret of secrets) if (secret instanceof Uint8Array) secret.fill(0)
}

/** cloneOf gives a plain copy with memory of its own. A Buffer's slice() is neither. */
export const cloneOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** copyOfText is copyOf, and takes a string as its UTF-8. @throws TypeError @throws MlsError `TOO_LARGE` */
export function copyOfText(what: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a string or a Uint8Array`)
  return new Uint8Array(requireSize(value))
}

export const empty: Uint8Array = new Uint8Array(0)
