// What the store contract is written with: rows, atoms, and what a scope holds.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { packBatch, rowChanges, type RowChange } from '../batch'
import { toHex } from '../bytes'
import type { Atom, AtomPart, Slice, Store, Versions } from '../store'

export const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)
export const put = (key: Uint8Array, value: Uint8Array): RowChange => ({ kind: 'put', key, value })
export const remove = (key: Uint8Array): RowChange => ({ kind: 'delete', key })
export const removeAll = (key: Uint8Array): RowChange => ({ kind: 'delete-prefix', key })

export const partOf = (scope: Uint8Array, changes: readonly RowChange[], expect: Versions = {}, advance: readonly string[] = []): AtomPart =>
  ({ scope, expect, advance, changes: [packBatch(changes)] })
export const atomOf = (...parts: readonly AtomPart[]): Atom => ({ id: new Uint8Array(randomBytes(16)), parts })

export async function slicesOf(store: Store, scope: Uint8Array, since?: bigint): Promise<Slice[]> {
  const slices: Slice[] = []
  for await (const slice of store.load(scope, since)) slices.push(slice)
  return slices
}

/** rowsOf gives what a scope holds, as hex. */
export async function rowsOf(store: Store, scope: Uint8Array): Promise<Record<string, string>> {
  const rows: Record<string, string> = {}
  for (const slice of await slicesOf(store, scope)) {
    for (const change of rowChanges(slice.rows)) {
      assert.equal(change.kind, 'put', 'a whole load holds puts alone')
      if (change.kind === 'put') rows[toHex(change.key)] = toHex(change.value)
    }
  }
  return rows
}

export const isConflict = (error: unknown): boolean => error instanceof Error && error.name === 'StoreConflict'

export async function revisionOf(store: Store, scope: Uint8Array): Promise<bigint> {
  return (await slicesOf(store, scope)).at(-1)?.revision ?? 0n
}

export async function namesOf(store: Store, prefix: Uint8Array): Promise<Uint8Array[]> {
  const names: Uint8Array[] = []
  for await (const name of store.list(prefix)) names.push(new Uint8Array(name))
  return names
}

export function replay(rows: Map<string, string>, slices: readonly Slice[]): Map<string, string> {
  const result = slices.some((slice) => slice.whole) ? new Map<string, string>() : new Map(rows)
  for (const change of slices.flatMap((slice) => [...rowChanges(slice.rows)])) {
    const key = toHex(change.key)
    if (change.kind === 'put') result.set(key, toHex(change.value))
    else for (const at of [...result.keys()]) if (change.kind === 'delete' ? at === key : at.startsWith(key)) result.delete(at)
  }
  return result
}
