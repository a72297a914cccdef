// The sealing key of a client: 32 random bytes that seal every secret row, and what protects them in the store.
//
//     81   the key in the clear, when the caller has none
//     84   check value of a caller's key that is itself the sealing key: format 1
//     86   the key wrapped: 01 nonce (12) ciphertext tag (16) under the caller's key, AES-256-GCM; or 02 and what `wrap` gave
//
// A caller's key wraps the sealing key instead of being it, so that it can be changed by writing one row.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { RowChange } from './batch'
import { cloneOf, copyOf, equal, join, secretOf, wipe } from './bytes'
import { MlsError } from './errors'
import { attempt } from './options'

/** KeyWrapper protects the sealing key elsewhere: in a KMS, or with Electron's safeStorage. */
export interface KeyWrapper {
  /** wrap gives bytes for the store from which `unwrap` makes the 32 bytes of `key` again. */
  wrap(key: Uint8Array): Uint8Array | PromiseLike<Uint8Array>
  unwrap(wrapped: Uint8Array): Uint8Array | PromiseLike<Uint8Array>
}

/** EncryptionKey: 32 bytes, or who wraps and unwraps. */
export type EncryptionKey = Uint8Array | KeyWrapper

const keySize = 32
const nonceSize = 12
const tagSize = 16
/** Of what sealKey gives. */
export const sealedKeySize = nonceSize + keySize + tagSize
const cipher = 'aes-256-gcm'
const kinds = { sealed: 1, wrapped: 2 } as const
/** Tags. */
export const rows = { clear: 0x81, check: 0x84, wrapped: 0x86 } as const

/** StoredKey: the values of the rows 81, 84 and 86, as far as they are there. */
export interface StoredKey {
  clear?: Uint8Array
  check?: Uint8Array
  wrapped?: Uint8Array
}

/** noteKey keeps the value of a row, if it is one of this file's. */
export function noteKey(stored: StoredKey, tag: number, value: Uint8Array): void {
  if (tag === rows.clear) stored.clear = cloneOf(value)
  else if (tag === rows.check) stored.check = cloneOf(value)
  else if (tag === rows.wrapped) stored.wrapped = cloneOf(value)
}

/** readEncryptionKey takes a caller's key. @throws TypeError @throws RangeError */
export function readEncryptionKey(what: string, value: unknown): EncryptionKey {
  if (value instanceof Uint8Array) {
    if (value.length !== keySize) throw new RangeError(`${what} must be ${keySize} bytes`)
    return secretOf(what, value)
  }
  if (typeof value !== 'object' || value === null) throw new TypeError(`${what} must be a Uint8Array, or have wrap and unwrap`)
  // Read once; it may be an object of any class.
  const { wrap, unwrap } = attempt(what, () => ({ wrap: (value as KeyWrapper).wrap, unwrap: (value as KeyWrapper).unwrap }))
  if (typeof wrap !== 'function' || typeof unwrap !== 'function') throw new TypeError(`${what} must have both wrap and unwrap`)
  return { wrap: (key) => wrap.call(value, key), unwrap: (wrapped) => unwrap.call(value, wrapped) }
}

/**
 * storedForm gives the rows that keep a sealing key for who has `encryptionKey`, and delete every other form of it.
 * @throws MlsError `WRONG_ENCRYPTION_KEY` when `wrap` fails
 */
export async function storedForm(key: Uint8Array, encryptionKey: EncryptionKey | null, scope: Uint8Array): Promise<RowChange[]> {
  const put = (tag: number, value: Uint8Array): RowChange[] => [
    ...Object.values(rows).filter((other) => other !== tag).map((other): RowChange => ({ kind: 'delete', key: Uint8Array.of(other) })),
    { kind: 'put', key: Uint8Array.of(tag), value },
  ]
  if (!encryptionKey) return put(rows.clear, key)
  if (encryptionKey instanceof Uint8Array) return put(rows.wrapped, join([Uint8Array.of(kinds.sealed), sealKey(key, encryptionKey, scope)]))
  const wrapped = await asked(async () => copyOf('what wrap gives', await encryptionKey.wrap(cloneOf(key))))
  return put(rows.wrapped, join([Uint8Array.of(kinds.wrapped), wrapped]))
}

/**
 * openStored gives the sealing key.
 * @throws MlsError `WRONG_ENCRYPTION_KEY`, also when one is needed or when there was none; `STORAGE_DAMAGED`
 */
export async function openStored(
  { clear, check, wrapped }: StoredKey, encryptionKey: EncryptionKey | null, scope: Uint8Array,
): Promise<Uint8Array> {
  if (!encryptionKey) {
    if (clear?.length === keySize) return clear
    throw new MlsError(check || wrapped ? 'WRONG_ENCRYPTION_KEY' : 'STORAGE_DAMAGED')
  }
  if (wrapped) return unwrapped(wrapped, encryptionKey, scope)
  if (!check || !(encryptionKey instanceof Uint8Array)) throw new MlsError('WRONG_ENCRYPTION_KEY')
  const expected = createHmac('sha256', encryptionKey).update('node-mls sealing key').digest().subarray(0, tagSize)
  if (!equal(check, expected)) throw new MlsError('WRONG_ENCRYPTION_KEY')
  return encryptionKey
}

async function unwrapped(row: Uint8Array, encryptionKey: EncryptionKey, scope: Uint8Array): Promise<Uint8Array> {
  const isKey = encryptionKey instanceof Uint8Array
  const rest = row.subarray(1)
  if (row[0] !== (isKey ? kinds.sealed : kinds.wrapped)) throw new MlsError('WRONG_ENCRYPTION_KEY')
  if (isKey) return openKey(rest, encryptionKey, scope)
  const key = await asked(async () => secretOf('what unwrap gives', await encryptionKey.unwrap(cloneOf(rest))))
  if (key.length !== keySize) throw new MlsError('WRONG_ENCRYPTION_KEY')
  return key
}

async function asked(question: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await question()
  } catch (cause) {
    throw new MlsError('WRONG_ENCRYPTION_KEY', { cause })
  }
}

/** sealKey wraps 32 bytes. A wrapped key belongs to one client: it is bound to the name of its scope. */
export function sealKey(key: Uint8Array, under: Uint8Array, scope: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceSize)
  const sealing = createCipheriv(cipher, under, nonce).setAAD(scope)
  const ciphertext = sealing.update(key)
  sealing.final()
  return join([nonce, ciphertext, sealing.getAuthTag()])
}

/** openKey unwraps them. @throws MlsError `WRONG_ENCRYPTION_KEY`, `STORAGE_DAMAGED` */
export function openKey(sealed: Uint8Array, under: Uint8Array, scope: Uint8Array): Uint8Array {
  if (sealed.length !== sealedKeySize) throw new MlsError('STORAGE_DAMAGED')
  try {
    const opening = createDecipheriv(cipher, under, sealed.subarray(0, nonceSize)).setAAD(scope)
    opening.setAuthTag(sealed.subarray(nonceSize + keySize))
    const opened = opening.update(sealed.subarray(nonceSize, nonceSize + keySize))
    opening.final()
    const key = secretOf('key', opened)
    wipe(opened)
    return key
  } catch {
    throw new MlsError('WRONG_ENCRYPTION_KEY')
  }
}
