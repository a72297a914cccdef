// Batches: row changes, packed into one byte string that crosses from the addon to a store unopened.
//
//     batch  = *record
//     record = kind (u8) key_length (u32) key [ value_length (u32) value ]      numbers big-endian
//     kind   = 0 delete every row whose key starts with `key` | 1 delete | 2 put, which alone has a value
//
// Within a batch the prefix deletes come first, then the deletes, then the puts, so that its order of records is the
// order of their effect. Values are sealed where they are secret: a store sees ciphertext.
import { join, viewOf } from './bytes'
import { MlsError } from './errors'
import { Slices } from './turns'

/** RowChange: one record. Its arrays share the batch's memory: copy what is to be kept. */
export type RowChange =
  | { readonly kind: 'delete-prefix'; readonly key: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }

const kinds = ['delete-prefix', 'delete', 'put'] as const
const lengthSize = 4
/** Records between two looks at the clock. */
const stride = 256

/** Records goes through a batch without making an object of each record. */
export class Records {
  readonly #batch: Uint8Array
  readonly #view: Buffer
  #kind = 0
  #from = 0
  #key = 0
  #keyEnd = 0
  #end = 0

  constructor(batch: Uint8Array) {
    this.#batch = batch
    this.#view = viewOf(batch)
  }

  /** next goes on to the next record; false at the end. @throws MlsError `STORAGE_DAMAGED` */
  next(): boolean {
    if (this.#end === this.#view.length) return false
    this.#from = this.#end
    const kind = this.#view[this.#from] ?? kinds.length
    if (kind >= kinds.length || kind < this.#kind) throw new MlsError('STORAGE_DAMAGED')
    this.#kind = kind
    this.#key = this.#from + 1 + lengthSize
    this.#keyEnd = this.#endOf(this.#from + 1)
    this.#end = kinds[kind] === 'put' ? this.#endOf(this.#keyEnd) : this.#keyEnd
    return true
  }

  /** The first byte of the key; 0 for the empty key. */
  get tag(): number {
    return this.#key < this.#keyEnd ? this.#view[this.#key] ?? 0 : 0
  }
  /** Where the key is in the batch, from and to. */
  get key(): readonly [number, number] {
    return [this.#key, this.#keyEnd]
  }
  get from(): number {
    return this.#from
  }
  get end(): number {
    return this.#end
  }
  get change(): RowChange {
    const kind = kinds[this.#kind] ?? 'delete'
    const key = this.#batch.subarray(this.#key, this.#keyEnd)
    return kind === 'put' ? { kind, key, value: this.#batch.subarray(this.#keyEnd + lengthSize, this.#end) } : { kind, key }
  }

  #endOf(at: number): number {
    const begin = at + lengthSize
    if (begin > this.#view.length) throw new MlsError('STORAGE_DAMAGED')
    const end = begin + this.#view.readUInt32BE(at)
    if (end > this.#view.length) throw new MlsError('STORAGE_DAMAGED')
    return end
  }
}

/**
 * rowChanges reads a batch, record by record: all, or those whose key begins with a byte that is `wanted`. The others
 * cost next to nothing.
 * @throws MlsError `STORAGE_DAMAGED` where it is not well formed.
 * @example
 * for (const change of rowChanges(batch)) if (change.kind === 'put') rows.set(toHex(change.key), new Uint8Array(change.value))
 */
export function* rowChanges(batch: Uint8Array, wanted: (tag: number) => boolean = () => true): Generator<RowChange, void, undefined> {
  const records = new Records(batch)
  while (records.next()) if (wanted(records.tag)) yield records.change
}

/** findRows gives the changes that rowChanges would, in as many turns as it takes. @throws MlsError `STORAGE_DAMAGED` */
export async function findRows(batches: readonly Uint8Array[], wanted: (tag: number) => boolean): Promise<RowChange[]> {
  const slices = new Slices()
  const found: RowChange[] = []
  for (const batch of batches) {
    const records = new Records(batch)
    for (let seen = 1; records.next(); seen += 1) {
      if (wanted(records.tag)) found.push(records.change)
      if (seen % stride === 0 && slices.full()) await slices.next()
    }
  }
  return found
}

/** cutBatch gives a batch in parts of whole records, each of about `size` bytes or of one record; they share its memory. */
export function* cutBatch(batch: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  const records = new Records(batch)
  let begin = 0
  while (records.next()) {
    if (records.end - begin < size) continue
    yield batch.subarray(begin, records.end)
    begin = records.end
  }
  if (begin < batch.length) yield batch.subarray(begin)
}

/** selectRows gives the batch of the records whose key begins with a byte that is `wanted`; the batch itself if all do. */
export function selectRows(batch: Uint8Array, wanted: (tag: number) => boolean): Uint8Array {
  const records = new Records(batch)
  const runs: Uint8Array[] = []
  let begin = 0
  while (records.next()) {
    if (wanted(records.tag)) continue
    if (records.from > begin) runs.push(batch.subarray(begin, records.from))
    begin = records.end
  }
  return begin === 0 ? batch : join([...runs, batch.subarray(begin)])
}

/**
 * packBatch makes a batch of changes, in the order that a batch has.
 * @example
 * const batch = packBatch([{ kind: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }])
 */
export function packBatch(changes: readonly RowChange[]): Uint8Array {
  let size = 0
  for (const change of changes) {
    size += 1 + lengthSize + change.key.length + (change.kind === 'put' ? lengthSize + change.value.length : 0)
  }
  const batch = new Uint8Array(size)
  const view = viewOf(batch)
  let at = 0
  const give = (bytes: Uint8Array): void => {
    at = view.writeUInt32BE(bytes.length, at)
    batch.set(bytes, at)
    at += bytes.length
  }
  kinds.forEach((kind, number) => {
    for (const change of changes) {
      if (change.kind !== kind) continue
      at = view.writeUInt8(number, at)
      give(change.key)
      if (change.kind === 'put') give(change.value)
    }
  })
  return batch
}
