// The bytes of an exported group (docs/store-format.md): a header that its key authenticates, and sealed chunks of rows.
//
//     key of the transfer ──HKDF-SHA-256, salt──▶ key of the header's tag, key of the chunks
//     file   = header tag *chunk          chunk = length (u32) ciphertext tag (16), AES-256-GCM
//     nonce  = the chunk's number         AAD   = the header's tag
//
// The salt is drawn for each writing, so that no two files share a key and a nonce. The last chunk says that it is the
// last: a file that lost its end is found out, and so is one with something behind it.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { types } from 'node:util'
import { cloneOf, lengthOf, viewOf } from './bytes'
import { MlsError } from './errors'
import { attempt } from './options'
import { Slices } from './turns'

/** BytesSource: bytes, whole or in parts of any size. */
export type BytesSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** TransferHeader: what can be read without the key, and is believed only with it. */
export interface TransferHeader {
  readonly transferId: Uint8Array
  readonly clientId: Uint8Array
  /** A number of the group's status. */
  readonly status: number
  readonly epoch: bigint
  readonly groupId: Uint8Array
}

/** Chunk: rows of a group, or of its inbox, packed as in batch.ts. */
export interface Chunk {
  readonly kind: 'group' | 'inbox'
  readonly rows: Uint8Array
}

const magic = Buffer.from('node-mls')
const format = 1
const cipher = 'aes-256-gcm'
const sizes = { id: 16, salt: 16, tag: 32, chunkTag: 16, nonce: 12 } as const
const kinds = ['end', 'group', 'inbox'] as const
/** Magic, format, three names of 16 bytes, status, epoch, length of the group id. */
const fixedSize = 8 + 2 + 3 * sizes.id + 1 + 8 + 4
const mostGroupId = 1 << 24
/** One row is never cut, so a chunk may be large; it is there before it is believed. */
const mostChunk = 2 ** 30

/** Keys of one file. */
class Keys {
  readonly rowsName: Uint8Array
  readonly #header: Uint8Array
  readonly #chunks: Uint8Array

  constructor(key: Uint8Array, transferId: Uint8Array, salt: Uint8Array) {
    const derive = (label: string): Uint8Array => new Uint8Array(hkdfSync('sha256', key, salt, `node-mls transfer ${label}`, 32))
    this.#header = derive('header')
    this.#chunks = derive('chunks')
    this.rowsName = Buffer.concat([Uint8Array.of(5), transferId, salt])
  }

