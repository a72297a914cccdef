// The store contract, of loads: what they show, whole or since a revision, and while others write; listing and deleting.
import assert from 'node:assert/strict'
import { rowChanges, type RowChange } from '../batch'
import { toHex } from '../bytes'
import type { Slice, Store } from '../store'
import { atomOf, bytes, isConflict, namesOf, partOf, put, remove, removeAll, replay, rowsOf, slicesOf } from './contract-rows'

export async function since(store: Store): Promise<void> {
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

export async function sinceDeletes(store: Store): Promise<void> {
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

export async function sinceAnotherLife(store: Store): Promise<void> {
  const scope = bytes(11)
  for (let i = 0; i < 3; i += 1) await store.commit(atomOf(partOf(scope, [put(bytes(i), bytes(i))])))
  const former = await slicesOf(store, scope)
  await store.delete(scope)
  for (let i = 0; i < 4; i += 1) await store.commit(atomOf(partOf(scope, [put(bytes(9, i), bytes(i))])))
  const slices = await slicesOf(store, scope, former[0]?.revision)
  assert.deepEqual(Object.fromEntries(replay(replay(new Map(), former), slices)), await rowsOf(store, scope))
}

export async function loadsDuringCommits(store: Store): Promise<void> {
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

export async function endedLoad(store: Store): Promise<void> {
  const scope = bytes(13)
  await store.commit(atomOf(partOf(scope, Array.from({ length: 100 }, (_, i) => put(bytes(i), new Uint8Array(100_000))))))
  for await (const slice of store.load(scope)) {
    assert.ok(slice.rows.length > 0)
    break
  }
  await store.commit(atomOf(partOf(scope, [removeAll(bytes())])))
  assert.deepEqual(await rowsOf(store, scope), {})
}

export async function large(store: Store): Promise<void> {
  const scope = bytes(8)
  const rows = Array.from({ length: 64 }, (_, i) => put(bytes(i), new Uint8Array(100_000).fill(i)))
  await store.commit(atomOf(partOf(scope, rows)))
  const slices = await slicesOf(store, scope)
  assert.ok(slices.length > 1, 'more than a few MiB come in slices')
  assert.ok(slices.every((slice) => slice.rows.length < 4 << 20))
  assert.equal(new Set(slices.map((slice) => slice.revision)).size, 1)
  assert.equal(Object.keys(await rowsOf(store, scope)).length, rows.length)
}

const many = (value: number): RowChange[] =>
  Array.from({ length: 12_000 }, (_, i) => put(bytes(1, i >> 8, i & 0xff), new Uint8Array(100).fill(value)))

function valuesOf(slices: readonly Slice[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const change of slices.flatMap((slice) => [...rowChanges(slice.rows)])) {
    const value = change.kind === 'put' ? change.value[0] ?? -1 : -1
    counts[value] = (counts[value] ?? 0) + 1
  }
  return counts
}

export async function isolation(store: Store): Promise<void> {
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

export async function sinceAndAlso(store: Store): Promise<void> {
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

export async function emptyScopes(store: Store): Promise<void> {
  const [rows, versioned] = [bytes(33, 1), bytes(33, 2)]
  await store.commit(atomOf(partOf(rows, [put(bytes(1), bytes(1)), put(bytes(2), bytes(2))]), partOf(versioned, [put(bytes(1), bytes(1))], {}, ['epoch'])))
  await store.commit(atomOf(partOf(rows, [remove(bytes(1))])))
  assert.deepEqual(await namesOf(store, bytes(33)), [rows, versioned])
  const emptying = atomOf(partOf(rows, [removeAll(bytes())]), partOf(versioned, [removeAll(bytes())]))
  await store.commit(emptying)
  assert.deepEqual(await namesOf(store, bytes(33)), [versioned], 'without rows and versions there is no scope')
  assert.deepEqual(await slicesOf(store, rows), [])
  await store.commit(emptying)
  assert.deepEqual(await namesOf(store, bytes(33)), [versioned], 'and the same atom again makes none')
  await store.commit(atomOf(partOf(rows, [put(bytes(3), bytes(3))])))
  await store.commit(emptying)
  assert.deepEqual(await rowsOf(store, rows), { '03': '03' }, 'nor does it empty what came after it')
}

export async function listAndDelete(store: Store): Promise<void> {
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
  await store.commit(atomOf(partOf(bytes(9, 7), [remove(bytes(1))]), partOf(bytes(9, 8), [removeAll(bytes())])))
  assert.deepEqual(await listed(bytes(9)), ['09', '090105', '0902'], 'what deletes nothing leaves no scope')
}
