// Somebody who has every byte of a store's files and looks for secrets in them, by the words of docs/store-format.md alone.
import { createDecipheriv, createHmac } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { rowChanges, type Store } from '../../../lib'

const tags = { firstOwn: 0x80, wrapped: 0x86, epochKey: 20 } as const
/** Those whose rows are not sealed, and those whose rows are sealed under the key of their epoch. */
const plain: ReadonlySet<number> = new Set([1, 2, 3, 9, 11, 14, 18])
const ofEpochs: ReadonlySet<number> = new Set([5, 6, 7, 8])

/** SealedRow: a row as it was written. */
export interface SealedRow {
  readonly scope: Buffer
  readonly key: Buffer
  readonly value: Buffer
}
const tagOf = ({ key }: SealedRow): number => key[0] ?? 0
export const isSealed = (row: SealedRow): boolean => tagOf(row) < tags.firstOwn && !plain.has(tagOf(row))
export const isOfEpoch = (row: SealedRow): boolean => ofEpochs.has(tagOf(row))
export const isEpochKey = (row: SealedRow): boolean => tagOf(row) === tags.epochKey
/** The epoch of a row that has one behind its tag. */
const epochOf = ({ scope, key }: SealedRow): string => `${scope.toString('hex')} ${key.subarray(1, 9).toString('hex')}`
/** nameOf names a row as it was written this time: nonces are random. */
export const nameOf = ({ scope, key, value }: SealedRow): string => Buffer.concat([scope, key, value]).toString('base64')

/** recorded gives a store that does what `inner` does, and keeps every row that is put. */
export function recorded(inner: Store): Store & { readonly rows: SealedRow[] } {
  const rows: SealedRow[] = []
  return {
    rows,
    commit: async (atom) => {
      for (const { scope, changes } of atom.parts) {
        for (const batch of changes) for (const change of rowChanges(batch)) {
          if (change.kind === 'put') rows.push({ scope: Buffer.from(scope), key: Buffer.from(change.key), value: Buffer.from(change.value) })
        }
      }
      return inner.commit(atom)
    },
    load: (scope, since, also) => inner.load(scope, since, also),
    list: (prefix) => inner.list(prefix),
    delete: (scope) => inner.delete(scope),
    close: () => inner.close(),
  }
}

/** rowsIn gives every row that a store has. */
export async function rowsIn(store: Store): Promise<SealedRow[]> {
  const rows: SealedRow[] = []
  for await (const scope of store.list(new Uint8Array(0))) {
    for await (const slice of store.load(scope)) {
      for (const change of rowChanges(slice.rows)) {
        if (change.kind === 'put') rows.push({ scope: Buffer.from(scope), key: Buffer.from(change.key), value: Buffer.from(change.value) })
      }
    }
  }
  return rows
}

function open(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Buffer | null {
  try {
    const opening = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(aad)
    opening.setAuthTag(sealed.subarray(-16))
    const plaintext = opening.update(sealed.subarray(12, -16))
    opening.final()
    return plaintext
  } catch {
    return null
  }
}

/** Thief: with keys of callers and rows, wherever these were found, the keys that come of them; and what those open. */
export class Thief {
  readonly #sealingKeys: Buffer[]
  readonly #scopeKeys = new Map<string, Buffer[]>()
  readonly #epochKeys = new Map<string, Buffer[]>()

  constructor(encryptionKeys: readonly Uint8Array[], rows: readonly SealedRow[]) {
    this.#sealingKeys = rows.filter((row) => tagOf(row) === tags.wrapped && row.value[0] === 1).flatMap(({ scope, value }) =>
      encryptionKeys.flatMap((key) => open(key, scope, value.subarray(1)) ?? []))
    for (const row of rows.filter(isEpochKey)) {
      const keys = this.#ofScope(row.scope).flatMap((key) => open(key, row.key, row.value) ?? [])
      this.#epochKeys.set(epochOf(row), [...this.#epochKeys.get(epochOf(row)) ?? [], ...keys])
    }
  }

  /** opens gives what is in a row, or null. */
  opens(row: SealedRow): Buffer | null {
    const keys = [...(isOfEpoch(row) ? this.#epochKeys.get(epochOf(row)) ?? [] : []), ...this.#ofScope(row.scope)]
    for (const key of keys) {
      const plaintext = open(key, row.key, row.value)
      if (plaintext) return plaintext
    }
    return null
  }

  /** HKDF-Expand-SHA-256 of each sealing key, with info "node-mls rows" and the scope, to one block. */
  #ofScope(scope: Buffer): Buffer[] {
    const name = scope.toString('hex')
    const known = this.#scopeKeys.get(name) ?? this.#sealingKeys.map((key) =>
      createHmac('sha256', key).update('node-mls rows').update(scope).update(Uint8Array.of(1)).digest())
    this.#scopeKeys.set(name, known)
    return known
  }
}

/** Needles of so many bytes are looked for, all at once. */
const needleSize = 24

/** Needles: byte strings, each of which has a name, that are looked for in files. */
export class Needles {
  /** Which first three bytes some needle has. */
  readonly #first = new Uint8Array(1 << 24)
  readonly #names = new Map<string, string>()

  /** add looks for the first bytes of a string and for the last: a log may cut through one of them, by the head of a page. */
  add(name: string, bytes: Uint8Array): void {
    if (bytes.length < needleSize) throw new RangeError('a needle is too short to be one')
    for (const part of [bytes.subarray(0, needleSize), bytes.subarray(-needleSize)]) {
      const needle = Buffer.from(part)
      this.#first[needle.readUIntLE(0, 3)] = 1
      this.#names.set(needle.toString('latin1'), name)
    }
  }

  /** findIn gives the names of those that are in files below `place`, and in which files. */
  findIn(place: string): Map<string, Set<string>> {
    const found = new Map<string, Set<string>>()
    for (const [file, bytes] of filesBelow(place)) {
      for (let at = 0; at + needleSize <= bytes.length; at += 1) {
        if (this.#first[(bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)] === 0) continue
        const name = this.#names.get(bytes.toString('latin1', at, at + needleSize))
        if (name !== undefined) found.set(name, (found.get(name) ?? new Set()).add(path.relative(place, file)))
      }
    }
    return found
  }
}

/** filesBelow gives the contents of all files, one after the other. */
export function* filesBelow(place: string): Generator<readonly [name: string, bytes: Buffer], void, undefined> {
  const names = fs.readdirSync(place, { recursive: true }).map((name) => path.join(place, String(name)))
  for (const name of names) if (fs.statSync(name).isFile()) yield [name, fs.readFileSync(name)]
}
