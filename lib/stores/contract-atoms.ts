// The store contract, of atoms: what they change, when they are refused, and those that are under way together.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { packBatch } from '../batch'
import { toHex } from '../bytes'
import type { Atom, AtomPart, Store } from '../store'
import { atomOf, bytes, isConflict, namesOf, partOf, put, remove, removeAll, revisionOf, rowsOf, slicesOf } from './contract-rows'

export async function changesAndOrder(store: Store): Promise<void> {
  const scope = bytes(1, 1)
  await store.commit(atomOf(partOf(scope, [put(bytes(1), bytes(10)), put(bytes(2, 0), bytes(20)), put(bytes(2, 1), bytes(21))])))
  assert.deepEqual(await rowsOf(store, scope), { '01': '0a', '0200': '14', '0201': '15' })
  await store.commit(atomOf(partOf(scope, [removeAll(bytes(2)), remove(bytes(1)), put(bytes(2, 1), bytes(22))])))
  assert.deepEqual(await rowsOf(store, scope), { '0201': '16' }, 'prefix deletes, deletes, puts, in this order')
  const second = { ...partOf(scope, []), changes: [packBatch([put(bytes(3), bytes(1))]), packBatch([remove(bytes(3))])] }
  await store.commit(atomOf(second))
  assert.deepEqual(await rowsOf(store, scope), { '0201': '16' }, 'batches of a part in their order')
  const buffer = Buffer.from(packBatch([removeAll(bytes(2)), put(bytes(3), bytes(30))]))
  await store.commit(atomOf({ ...partOf(scope, []), changes: [buffer] }))
  assert.deepEqual(await rowsOf(store, scope), { '03': '1e' }, 'a batch may be a Buffer, whose parts are views')
  assert.deepEqual(buffer, Buffer.from(packBatch([removeAll(bytes(2)), put(bytes(3), bytes(30))])), 'and stays as it was')
  await store.commit(atomOf(partOf(scope, [removeAll(bytes())])))
  assert.deepEqual(await rowsOf(store, scope), {}, 'the empty prefix is every row')
}

export async function allOrNothing(store: Store): Promise<void> {
  const [one, two] = [bytes(2, 1), bytes(2, 2)]
  await store.commit(atomOf(partOf(two, [put(bytes(1), bytes(1))], {}, ['epoch'])))
  const torn = atomOf(partOf(one, [put(bytes(1), bytes(9))]), partOf(two, [put(bytes(1), bytes(9))], { epoch: 0n }))
  await assert.rejects(store.commit(torn), isConflict)
  assert.deepEqual(await rowsOf(store, one), {})
  assert.deepEqual(await rowsOf(store, two), { '01': '01' })
  await store.commit(atomOf(partOf(one, [put(bytes(1), bytes(9))]), partOf(two, [put(bytes(1), bytes(9))], { epoch: 1n })))
  assert.deepEqual([await rowsOf(store, one), await rowsOf(store, two)], [{ '01': '09' }, { '01': '09' }])
}

export async function versions(store: Store): Promise<void> {
  const scope = bytes(3)
  await store.commit(atomOf(partOf(scope, [], { epoch: 0n, 'ratchet/1': 0n }, ['epoch'])))
  await store.commit(atomOf(partOf(scope, [], { epoch: 1n }, ['ratchet/1'])))
  const [slice] = await slicesOf(store, scope)
  assert.deepEqual({ ...slice?.versions }, { epoch: 1n, 'ratchet/1': 1n }, 'names advance apart from each other')
  await assert.rejects(store.commit(atomOf(partOf(scope, [], { 'ratchet/1': 0n }))), isConflict)
}

export async function oneWinner(store: Store): Promise<void> {
  const scope = bytes(4)
  const tries = Array.from({ length: 16 }, (_, i) =>
    store.commit(atomOf(partOf(scope, [put(bytes(1), bytes(i))], { epoch: 0n }, ['epoch']))).then(() => i))
  const settled = await Promise.allSettled(tries)
  const won = settled.filter((one) => one.status === 'fulfilled')
  assert.equal(won.length, 1)
  assert.ok(settled.every((one) => one.status === 'fulfilled' || isConflict(one.reason)))
  assert.deepEqual(await rowsOf(store, scope), { '01': toHex(bytes(won[0]?.value ?? 99)) })
}

export async function sameIdOnce(store: Store): Promise<void> {
  const scope = bytes(5)
  const atom = atomOf(partOf(scope, [put(bytes(1), bytes(1))], { epoch: 0n }, ['epoch']))
  await store.commit(atom)
  await store.commit(atom)
  const [slice] = await slicesOf(store, scope)
  assert.deepEqual({ ...slice?.versions }, { epoch: 1n })
}

export async function copies(store: Store): Promise<void> {
  const scope = bytes(6)
  const batch = packBatch([put(bytes(1), bytes(7))])
  await store.commit({ id: new Uint8Array(randomBytes(16)), parts: [{ scope, expect: {}, advance: [], changes: [batch] }] })
  batch.fill(0)
  for (const slice of await slicesOf(store, scope)) slice.rows.fill(0)
  assert.deepEqual(await rowsOf(store, scope), { '01': '07' })
}

export async function sizes(store: Store): Promise<void> {
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

export async function manyRows(store: Store): Promise<void> {
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

export async function manyScopes(store: Store): Promise<void> {
  const name = (i: number): Uint8Array => bytes(15, i % 2, i >> 8, i)
  await Promise.all(Array.from({ length: 2500 }, (_, i) =>
    store.commit(atomOf(partOf(name(i), [put(bytes(1), bytes(i))], { epoch: 0n }, ['epoch'])))))
  const listed: string[] = []
  for await (const scope of store.list(bytes(15, 1))) listed.push(toHex(scope))
  const expected = Array.from({ length: 1250 }, (_, i) => toHex(name(2 * i + 1)))
  assert.deepEqual(listed, expected.sort())
  assert.deepEqual(await rowsOf(store, name(1234)), { '01': 'd2' })
}

export async function together(store: Store): Promise<void> {
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

export async function severalScopes(store: Store): Promise<void> {
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

export async function views(store: Store): Promise<void> {
  const scope = bytes(18)
  const large = new Uint8Array(1000)
  const batch = packBatch([put(bytes(1), bytes(7))])
  large.set(batch, 500)
  const [within, name] = [large.subarray(500, 500 + batch.length), Buffer.concat([scope, bytes(1, 2, 3)]).subarray(0, 1)]
  await store.commit({ id: new Uint8Array(randomBytes(16)), parts: [{ scope: name, expect: {}, advance: [], changes: [within] }] })
  assert.equal(large[500], batch[0], 'what was given is still there')
  assert.deepEqual(await rowsOf(store, scope), { '01': '07' })
}

export async function revisions(store: Store): Promise<void> {
  const [one, two] = [bytes(30, 1), bytes(30, 2)]
  const first = await store.commit(atomOf(partOf(one, [put(bytes(1), bytes(1))]), partOf(two, [], {}, ['epoch'])))
  assert.deepEqual([...first], [await revisionOf(store, one), await revisionOf(store, two)])
  const atom = atomOf(partOf(one, [put(bytes(2), bytes(2))]))
  const [next = 0n] = await store.commit(atom)
  assert.equal(next, (first[0] ?? 0n) + 1n, 'an atom raises a revision by one')
  assert.deepEqual([...await store.commit(atom)], [next], 'the same atom again raises nothing')
}

export async function guards(store: Store): Promise<void> {
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
