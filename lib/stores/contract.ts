// The store contract: what every Store must do, as cases that any test runner can run.
//
//     for (const { name, run } of storeContract(openMyStore)) test(name, run)
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { packBatch, rowChanges, type RowChange } from '../batch'
import { toHex } from '../bytes'
import type { Atom, AtomPart, Slice, Store, Versions } from '../store'

/** ContractCase: one thing that a store must do; `run` rejects when it does not. */
export interface ContractCase {
  readonly name: string
  run(): Promise<void>
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)
const put = (key: Uint8Array, value: Uint8Array): RowChange => ({ kind: 'put', key, value })
const remove = (key: Uint8Array): RowChange => ({ kind: 'delete', key })
const removeAll = (key: Uint8Array): RowChange => ({ kind: 'delete-prefix', key })

const partOf = (scope: Uint8Array, changes: readonly RowChange[], expect: Versions = {}, advance: readonly string[] = []): AtomPart =>
  ({ scope, expect, advance, changes: [packBatch(changes)] })
const atomOf = (...parts: readonly AtomPart[]): Atom => ({ id: new Uint8Array(randomBytes(16)), parts })

async function slicesOf(store: Store, scope: Uint8Array, since?: bigint): Promise<Slice[]> {
  const slices: Slice[] = []
  for await (const slice of store.load(scope, since)) slices.push(slice)
  return slices
}

/** rowsOf gives what a scope holds, as hex. */
async function rowsOf(store: Store, scope: Uint8Array): Promise<Record<string, string>> {
  const rows: Record<string, string> = {}
  for (const slice of await slicesOf(store, scope)) {
    for (const change of rowChanges(slice.rows)) {
      assert.equal(change.kind, 'put', 'a whole load holds puts alone')
      if (change.kind === 'put') rows[toHex(change.key)] = toHex(change.value)
    }
  }
  return rows
}

const isConflict = (error: unknown): boolean => error instanceof Error && error.name === 'StoreConflict'

async function changesAndOrder(store: Store): Promise<void> {
  const scope = bytes(1, 1)
  await store.commit(atomOf(partOf(scope, [put(bytes(1), bytes(10)), put(bytes(2, 0), bytes(20)), put(bytes(2, 1), bytes(21))])))
  assert.deepEqual(await rowsOf(store, scope), { '01': '0a', '0200': '14', '0201': '15' })
  await store.commit(atomOf(partOf(scope, [removeAll(bytes(2)), remove(bytes(1)), put(bytes(2, 1), bytes(22))])))
  assert.deepEqual(await rowsOf(store, scope), { '0201': '16' }, 'prefix deletes, deletes, puts, in this order')
  const second = { ...partOf(scope, []), changes: [packBatch([put(bytes(3), bytes(1))]), packBatch([remove(bytes(3))])] }
  await store.commit(atomOf(second))
  assert.deepEqual(await rowsOf(store, scope), { '0201': '16' }, 'batches of a part in their order')
  await store.commit(atomOf(partOf(scope, [removeAll(bytes())])))
  assert.deepEqual(await rowsOf(store, scope), {}, 'the empty prefix is every row')
}

async function allOrNothing(store: Store): Promise<void> {
  const [one, two] = [bytes(2, 1), bytes(2, 2)]
  await store.commit(atomOf(partOf(two, [put(bytes(1), bytes(1))], {}, ['epoch'])))
  const torn = atomOf(partOf(one, [put(bytes(1), bytes(9))]), partOf(two, [put(bytes(1), bytes(9))], { epoch: 0n }))
  await assert.rejects(store.commit(torn), isConflict)
  assert.deepEqual(await rowsOf(store, one), {})
  assert.deepEqual(await rowsOf(store, two), { '01': '01' })
  await store.commit(atomOf(partOf(one, [put(bytes(1), bytes(9))]), partOf(two, [put(bytes(1), bytes(9))], { epoch: 1n })))
  assert.deepEqual([await rowsOf(store, one), await rowsOf(store, two)], [{ '01': '09' }, { '01': '09' }])
}