  tagOf(header: Uint8Array): Uint8Array {
    return new Uint8Array(createHmac('sha256', this.#header).update(header).digest())
  }

  seal(number: number, headerTag: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    const sealing = createCipheriv(cipher, this.#chunks, nonceOf(number)).setAAD(headerTag)
    const sealed = [...parts.map((part) => sealing.update(part)), sealing.final(), sealing.getAuthTag()]
    const length = Buffer.alloc(4)
    length.writeUInt32BE(sealed.reduce((sum, { length: size }) => sum + size, 0))
    return new Uint8Array(Buffer.concat([length, ...sealed]))
  }

  /** open: STORAGE_DAMAGED for whatever seal did not make in this place. */
  open(number: number, headerTag: Uint8Array, sealed: Uint8Array): Uint8Array {
    const at = sealed.length - sizes.chunkTag
    try {
      const opening = createDecipheriv(cipher, this.#chunks, nonceOf(number)).setAAD(headerTag)
      opening.setAuthTag(sealed.subarray(at))
      const opened = opening.update(sealed.subarray(0, at))
      opening.final()
      return opened
    } catch {
      throw new MlsError('STORAGE_DAMAGED')
    }
  }
}

function nonceOf(number: number): Uint8Array {
  const nonce = Buffer.alloc(sizes.nonce)
  nonce.writeUInt32BE(number, sizes.nonce - 4)
  return nonce
}

/** TransferWriter makes the bytes of one writing. */
export class TransferWriter {
  readonly #keys: Keys
  readonly #header: Uint8Array
  readonly #tag: Uint8Array
  #number = 0

  constructor(key: Uint8Array, { transferId, clientId, status, epoch, groupId }: TransferHeader) {
    const salt = randomBytes(sizes.salt)
    const header = Buffer.alloc(fixedSize)
    let at = magic.copy(header)
    at = header.writeUInt16BE(format, at)
    for (const name of [transferId, clientId, salt]) at += Buffer.from(name).copy(header, at)
    at = header.writeUInt8(status, at)
    at = header.writeBigUInt64BE(epoch, at)
    header.writeUInt32BE(groupId.length, at)
    this.#keys = new Keys(key, transferId, salt)
    this.#header = Buffer.concat([header, groupId])
    this.#tag = this.#keys.tagOf(this.#header)
  }

  /** What takes the place of a scope's name when the rows are sealed. */
  get rowsName(): Uint8Array {
    return this.#keys.rowsName
  }
  begin(): Uint8Array {
    return new Uint8Array(Buffer.concat([this.#header, this.#tag]))
  }
  chunk({ kind, rows }: Chunk): Uint8Array {
    return this.#seal(kind, rows)
  }
  end(): Uint8Array {
    return this.#seal('end', new Uint8Array(0))
  }

  #seal(kind: (typeof kinds)[number], rows: Uint8Array): Uint8Array {
    this.#number += 1
    return this.#keys.seal(this.#number, this.#tag, [Uint8Array.of(kinds.indexOf(kind)), rows])
  }
}

/** TransferReader reads them again, part by part. */
export class TransferReader {
  readonly #input: Input
  readonly #key: Uint8Array
  #keys: Keys | null = null
  #tag: Uint8Array = new Uint8Array(0)

  constructor(source: Input, key: Uint8Array) {
    this.#input = source
    this.#key = key
  }

  get rowsName(): Uint8Array {
    if (!this.#keys) throw new MlsError('INTERNAL')
    return this.#keys.rowsName
  }

  /**
   * header reads what comes first, and believes it.
   * @throws MlsError `STORAGE_DAMAGED`, `STORAGE_VERSION`; `WRONG_ENCRYPTION_KEY` where the key does not fit
   */
  async header(): Promise<TransferHeader> {
    const begin = viewOf(await this.#input.take(magic.length + 2))
    if (!begin.subarray(0, magic.length).equals(magic)) throw new MlsError('STORAGE_DAMAGED')
    const number = begin.readUInt16BE(magic.length)
    if (number > format) throw new MlsError('STORAGE_VERSION')
    if (number === 0) throw new MlsError('STORAGE_DAMAGED')
    const fixed = viewOf(await this.#input.take(fixedSize - begin.length))
    const length = fixed.readUInt32BE(fixed.length - 4)
    if (length > mostGroupId) throw new MlsError('STORAGE_DAMAGED')
    const groupId = await this.#input.take(length)
    const [transferId, clientId, salt] = [0, 1, 2].map((i) => new Uint8Array(fixed.subarray(sizes.id * i, sizes.id * (i + 1))))
    if (!transferId || !clientId || !salt) throw new MlsError('INTERNAL')
    this.#keys = new Keys(this.#key, transferId, salt)
    this.#tag = await this.#input.take(sizes.tag)
    if (!timingSafeEqual(this.#tag, this.#keys.tagOf(Buffer.concat([begin, fixed, groupId])))) throw new MlsError('WRONG_ENCRYPTION_KEY')
    const at = 3 * sizes.id
    return { transferId, clientId, status: fixed.readUInt8(at), epoch: fixed.readBigUInt64BE(at + 1), groupId }
  }

  /** chunks gives the rows, and ends where the writer did. @throws MlsError `STORAGE_DAMAGED` */
  async *chunks(): AsyncGenerator<Chunk, void, undefined> {
    if (!this.#keys) throw new MlsError('INTERNAL')
    const slices = new Slices()
    for (let number = 1; ; number += 1) {
      const length = viewOf(await this.#input.take(4)).readUInt32BE(0)
      if (length <= sizes.chunkTag || length > mostChunk) throw new MlsError('STORAGE_DAMAGED')
      const opened = this.#keys.open(number, this.#tag, await this.#input.take(length))
      const kind = kinds[opened[0] ?? kinds.length]
      if (!kind) throw new MlsError('STORAGE_DAMAGED')
      if (kind === 'end') break
      yield { kind, rows: opened.subarray(1) }
      if (slices.full()) await slices.next()
    }
    if (!await this.#input.ended()) throw new MlsError('STORAGE_DAMAGED')
  }
}

/** Input gathers parts to the lengths that are asked for. */
export class Input {
  readonly #what: string
  readonly #parts: AsyncIterator<unknown> | Iterator<unknown>
  #waiting: Uint8Array[] = []
  #size = 0

  /** @throws TypeError that names `what`, unless it is a BytesSource */
  constructor(what: string, source: unknown) {
    this.#what = what
    this.#parts = types.isUint8Array(source) ? piecesOf(source) : iteratorOf(what, source)
  }

  /** take gives a copy of the next `length` bytes. @throws MlsError `STORAGE_DAMAGED` when there are not so many */
  async take(length: number): Promise<Uint8Array> {
    while (this.#size < length) if (!await this.#more()) throw new MlsError('STORAGE_DAMAGED')
    const taken = new Uint8Array(length)
    for (let at = 0; at < length;) {
      const [first = new Uint8Array(0)] = this.#waiting
      const part = first.subarray(0, length - at)
      taken.set(part, at)
      at += part.length
      if (part.length === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(part.length)
    }
    this.#size -= length
    return taken
  }

  /** ended says whether nothing comes any more. */
  async ended(): Promise<boolean> {
    while (this.#size === 0) if (!await this.#more()) return true
    return false
  }

  /** leave tells the source that no more is asked for. */
  async leave(): Promise<void> {
    await this.#parts.return?.()
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#parts.next()
    if (done) return false
    if (!types.isUint8Array(value)) throw new TypeError(`${this.#what} must give Uint8Arrays`)
    const part = cloneOf(value)
    if (part.length > 0) this.#waiting.push(part)
    this.#size += part.length
    return true
  }
}

/** piecesOf gives an array in views, so that no turn copies more than it should. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < lengthOf(bytes); at += 1 << 18) yield bytes.subarray(at, at + (1 << 18))
}

function iteratorOf(what: string, source: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  const object = typeof source === 'object' && source !== null ? source as Partial<AsyncIterable<unknown> & Iterable<unknown>> : {}
  const [later, now] = attempt(what, () => [object[Symbol.asyncIterator], object[Symbol.iterator]] as const)
  if (typeof later === 'function') return later.call(object)
  if (typeof now === 'function') return now.call(object)
  throw new TypeError(`${what} must be a Uint8Array, or an iterable of them`)
}
