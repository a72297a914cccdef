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

async function revisionOf(store: Store, scope: Uint8Array): Promise<bigint> {
  return (await slicesOf(store, scope)).at(-1)?.revision ?? 0n
}

async function namesOf(store: Store, prefix: Uint8Array): Promise<Uint8Array[]> {
  const names: Uint8Array[] = []
  for await (const name of store.list(prefix)) names.push(new Uint8Array(name))
  return names
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

/** Deletes in every order with puts, more of them than a store may care to remember. */
async function sinceDeletes(store: Store): Promise<void> {
  const scope = bytes(10)
  const first = Array.from({ length: 40 }, (_, i) => put(bytes(i % 4, i), bytes(i)))
  await store.commit(atomOf(partOf(scope, first)))
  let slices = await slicesOf(store, scope)
  const old = { rows: replay(new Map(), slices), revision: slices[0]?.revision ?? 0n }
  let loaded = old.rows
  const steps: readonly (readonly RowChange[])[] = [
    [removeAll(bytes(1)), remove(bytes(2, 2)), put(bytes(1, 1), bytes(99))],
    [put(bytes(2, 2), bytes(98))],
    [removeAll(bytes(2, 2)), remove(bytes(5, 5))],
    Array.from({ length: 1000 }, (_, i) => put(bytes(9, i >> 8, i), bytes(1))),
    Array.from({ length: 999 }, (_, i) => remove(bytes(9, i >> 8, i))),
    [removeAll(bytes()), put(bytes(7), bytes(7))],
    [],
  ]
  for (const step of steps) {
    const { revision = 0n } = slices[0] ?? {}
    await store.commit(atomOf(partOf(scope, step)))
    slices = await slicesOf(store, scope, revision)
    loaded = replay(loaded, slices)
    assert.deepEqual(Object.fromEntries(loaded), await rowsOf(store, scope))
  }
  assert.deepEqual(Object.fromEntries(replay(old.rows, await slicesOf(store, scope, old.revision))), await rowsOf(store, scope))
  const unchanged = await slicesOf(store, scope, slices[0]?.revision)
  assert.deepEqual(Object.fromEntries(replay(loaded, unchanged)), await rowsOf(store, scope))
}

async function sinceAnotherLife(store: Store): Promise<void> {
  const scope = bytes(11)
  for (let i = 0; i < 3; i += 1) await store.commit(atomOf(partOf(scope, [put(bytes(i), bytes(i))])))
  const former = await slicesOf(store, scope)
  await store.delete(scope)
  for (let i = 0; i < 4; i += 1) await store.commit(atomOf(partOf(scope, [put(bytes(9, i), bytes(i))])))
  const slices = await slicesOf(store, scope, former[0]?.revision)
  assert.deepEqual(Object.fromEntries(replay(replay(new Map(), former), slices)), await rowsOf(store, scope))
}

/** Rows that every atom writes anew, with one value: a load that sees two values has seen half of an atom. */
async function loadsDuringCommits(store: Store): Promise<void> {
  const scope = bytes(12)
  const write = (value: number): Promise<unknown> => store.commit(atomOf(partOf(scope,
    Array.from({ length: 12 }, (_, i) => put(bytes(i), new Uint8Array(200_000).fill(value))), {}, ['epoch'])))
  await write(1)
  let written = 1
  const writing = (async () => {
    for (let value = 2; value <= 12; value += 1) {
      await write(value)
      written = value
    }
  })()
  for (let loads = 0; loads < 3 || written < 12; loads += 1) {
    const before = written
    const seen = new Set<number>()
    const versions = new Set<bigint | undefined>()
    for await (const slice of store.load(scope)) {
      versions.add(slice.versions.epoch)
      for (const change of rowChanges(slice.rows)) if (change.kind === 'put') for (const byte of new Set(change.value)) seen.add(byte)
    }
    const [value = 0] = seen
    assert.equal(seen.size, 1, 'a load shows one state')
    assert.deepEqual([...versions], [BigInt(value)], 'with its versions')
    assert.ok(value >= before, 'and what was stored before it')
  }
  await writing
}

async function endedLoad(store: Store): Promise<void> {
  const scope = bytes(13)
  await store.commit(atomOf(partOf(scope, Array.from({ length: 100 }, (_, i) => put(bytes(i), new Uint8Array(100_000))))))
  for await (const slice of store.load(scope)) {
    assert.ok(slice.rows.length > 0)
    break
  }
  await store.commit(atomOf(partOf(scope, [removeAll(bytes())])))
  assert.deepEqual(await rowsOf(store, scope), {})
}

async function sizes(store: Store): Promise<void> {
  const scope = new Uint8Array(64).fill(0xff)
  const key = new Uint8Array(255).fill(0xff)
  for (const length of [5_000_000, 0, 1, 39, 40, 2000, 4056, 4057, 8192, 100_000, 3]) {
    const value = new Uint8Array(randomBytes(length))
    await store.commit(atomOf(partOf(scope, [put(key, value), put(bytes(1), bytes(length & 0xff))])))
    assert.deepEqual(await rowsOf(store, scope), { '01': toHex(bytes(length & 0xff)), [toHex(key)]: toHex(value) })
  }
  await store.commit(atomOf(partOf(scope, [removeAll(key.subarray(0, 3))])))
  assert.deepEqual(Object.keys(await rowsOf(store, scope)), ['01'], 'a prefix of which there is none greater')
}

async function manyRows(store: Store): Promise<void> {
  const scope = bytes(14)
  const key = (i: number): Uint8Array => bytes(5, i >> 8, i)
  const rows = Array.from({ length: 10_000 }, (_, i) => put(key(i), new Uint8Array(20 + (i % 300)).fill(i)))
  await store.commit(atomOf(partOf(scope, [...rows, put(bytes(6), bytes(6))])))
  const found = await rowsOf(store, scope)
  assert.equal(Object.keys(found).length, 10_001)
  assert.equal(found[toHex(key(9_999))], toHex(new Uint8Array(20 + (9_999 % 300)).fill(9_999)))
  await store.commit(atomOf(partOf(scope, [removeAll(bytes(5))])))
  assert.deepEqual(await rowsOf(store, scope), { '06': '06' })
}

async function manyScopes(store: Store): Promise<void> {
  const name = (i: number): Uint8Array => bytes(15, i % 2, i >> 8, i)
  await Promise.all(Array.from({ length: 2500 }, (_, i) =>
    store.commit(atomOf(partOf(name(i), [put(bytes(1), bytes(i))], { epoch: 0n }, ['epoch'])))))
  const listed: string[] = []
  for await (const scope of store.list(bytes(15, 1))) listed.push(toHex(scope))
  const expected = Array.from({ length: 1250 }, (_, i) => toHex(name(2 * i + 1)))
  assert.deepEqual(listed, expected.sort())
  assert.deepEqual(await rowsOf(store, name(1234)), { '01': 'd2' })
}

/** Atoms that are under way together, some of which conflict or are not well formed. */
async function together(store: Store): Promise<void> {
  const name = (i: number): Uint8Array => bytes(16, i)
  const broken: AtomPart = { scope: name(0), expect: {}, advance: [], changes: [bytes(2, 0, 0, 0, 9)] }
  const settled = await Promise.allSettled(Array.from({ length: 64 }, (_, i) => {
    const others = i % 4 === 1 ? [partOf(name(100), [], { epoch: 7n })] : i % 4 === 2 ? [broken] : []
    return store.commit(atomOf(partOf(name(1 + i), [put(bytes(1), bytes(i))], { epoch: 0n }, ['epoch']), ...others))
  }))
  for (const [i, { status }] of settled.entries()) {
    const fails = i % 4 === 1 || i % 4 === 2
    assert.equal(status, fails ? 'rejected' : 'fulfilled')
    assert.deepEqual(await rowsOf(store, name(1 + i)), fails ? {} : { '01': toHex(bytes(i)) })
  }
  assert.deepEqual(await slicesOf(store, name(2)), [], 'nor is there a scope of what failed')
  assert.deepEqual(await slicesOf(store, name(100)), [])
}

async function severalScopes(store: Store): Promise<void> {
  const names = Array.from({ length: 5 }, (_, i) => bytes(17, i))
  const atom = (...expect: readonly bigint[]): Atom =>
    atomOf(...names.map((name, i) => partOf(name, [put(bytes(1), bytes(Number(expect[i])))], { epoch: expect[i] ?? 0n }, ['epoch'])))
  await store.commit(atom(0n, 0n, 0n, 0n, 0n))
  for (let i = 0; i < names.length; i += 1) {
    await assert.rejects(store.commit(atom(...names.map((_, at) => (at === i ? 2n : 1n)))), isConflict)
  }
  for (const name of names) assert.deepEqual(await rowsOf(store, name), { '01': '00' })
  // In opposite orders at once, over and over: one of each pair wins, and neither waits for ever.
  for (let round = 1n; round < 20n; round += 1n) {
    const one = atom(round, round, round, round, round)
    const two = { ...atom(round, round, round, round, round), parts: [...one.parts].reverse() }
    const settled = await Promise.allSettled([store.commit(one), store.commit(two)])
    assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  }
}

async function views(store: Store): Promise<void> {
  const scope = bytes(18)
  const large = new Uint8Array(1000)
  const batch = packBatch([put(bytes(1), bytes(7))])
  large.set(batch, 500)
  const [within, name] = [large.subarray(500, 500 + batch.length), Buffer.concat([scope, bytes(1, 2, 3)]).subarray(0, 1)]
  await store.commit({ id: new Uint8Array(randomBytes(16)), parts: [{ scope: name, expect: {}, advance: [], changes: [within] }] })
  assert.equal(large[500], batch[0], 'what was given is still there')
  assert.deepEqual(await rowsOf(store, scope), { '01': '07' })
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

async function revisions(store: Store): Promise<void> {
  const [one, two] = [bytes(30, 1), bytes(30, 2)]
  const first = await store.commit(atomOf(partOf(one, [put(bytes(1), bytes(1))]), partOf(two, [], {}, ['epoch'])))
  assert.deepEqual([...first], [await revisionOf(store, one), await revisionOf(store, two)])
  const atom = atomOf(partOf(one, [put(bytes(2), bytes(2))]))
  const [next = 0n] = await store.commit(atom)
  assert.equal(next, (first[0] ?? 0n) + 1n, 'an atom raises a revision by one')
  assert.deepEqual([...await store.commit(atom)], [next], 'the same atom again raises nothing')
}

async function guards(store: Store): Promise<void> {
  const [one, guard, nowhere] = [bytes(31, 1), bytes(31, 2), bytes(31, 3)]
  await store.commit(atomOf(partOf(guard, [], {}, ['lease'])))
  const before = await revisionOf(store, guard)
  const [, held, absent] = await store.commit(atomOf(partOf(one, [put(bytes(1), bytes(1))]), partOf(guard, [], { lease: 1n }), partOf(nowhere, [], { lease: 0n })))
  assert.deepEqual([held, absent, await revisionOf(store, guard)], [before, 0n, before], 'who only expects changes nothing')
  await assert.rejects(store.commit(atomOf(partOf(one, [put(bytes(1), bytes(2))]), partOf(guard, [], { lease: 0n }))), isConflict)
  await assert.rejects(store.commit(atomOf(partOf(one, [put(bytes(1), bytes(2))]), partOf(nowhere, [], { lease: 1n }))), isConflict)
  assert.deepEqual(await rowsOf(store, one), { '01': '01' })
  assert.deepEqual(await namesOf(store, nowhere), [])
}

async function sinceAndAlso(store: Store): Promise<void> {
  const scope = bytes(32)
  await store.commit(atomOf(partOf(scope, [put(bytes(1), bytes(1)), put(bytes(2, 1), bytes(2)), put(bytes(2, 2), bytes(3)), put(bytes(4), bytes(4))])))
  const { revision = 0n } = (await slicesOf(store, scope)).at(-1) ?? {}
  await store.commit(atomOf(partOf(scope, [put(bytes(4), bytes(5)), remove(bytes(2, 2))])))
  // As who had changed 1, put 2-3 and 9, and not stored that.
  const inMemory = new Map([['01', 'ff'], ['0201', '02'], ['0202', '03'], ['0203', 'ff'], ['04', '04'], ['09', 'ff']])
  const slices: Slice[] = []
  for await (const slice of store.load(scope, revision, [bytes(1), bytes(2, 3), bytes(9)])) slices.push(slice)
  assert.deepEqual(Object.fromEntries(replay(inMemory, slices)), await rowsOf(store, scope))
  const nothing: Slice[] = []
  for await (const slice of store.load(scope, slices.at(-1)?.revision, [bytes(2)])) nothing.push(slice)
  assert.deepEqual(Object.fromEntries(replay(new Map(Object.entries({ ...await rowsOf(store, scope), '0207': 'ff' })), nothing)), await rowsOf(store, scope))
}

async function emptyScopes(store: Store): Promise<void> {
  const [rows, versioned] = [bytes(33, 1), bytes(33, 2)]
  await store.commit(atomOf(partOf(rows, [put(bytes(1), bytes(1)), put(bytes(2), bytes(2))]), partOf(versioned, [put(bytes(1), bytes(1))], {}, ['epoch'])))
  await store.commit(atomOf(partOf(rows, [remove(bytes(1))])))
  assert.deepEqual(await namesOf(store, bytes(33)), [rows, versioned])
  await store.commit(atomOf(partOf(rows, [removeAll(bytes())]), partOf(versioned, [removeAll(bytes())])))
  assert.deepEqual(await namesOf(store, bytes(33)), [versioned], 'without rows and versions there is no scope')
  assert.deepEqual(await slicesOf(store, rows), [])
  await store.commit(atomOf(partOf(rows, [put(bytes(3), bytes(3))])))
  assert.deepEqual(await rowsOf(store, rows), { '03': '03' })
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
    ['deletes reach a load since a revision', sinceDeletes],
    ['a revision of a scope that was deleted is of no use for its successor', sinceAnotherLife],
    ['a load shows one state, while others are written', loadsDuringCommits],
    ['a load may be left before its end', endedLoad],
    ['a large scope comes in slices of one revision', large],
    ['values may be empty and large', sizes],
    ['an atom may have ten thousand rows', manyRows],
    ['there may be thousands of scopes', manyScopes],
    ['atoms under way together fail alone', together],
    ['an atom over many scopes fails for one version of one of them', severalScopes],
    ['arrays that are views are as good as any', views],
    ['a large atom is there whole or not at all, for loads and for other atoms', isolation],
    ['a commit gives the revisions of its scopes', revisions],
    ['a part may only expect', guards],
    ['a load since a revision gives other rows besides', sinceAndAlso],
    ['a scope that loses its last row is gone, unless it has versions', emptyScopes],
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
