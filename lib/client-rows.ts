// The rows that lib/ itself keeps in a client's scope, beside the addon's, with tags from 0x80 (docs/store-format.md).
//
//     80            header: format (u16)
//     81, 84, 86    the sealing key, and what protects it (sealing-key.ts)
//     82 handle     a group: status (u8), group id
//     83 suite u16  digest of what the suite's signer was made of
//     88 transfer   a transfer that this client has used up: the handle of what was imported, or empty of what left
import { packBatch, type RowChange } from './batch'
import { cloneOf, join, toHex } from './bytes'
import { MlsError } from './errors'
import { sealedKeySize } from './sealing-key'

/** GroupStatus: `exported` is frozen and may still be kept; `released` has gone to another store (`exportGroup`). */
export type GroupStatus = 'joining' | 'active' | 'past' | 'exported' | 'released'
/** Transfer: a group on its way to another store. */
export interface Transfer {
  /** 16 random bytes. */
  readonly id: Uint8Array
  /** What the group was before. */
  readonly before: GroupStatus
  /** The key of its bytes, sealed (ClientScope.sealKey). */
  readonly key: Uint8Array
}
/** GroupEntry: one group as the client knows it without loading it. */
export interface GroupEntry {
  /** The name of the handle, 16 bytes; the group's scope ends with it. */
  readonly handle: Uint8Array
  readonly groupId: Uint8Array
  readonly status: GroupStatus
  /** Of an exported or released group. */
  readonly transfer?: Transfer
}

/** In a group's scope: a row that stops whoever loads it, while the group is on its way to another store. */
export const movedTag = 0x87
/** Of the addon: stands alone in the scope of a group that we were removed from. */
export const removedTag = 21
export const tags = { header: 0x80, group: 0x82, signer: 0x83, transfer: 0x88 } as const
export const firstOwnTag = 0x80
export const pskTag = 13
export const keyPackageTag = 19
const statuses: readonly GroupStatus[] = ['joining', 'active', 'past', 'exported', 'released']
const firstMoving = statuses.indexOf('exported')
export const handleSize = 16
export const transferSize = 16

export const put = (tag: number, name: Uint8Array, value: Uint8Array): RowChange =>
  ({ kind: 'put', key: join([Uint8Array.of(tag), name]), value })
export const nothing = new Uint8Array(0)

export const isOwn = (tag: number): boolean => tag >= firstOwnTag
export const isLookedUp = (tag: number): boolean => tag === pskTag || tag === tags.signer || tag === tags.group || tag === tags.transfer

/** groupRow makes the row of an entry. */
export const groupRow = ({ handle, groupId, status, transfer }: GroupEntry): RowChange => {
  const moving = transfer ? [transfer.id, Uint8Array.of(statuses.indexOf(transfer.before)), transfer.key] : []
  return put(tags.group, handle, join([Uint8Array.of(statuses.indexOf(status)), ...moving, groupId]))
}

/** transferRow notes a transfer that was used up. */
export const transferRow = (transfer: Uint8Array, handle: Uint8Array): RowChange => put(tags.transfer, transfer, handle)
/** transferKey names its row in a ScopeMemory. */
export const transferKey = (transfer: Uint8Array): string => toHex(join([Uint8Array.of(tags.transfer), transfer]))

/** signerKey names the row of a suite's signer in a ScopeMemory. */
export const signerKey = (suite: number): string => toHex(Uint8Array.of(tags.signer, suite >> 8, suite & 0xff))

/** signerRow keeps the digest of what a suite's signer was made of. */
export const signerRow = (suite: number, digest: Uint8Array): Uint8Array =>
  packBatch([put(tags.signer, Uint8Array.of(suite >> 8, suite & 0xff), digest)])

/** deleteRow deletes one row. */
export const deleteRow = (key: Uint8Array): Uint8Array => packBatch([{ kind: 'delete', key }])

/** isPlain says whether the put with this key and value in `rows` is a group's whose id follows its status: not moving. */
export const isPlain = (rows: Uint8Array, [key, keyEnd]: readonly [number, number], value: number, end: number): boolean =>
  keyEnd - key === 1 + handleSize && value < end && (rows[value] ?? firstMoving) < firstMoving

/** entryOf reads a group's row. @throws MlsError `STORAGE_DAMAGED` */
export function entryOf(key: Uint8Array, value: Uint8Array): GroupEntry {
  const status = statuses[value[0] ?? statuses.length]
  if (!status || key.length !== 1 + handleSize) throw new MlsError('STORAGE_DAMAGED')
  const handle = cloneOf(key.subarray(1))
  if (statuses.indexOf(status) < firstMoving) return { handle, groupId: cloneOf(value.subarray(1)), status }
  const keyAt = 2 + transferSize
  const before = statuses[value[keyAt - 1] ?? statuses.length]
  if (!before || value.length < keyAt + sealedKeySize) throw new MlsError('STORAGE_DAMAGED')
  const transfer = { id: cloneOf(value.subarray(1, 1 + transferSize)), before, key: cloneOf(value.subarray(keyAt, keyAt + sealedKeySize)) }
  return { handle, groupId: cloneOf(value.subarray(keyAt + sealedKeySize)), status, transfer }
}
