// Atoms as parameters of `apply` (postgres-schema.ts). Arrays go in PostgreSQL's binary form, which pg sends as it is.
import { toHex } from '../bytes'
import { MlsError } from '../errors'
import type { Atom, AtomPart } from '../store'
import { changesOf, prefixEnd } from './slices'

/** Types of PostgreSQL by number. */
const oids = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25 } as const

/** array encodes a list of byte strings that are elements already. */
function array(type: keyof typeof oids, elements: readonly Uint8Array[]): Buffer {
  const size = elements.reduce((sum, element) => sum + 4 + element.length, elements.length > 0 ? 20 : 12)
  const bytes = Buffer.alloc(size)
  bytes.writeUInt32BE(oids[type], 8)
  if (elements.length === 0) return bytes
  bytes.writeInt32BE(1, 0)
  bytes.writeInt32BE(elements.length, 12)
  bytes.writeInt32BE(1, 16)
  let at = 20
  for (const element of elements) {
    bytes.writeInt32BE(element.length, at)
    bytes.set(element, at + 4)
    at += 4 + element.length
  }
  return bytes
}

function int4(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
/** What no column can hold is -1, which is no version. */
function int8(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value >= 0n && value < 1n << 63n ? value : -1n)
  return bytes
}
const bool = (value: boolean): Buffer => Buffer.from([value ? 1 : 0])

/** Change: what a part comes to: ranges that are deleted, and then rows that are put. */
interface Change {
  readonly deletes: Map<string, { readonly key: Uint8Array; readonly end: Uint8Array; readonly prefix: boolean }>
  readonly puts: Map<string, { readonly key: Uint8Array; readonly value: Uint8Array }>
}

/** netOf folds the batches of a part into one. @throws MlsError `STORAGE_DAMAGED` when one is not well formed */
function netOf(part: AtomPart): Change {
  const net: Change = { deletes: new Map(), puts: new Map() }
  for (const change of changesOf(part)) {
    const name = toHex(change.key)
    if (change.kind === 'put') {
      net.puts.set(name, change)
    } else if (change.kind === 'delete') {
      net.puts.delete(name)
      net.deletes.set(name, { key: change.key, end: Buffer.concat([change.key, Buffer.alloc(1)]), prefix: false })
    } else {
      for (const key of net.puts.keys()) if (key.startsWith(name)) net.puts.delete(key)
      net.deletes.set(`${name}*`, { key: change.key, end: prefixEnd(change.key), prefix: true })
    }
  }
  return net
}

/** Encoded: an atom that is ready to be sent. */
export interface Encoded {
  readonly id: Uint8Array
  readonly parts: readonly (AtomPart & { readonly net: Change })[]
  /** Names of its scopes, as hex. */
  readonly scopes: readonly string[]
  readonly size: number
}

/** A value comes back as a string of two characters a byte, and V8 has none of more than 2^29. */
const mostBytes = 200 * 2 ** 20

/**
 * encode reads an atom.
 * @throws MlsError `STORAGE_DAMAGED` when a batch is not well formed, `MISUSE` for two parts of one scope, `TOO_LARGE` for a row
 *   that could be written and not read
 */
export function encode(atom: Atom): Encoded {
  const parts = atom.parts.map((part) => ({ ...part, net: netOf(part) }))
  for (const { net } of parts) for (const { value } of net.puts.values()) if (value.length > mostBytes) throw new MlsError('TOO_LARGE')
  const size = parts.reduce((sum, { changes }) => changes.reduce((bytes, batch) => bytes + batch.length, sum), 0)
  const scopes = parts.map(({ scope }) => toHex(scope))
  if (new Set(scopes).size < scopes.length) throw new MlsError('MISUSE')
  return { id: atom.id, parts, scopes, size }
}

/** Columns gathers a list of records as arrays. */
class Columns {
  readonly #types: readonly (keyof typeof oids)[]
  readonly #columns: Uint8Array[][]

  constructor(...types: readonly (keyof typeof oids)[]) {
    this.#types = types
    this.#columns = types.map(() => [])
  }
  add(...record: readonly Uint8Array[]): void {
    record.forEach((value, i) => this.#columns[i]?.push(value))
  }
  arrays(): Buffer[] {
    return this.#types.map((type, i) => array(type, this.#columns[i] ?? []))
  }
}

/** parametersOf gives the parameters of `apply` for atoms without a scope in common. */
export function parametersOf(atoms: readonly Encoded[]): Buffer[] {
  const parts = new Columns('int4', 'bytea', 'bool')
  const expected = new Columns('int4', 'text', 'int8')
  const advanced = new Columns('int4', 'text', 'int8')
  const deletes = new Columns('int4', 'bytea', 'bytea', 'bool')
  const rows = new Columns('int4', 'bytea', 'bytea')
  let number = 0
  atoms.forEach((atom, i) => {
    for (const { scope, expect, advance, net } of atom.parts) {
      const part = int4(number += 1)
      parts.add(int4(i + 1), scope, bool(advance.length + net.deletes.size + net.puts.size > 0))
      for (const [name, value] of Object.entries(expect)) expected.add(part, Buffer.from(name), int8(value))
      const steps = new Map<string, bigint>()
      for (const name of advance) steps.set(name, (steps.get(name) ?? 0n) + 1n)
      for (const [name, step] of steps) advanced.add(part, Buffer.from(name), int8(step))
      for (const { key, end, prefix } of net.deletes.values()) deletes.add(part, key, end, bool(prefix))
      for (const { key, value } of net.puts.values()) rows.add(part, key, value)
    }
  })
  const lists = [parts, expected, advanced, deletes, rows]
  return [array('bytea', atoms.map(({ id }) => id)), ...lists.flatMap((columns) => columns.arrays())]
}