async function versions(store: Store): Promise<void> {
  const scope = bytes(3)
  await store.commit(atomOf(partOf(scope, [], { epoch: 0n, 'ratchet/1': 0n }, ['epoch'])))
  await store.commit(atomOf(partOf(scope, [], { epoch: 1n }, ['ratchet/1'])))
  const [slice] = await slicesOf(store, scope)
  assert.deepEqual({ ...slice?.versions }, { epoch: 1n, 'ratchet/1': 1n }, 'names advance apart from each other')
  await assert.rejects(store.commit(atomOf(partOf(scope, [], { 'ratchet/1': 0n }))), isConflict)
}

async function oneWinner(store: Store): Promise<void> {
  const scope = bytes(4)
  const tries = Array.from({ length: 16 }, (_, i) =>
    store.commit(atomOf(partOf(scope, [put(bytes(1), bytes(i))], { epoch: 0n }, ['epoch']))).then(() => i))
  const settled = await Promise.allSettled(tries)
  const won = settled.filter((one) => one.status === 'fulfilled')
  assert.equal(won.length, 1)
  assert.ok(settled.every((one) => one.status === 'fulfilled' || isConflict(one.reason)))
  assert.deepEqual(await rowsOf(store, scope), { '01': toHex(bytes(won[0]?.value ?? 99)) })
}

async function sameIdOnce(store: Store): Promise<void> {
  const scope = bytes(5)
  const atom = atomOf(partOf(scope, [put(bytes(1), bytes(1))], { epoch: 0n }, ['epoch']))
  await store.commit(atom)
  await store.commit(atom)
  const [slice] = await slicesOf(store, scope)
  assert.deepEqual({ ...slice?.versions }, { epoch: 1n })
}

async function copies(store: Store): Promise<void> {
  const scope = bytes(6)
  const batch = packBatch([put(bytes(1), bytes(7))])
  await store.commit({ id: new Uint8Array(randomBytes(16)), parts: [{ scope, expect: {}, advance: [], changes: [batch] }] })
  batch.fill(0)
  for (const slice of await slicesOf(store, scope)) slice.rows.fill(0)
  assert.deepEqual(await rowsOf(store, scope), { '01': '07' })
}

/** replay applies slices to rows that were loaded before. */
function replay(rows: Map<string, string>, slices: readonly Slice[]): Map<string, string> {
  const result = slices.some((slice) => slice.whole) ? new Map<string, string>() : new Map(rows)
  for (const change of slices.flatMap((slice) => [...rowChanges(slice.rows)])) {
    const key = toHex(change.key)
    if (change.kind === 'put') result.set(key, toHex(change.value))
    else for (const at of [...result.keys()]) if (change.kind === 'delete' ? at === key : at.startsWith(key)) result.delete(at)
  }
  return result
}

async function since(store: Store): Promise<void> {
  const scope = bytes(7)
  await store.commit(atomOf(partOf(scope, [put(bytes(1), bytes(1)), put(bytes(2), bytes(2)), put(bytes(3, 1), bytes(3))])))
  const before = await slicesOf(store, scope)
  const loaded = replay(new Map(), before)
  const revision = before[0]?.revision ?? 0n
  await store.commit(atomOf(partOf(scope, [removeAll(bytes(3)), remove(bytes(1)), put(bytes(4), bytes(4))])))
  const changes = await slicesOf(store, scope, revision)
  assert.ok((changes[0]?.revision ?? 0n) > revision)
  assert.deepEqual(Object.fromEntries(replay(loaded, changes)), await rowsOf(store, scope))
}

async function large(store: Store): Promise<void> {
  const scope = bytes(8)
  const rows = Array.from({ length: 64 }, (_, i) => put(bytes(i), new Uint8Array(100_000).fill(i)))
  await store.commit(atomOf(partOf(scope, rows)))
  const slices = await slicesOf(store, scope)
  assert.ok(slices.length > 1, 'more than a few MiB come in slices')
  assert.ok(slices.every((slice) => slice.rows.length < 4 << 20))
  assert.equal(new Set(slices.map((slice) => slice.revision)).size, 1)
  assert.equal(Object.keys(await rowsOf(store, scope)).length, rows.length)
}

