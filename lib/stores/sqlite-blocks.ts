// Where values lie in a SQLite file, so that deleting them is real.
//
// SQLite's secure_delete overwrites what is deleted, but not what balancing a B-tree leaves behind: when cells move to
// another page, stale copies can stay in the gap of the old one (about one of 20,000 deleted values, measured). So
// values lie in blocks of fixed sizes that no B-tree operation ever moves: rows of one table per size, added at its end
// when they are still empty, and from then on overwritten in place with as many bytes. A block that is freed is
// overwritten with zeros and the number of the next free one.
//
//     value = as many blocks of the largest size as it fills, and one of the smallest size that takes the rest, or two
//             where that would leave much of it empty
import type { Database, Statement } from 'better-sqlite3'

/** Blocks per page of 4,096 bytes. One holds 4,088 bytes of cells, a cell 12 bytes beside its block. */
const perPage = [80, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1] as const
/** Bytes of a block, for each kind. Part of the format: user_version counts its changes. */
export const sizes = perPage.map((count) => (count === 1 ? 4056 : Math.floor(4088 / count) - 12))
const largestKind = sizes.length - 1
const largest = 4056
/** Pages by which a table grows; it begins with more than one, so that its root never holds a value. */
const growth = 4

/** A block that a value leaves so empty is not taken: a smaller one and another of the rest are. */
const wasteful = (size: number, waste: number): boolean => waste > 200 && 4 * waste > size

/** Kinds of the blocks of a value of `size` bytes, in order. */
export function* kindsOf(size: number): Generator<number, void, undefined> {
  for (let rest = size; rest > 0;) {
    const fitting = rest > largest ? largestKind : sizes.findIndex((bytes) => bytes >= rest)
    const kind = wasteful(sizes[fitting] ?? 0, (sizes[fitting] ?? 0) - rest) ? fitting - 1 : fitting
    yield kind
    rest -= sizes[kind] ?? rest
  }
}

interface Kind {
  readonly size: number
  readonly read: Statement<[number], Buffer>
  readonly write: Statement<[Buffer, number]>
  readonly grow: Statement<[number, Buffer]>
}

/** blockTables is the part of the schema that belongs to this file. */
export const blockTables = [
  'CREATE TABLE free (kind INTEGER PRIMARY KEY, first INTEGER NOT NULL, made INTEGER NOT NULL) STRICT',
  ...sizes.flatMap((_, kind) => [
    `CREATE TABLE blocks${kind} (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT`,
    `INSERT INTO free VALUES (${kind}, 0, 0)`,
  ]),
].join(';\n')

interface Free {
  first: number
  made: number
  changed: boolean
}

/**
 * Blocks puts values into blocks and takes them out. What it knows of the free ones holds within a transaction:
 * `flush` writes it, `forget` is for its beginning and for a rollback.
 */
export class Blocks {
  readonly #kinds: readonly Kind[]
  readonly #readFree: Statement<[number], { first: number; made: number }>
  readonly #writeFree: Statement<[number, number, number]>
  readonly #free = new Map<number, Free>()

  constructor(database: Database) {
    this.#kinds = sizes.map((size, kind) => ({
      size,
      read: database.prepare<[number], Buffer>(`SELECT data FROM blocks${kind} WHERE id = ?`).pluck(),
      write: database.prepare<[Buffer, number]>(`UPDATE blocks${kind} SET data = ? WHERE id = ?`),
      grow: database.prepare<[number, Buffer]>(`INSERT INTO blocks${kind} (id, data) VALUES (?, ?)`),
    }))
    this.#readFree = database.prepare<[number], { first: number; made: number }>('SELECT first, made FROM free WHERE kind = ?')
    this.#writeFree = database.prepare<[number, number, number]>('UPDATE free SET first = ?, made = ? WHERE kind = ?')
  }

  /** put stores a value and gives the numbers of its blocks; `former` are those of a value that it replaces. */
  put(value: Uint8Array, former: { readonly size: number; readonly blocks: Buffer } | undefined): Buffer {
    const kinds = [...kindsOf(value.length)]
    const blocks = this.#places(kinds, former)
    let at = 0
    kinds.forEach((number, i) => {
      const { size, write } = this.#kind(number)
      const block = Buffer.alloc(size)
      block.set(value.subarray(at, at + size))
      write.run(block, blocks.readUInt32LE(4 * i))
      at += size
    })
    return blocks
  }

  /** get gives a value of `size` bytes. */
  get(size: number, blocks: Buffer): Buffer {
    const parts: Buffer[] = []
    let number = 0
    for (const kind of kindsOf(size)) {
      const part = this.#kind(kind).read.get(blocks.readUInt32LE(4 * number))
      if (!part) throw damaged('a block is missing')
      parts.push(part)
      number += 1
    }
    const [only] = parts
    return parts.length === 1 && only ? only.subarray(0, size) : Buffer.concat(parts, size)
  }

  /** remove overwrites a value. */
  remove({ size, blocks }: { readonly size: number; readonly blocks: Buffer }): void {
    let number = 0
    for (const kind of kindsOf(size)) {
      const free = this.#freeOf(kind)
      const id = blocks.readUInt32LE(4 * number)
      this.#kind(kind).write.run(this.#emptyBlock(kind, free.first), id)
      free.first = id
      free.changed = true
      number += 1
    }
  }

  flush(): void {
    for (const [kind, { first, made, changed }] of this.#free) if (changed) this.#writeFree.run(first, made, kind)
    this.forget()
  }

  forget(): void {
    this.#free.clear()
  }

  #places(kinds: readonly number[], former: { readonly size: number; readonly blocks: Buffer } | undefined): Buffer {
    if (former) {
      const before = [...kindsOf(former.size)]
      if (before.length === kinds.length && before.every((kind, i) => kind === kinds[i])) return former.blocks
      this.remove(former)
    }
    const blocks = Buffer.alloc(4 * kinds.length)
    kinds.forEach((kind, i) => blocks.writeUInt32LE(this.#take(kind), 4 * i))
    return blocks
  }

  #take(kind: number): number {
    const free = this.#freeOf(kind)
    if (free.first === 0) this.#grow(kind, free)
    const id = free.first
    const block = this.#kind(kind).read.get(id)
    if (!block) throw damaged('a free block is missing')
    free.first = block.readUInt32LE(0)
    free.changed = true
    return id
  }

  #grow(kind: number, free: Free): void {
    const count = growth * (perPage[kind] ?? 1)
    for (let i = 1; i <= count; i += 1) {
      this.#kind(kind).grow.run(free.made + i, this.#emptyBlock(kind, i < count ? free.made + i + 1 : 0))
    }
    free.first = free.made + 1
    free.made += count
  }

  #freeOf(kind: number): Free {
    const known = this.#free.get(kind)
    if (known) return known
    const row = this.#readFree.get(kind)
    if (!row) throw damaged('the list of free blocks is missing')
    const free = { ...row, changed: false }
    this.#free.set(kind, free)
    return free
  }

  #kind(number: number): Kind {
    const kind = this.#kinds[number]
    if (!kind) throw damaged('no such kind of block')
    return kind
  }

  #emptyBlock(kind: number, next: number): Buffer {
    const block = Buffer.alloc(this.#kind(kind).size)
    block.writeUInt32LE(next, 0)
    return block
  }
}

/** damaged is the error of a file whose tables contradict each other, as SQLite reports what it finds itself. */
export const damaged = (what: string): Error => Object.assign(new Error(what), { code: 'SQLITE_CORRUPT' })
