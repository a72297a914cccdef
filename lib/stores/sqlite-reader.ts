// Reading the rows of a scope from a SQLite file, where there may be very many.
//
// What costs most is not SQLite but each value that crosses from it to JavaScript. So rows cross by tens of thousands, as
// one string of hexadecimal digits, and blocks that lie next to each other do, where enough of them are wanted; and
// slices are written from these without an object for each row.
import type { Database, Statement } from 'better-sqlite3'
import { damaged, kindsOf, sizes } from './sqlite-blocks'
import { sliceSize } from './slices'

/** Rows that are looked at together: enough that blocks of a large scope are found next to each other. */
const rowsPerPage = 1 << 16
/** Bytes of the blocks that are read at once, and of such that are kept. */
const chunkSize = 1 << 16
const keptSize = 8 << 20
/** A chunk is read when one of so many of its blocks is wanted. */
const dense = 8

const perChunk = sizes.map((size) => Math.floor(chunkSize / size))
const put = 2

/** Kinds of the blocks of a value by its size, for sizes that were seen. */
const known = new Map<number, readonly number[]>()
function kindsFor(size: number): readonly number[] {
  const found = known.get(size)
  if (found) return found
  const kinds = [...kindsOf(size)]
  if (known.size < 4096) known.set(size, kinds)
  return kinds
}

/** Page: rows one behind the other, as key length (u8), size (u32), number of blocks (u32), key, blocks (u32 each). */
interface Page {
  readonly last: Buffer | null
  readonly count: number
  readonly rows: string | null
}

/** Of a row on a page, before its key. */
const headSize = 9

export class RowReader {
  readonly #page: Statement<[number, Uint8Array, number], Page>
  readonly #chunk: readonly Statement<[number, number], string | null>[]
  readonly #block: readonly Statement<[number], Buffer>[]
  /** By kind and number: how many of its blocks a page wants, and those that were read. */
  #wanted = new Map<number, number>()
  #chunks = new Map<number, Buffer>()
  #kept = 0

  constructor(database: Database) {
    this.#page = database.prepare<[number, Uint8Array, number], Page>(`SELECT max(key) AS last, count(*) AS count,
      group_concat(printf('%02X%08X%08X', length(key), size, length(blocks) / 4) || hex(key) || hex(blocks), '') AS rows
      FROM (SELECT key, size, blocks FROM rows WHERE scope = ? AND key > ? AND count > ? ORDER BY key LIMIT ${rowsPerPage})`)
    // The blocks of a table have all numbers from 1 on, so the string says which is which.
    this.#chunk = sizes.map((_, kind) => database.prepare<[number, number], string | null>(`SELECT group_concat(hex(data), '')
      FROM (SELECT data FROM blocks${kind} WHERE id >= ? AND id < ? ORDER BY id)`).pluck())
    this.#block = sizes.map((_, kind) =>
      database.prepare<[number], Buffer>(`SELECT data FROM blocks${kind} WHERE id = ?`).pluck())
  }

  /** read gives the rows of a scope that were written after a count, as batches of about a slice. */
  *read(scope: number, from: number): Generator<Uint8Array, void, undefined> {
    this.#forget()
    for (let after: Uint8Array = new Uint8Array(0), more = true; more;) {
      const page = this.#page.get(scope, after, from)
      if (!page?.rows || !page.last) break
      const rows = Buffer.from(page.rows, 'hex')
      more = page.count === rowsPerPage
      after = page.last
      this.#want(rows)
      for (let at = 0; at < rows.length;) {
        const [end, size] = sliceFrom(rows, at)
        yield this.#pack(rows, at, end, size)
        at = end
      }
    }
    this.#wanted.clear()
    this.#forget()
  }

  #want(rows: Buffer): void {
    this.#wanted.clear()
    for (let at = 0; at < rows.length;) {
      const kinds = kindsFor(rows.readUInt32BE(at + 1))
      let block = at + headSize + (rows[at] ?? 0)
      if (kinds.length !== rows.readUInt32BE(at + 5)) throw damaged('a row has not the blocks of its size')
      for (const kind of kinds) {
        const name = chunkOf(kind, rows.readUInt32LE(block))
        this.#wanted.set(name, (this.#wanted.get(name) ?? 0) + 1)
        block += 4
      }
      at = block
    }
  }

  #pack(rows: Buffer, from: number, end: number, size: number): Uint8Array {
    const memory = new ArrayBuffer(size)
    const batch = Buffer.from(memory)
    let to = 0
    for (let at = from; at < end;) {
      const keySize = rows[at] ?? 0
      const left = rows.readUInt32BE(at + 1)
      batch[to] = put
      batch.writeUInt32BE(keySize, to + 1)
      rows.copy(batch, to + 5, at + headSize, at + headSize + keySize)
      batch.writeUInt32BE(left, to + 5 + keySize)
      to += 9 + keySize
      at += headSize + keySize
      const stop = to + left
      for (const kind of kindsFor(left)) {
        to += this.#copy(kind, rows.readUInt32LE(at), batch, to, stop)
        at += 4
      }
    }
    return new Uint8Array(memory)
  }

  /** copy puts a block, or as much of it as there is room for, at a place in `batch`. */
  #copy(kind: number, id: number, batch: Buffer, to: number, stop: number): number {
    const size = sizes[kind] ?? 0
    const name = chunkOf(kind, id)
    const chunk = this.#chunks.get(name) ?? this.#readChunk(kind, name)
    if (chunk) {
      const at = ((id - 1) % (perChunk[kind] ?? 1)) * size
      if (at + size > chunk.length) throw damaged('a block is missing')
      return chunk.copy(batch, to, at, at + Math.min(size, stop - to))
    }
    const block = this.#block[kind]?.get(id)
    if (block?.length !== size) throw damaged('a block is missing')
    return block.copy(batch, to, 0, Math.min(size, stop - to))
  }

  #readChunk(kind: number, name: number): Buffer | null {
    const count = perChunk[kind] ?? 1
    if ((this.#wanted.get(name) ?? 0) * dense < count) return null
    const first = 1 + Math.floor(name / sizes.length) * count
    const chunk = Buffer.from(this.#chunk[kind]?.get(first, first + count) ?? '', 'hex')
    if (chunk.length % (sizes[kind] ?? 1) !== 0) throw damaged('a block has not its size')
    if (this.#kept + chunk.length > keptSize) this.#forget()
    this.#kept += chunk.length
    this.#chunks.set(name, chunk)
    return chunk
  }

  #forget(): void {
    this.#chunks.clear()
    this.#kept = 0
  }
}

/** chunkOf names the chunk of a block by one number. */
const chunkOf = (kind: number, id: number): number => Math.floor((id - 1) / (perChunk[kind] ?? 1)) * sizes.length + kind

/** sliceFrom says where the rows of the slice that begins at `at` end, and how large their batch is. */
function sliceFrom(rows: Buffer, at: number): [end: number, size: number] {
  let size = 0
  while (at < rows.length && size < sliceSize) {
    const keySize = rows[at] ?? 0
    size += 9 + keySize + rows.readUInt32BE(at + 1)
    at += headSize + keySize + 4 * rows.readUInt32BE(at + 5)
  }
  return [at, size]
}