/** Rows of one value, more than a store writes or reads in one go. */
const many = (value: number): RowChange[] =>
  Array.from({ length: 12_000 }, (_, i) => put(bytes(1, i >> 8, i & 0xff), new Uint8Array(100).fill(value)))

/** valuesOf counts the rows of the slices by their first byte. */
function valuesOf(slices: readonly Slice[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const change of slices.flatMap((slice) => [...rowChanges(slice.rows)])) {
    const value = change.kind === 'put' ? change.value[0] ?? -1 : -1
    counts[value] = (counts[value] ?? 0) + 1
  }
  return counts
}

async function isolation(store: Store): Promise<void> {
  const scope = bytes(10)
  await store.commit(atomOf(partOf(scope, many(1), { epoch: 0n }, ['epoch'])))
  const loading = store.load(scope)[Symbol.asyncIterator]()
  const first = await loading.next()
  assert.ok(!first.done)
  let writing = true
  const written = store.commit(atomOf(partOf(scope, [removeAll(bytes(1, 0)), ...many(2).slice(256), put(bytes(2), bytes(2))], { epoch: 1n }, ['epoch'])))
    .finally(() => (writing = false))
  const late = store.commit(atomOf(partOf(scope, [put(bytes(2), bytes(3))], { epoch: 1n }, ['epoch'])))
  await assert.rejects(late, isConflict, 'an atom that comes meanwhile is decided after it')
  const counts = new Set<string>()
  do counts.add(JSON.stringify(valuesOf(await slicesOf(store, scope)))); while (writing)
  await written
  const begun = [first.value]
  for (let next = await loading.next(); !next.done; next = await loading.next()) begun.push(next.value)
  assert.deepEqual(valuesOf(begun), { 1: 12_000 }, 'a load that began before sees nothing of it')
  const after = JSON.stringify({ 2: 12_000 - 256 + 1 })
  for (const seen of counts) assert.ok(seen === after || seen === JSON.stringify({ 1: 12_000 }), `all or nothing: ${seen}`)
  assert.equal(JSON.stringify(valuesOf(await slicesOf(store, scope))), after)
}

async function listAndDelete(store: Store): Promise<void> {
  const names = [bytes(9, 2), bytes(9, 1), bytes(9), bytes(9, 1, 5)]
  for (const name of names) await store.commit(atomOf(partOf(name, [put(bytes(1), bytes(1))], {}, ['epoch'])))
  const listed = async (prefix: Uint8Array): Promise<string[]> => {
    const found: string[] = []
    for await (const name of store.list(prefix)) found.push(toHex(name))
    return found
  }
  assert.deepEqual(await listed(bytes(9, 1)), ['0901', '090105'])
  await store.delete(bytes(9, 1))
  await store.delete(bytes(9, 99))
  assert.deepEqual(await listed(bytes(9)), ['09', '090105', '0902'])
  assert.deepEqual(await slicesOf(store, bytes(9, 1)), [], 'a scope that does not exist has no slice')
  await store.commit(atomOf(partOf(bytes(9, 1), [], { epoch: 0n })))
}

/**
 * storeContract gives the cases. `open` gives an empty store each time; the cases close it.
 * @example
 * import { storeContract } from 'node-mls/store-contract'
 * for (const { name, run } of storeContract(async () => new MyStore())) test(name, run)
 */
export function storeContract(open: () => Promise<Store>): readonly ContractCase[] {
  const cases: readonly (readonly [string, (store: Store) => Promise<void>])[] = [
    ['changes take effect in the order of the format', changesAndOrder],
    ['an atom over two scopes is all or nothing', allOrNothing],
    ['versions are checked and advance by name', versions],
    ['of many commits that expect one version, one wins', oneWinner],
    ['an atom that was applied is not applied again', sameIdOnce],
    ['a store keeps copies and gives copies', copies],
    ['a load since a revision leads to the same rows', since],
    ['a large scope comes in slices of one revision', large],
    ['a large atom is there whole or not at all, for loads and for other atoms', isolation],
    ['scopes are listed by prefix and deleted', listAndDelete],
  ]
  return cases.map(([name, check]) => ({
    name,
    run: async () => {
      const store = await open()
      try {
        await check(store)
      } finally {
        await store.close()
      }
    },
  }))
}
