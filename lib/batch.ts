// Batches: row changes, packed into one byte string that crosses from the addon to a store unopened.
//
//     batch  = *record
//     record = kind (u8) key_length (u32) key [ value_length (u32) value ]      numbers big-endian
//     kind   = 0 delete every row whose key starts with `key` | 1 delete | 2 put, which alone has a value
//
// Within a batch the prefix deletes come first, then the deletes, then the puts, so that its order of records is the
// order of their effect. Values are sealed where they are secret: a store sees ciphertext.
import { viewOf } from './bytes'
import { MlsError } from './errors'

/** RowChange: one record. Its arrays share the batch's memory: copy what is to be kept. */
export type RowChange =
  | { readonly kind: 'delete-prefix'; readonly key: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }

const kinds = ['delete-prefix', 'delete', 'put'] as const
const lengthSize = 4

/**
 * rowChanges reads a batch, record by record.
 * @throws MlsError `STORAGE_DAMAGED` where it is not well formed.
 * @example
 * for (const change of rowChanges(batch)) if (change.kind === 'put') rows.set(toHex(change.key), change.value.slice())
 */
export function* rowChanges(batch: Uint8Array): Generator<RowChange, void, undefined> {
  const view = viewOf(batch)
  let at = 0
  const take = (): Uint8Array => {
    if (at + lengthSize > view.length) throw new MlsError('STORAGE_DAMAGED')
    const from = at + lengthSize
    const to = from + view.readUInt32BE(at)
    if (to > view.length) throw new MlsError('STORAGE_DAMAGED')
    at = to
    return batch.subarray(from, to)
  }
  let last = 0
  while (at < view.length) {
    const number = view.readUInt8(at)
    const kind = kinds[number]
    if (kind === undefined || number < last) throw new MlsError('STORAGE_DAMAGED')
    last = number
    at += 1
    const key = take()
    yield kind === 'put' ? { kind, key, value: take() } : { kind, key }
  }
}

/**
 * packBatch makes a batch of changes, in the order that a batch has.
 * @example
 * const batch = packBatch([{ kind: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }])
 */
export function packBatch(changes: readonly RowChange[]): Uint8Array {
  const ordered = kinds.flatMap((kind) => changes.filter((change) => change.kind === kind))
  const size = (change: RowChange): number =>
    1 + lengthSize + change.key.length + (change.kind === 'put' ? lengthSize + change.value.length : 0)
  const batch = new Uint8Array(ordered.reduce((sum, change) => sum + size(change), 0))
  const view = viewOf(batch)
  let at = 0
  const give = (bytes: Uint8Array): void => {
    at = view.writeUInt32BE(bytes.length, at)
    batch.set(bytes, at)
    at += bytes.length
  }
  for (const change of ordered) {
    at = view.writeUInt8(kinds.indexOf(change.kind), at)
    give(change.key)
    if (change.kind === 'put') give(change.value)
  }
  return batch
}
