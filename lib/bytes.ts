// Byte strings as the API takes and gives them: taken as a copy of the moment, given as plain Uint8Arrays.
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

/** viewOf is the same memory as a Buffer, for its methods. */
export const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const { get: lengthGetter } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length') ?? {}
/** lengthOf is what an array has, whatever a property of its own by that name says. */
const lengthOf = (bytes: Uint8Array): number => Number(lengthGetter?.call(bytes))

/** Bytes that no vector of RFC 9420 can hold: a length has 30 bits (§2.1.2). */
const tooLarge = 2 ** 30

/** requireSize is there to be called before anything is copied. @throws MlsError `TOO_LARGE` */
export function requireSize(bytes: Uint8Array): Uint8Array {
  if (lengthOf(bytes) >= tooLarge) throw new MlsError('TOO_LARGE')
  return bytes
}

/**
 * copyOf takes a byte string of the caller as it is at this moment.
 * @throws TypeError that names `what`, unless it is a Uint8Array (a Buffer is one).
 * @throws MlsError `TOO_LARGE`
 */
export function copyOf(what: string, value: unknown): Uint8Array {
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a Uint8Array`)
  return new Uint8Array(requireSize(value))
}

/**
 * Short-lived copies share blocks: an ArrayBuffer each keeps the garbage collector busy, which gives them back one by one and
 * lets the event loop wait for that whenever it begins to mark. A block is written once, so nothing shows through.
 */
const blockSize = 1 << 16
let block = new Uint8Array(0)
let taken = 0

/** passingCopyOf is copyOf for what goes into the engine and is dropped there: it may share memory with others, and nobody is given it. */
export function passingCopyOf(what: string, value: unknown): Uint8Array {
  const length = types.isUint8Array(value) ? lengthOf(value) : Infinity
  if (length > blockSize / 8) return copyOf(what, value)
  if (taken + length > block.length) {
    block = new Uint8Array(blockSize)
    taken = 0
  }
  block.set(value as Uint8Array, taken)
  taken += length
  return block.subarray(taken - length, taken)
}

/** copyOfText is copyOf, and takes a string as its UTF-8. @throws TypeError @throws MlsError `TOO_LARGE` */
export function copyOfText(what: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a string or a Uint8Array`)
  return new Uint8Array(requireSize(value))
}

export const empty: Uint8Array = new Uint8Array(0)
