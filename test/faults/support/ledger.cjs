// A ledger: atoms that follow from their number, so that whoever opens the store knows what must be in it.
//
// Atom n of a ledger expects version n, puts, deletes and deletes by prefix in one scope, and counts in another.
'use strict'

const { randomBytes } = require('node:crypto')

/** @typedef {import('../../../lib').Store} Store */
/** @typedef {import('../../../lib').Atom} Atom */
/** @typedef {Pick<typeof import('../../../lib'), 'packBatch' | 'rowChanges'>} Batches */

const name = 'epoch'
/** @param {number} ledger @param {number} which */
const scopeOf = (ledger, which) => Uint8Array.of(2, ledger, which)
const sizes = [20, 300, 5000, 40, 90, 1800]

/** @param {number} n */
function changesOf(n) {
  const value = Buffer.alloc((sizes[n % sizes.length] ?? 0) + (n % 17), `${n}.`)
  return [
    ...(n % 10 === 9 ? [{ kind: /** @type {const} */ ('delete-prefix'), key: Uint8Array.of(2) }] : []),
    { kind: /** @type {const} */ ('delete'), key: Uint8Array.of(1, (n * 7) % 32) },
    { kind: /** @type {const} */ ('put'), key: Uint8Array.of(1, n % 32), value },
    { kind: /** @type {const} */ ('put'), key: Uint8Array.of(2, n % 256), value: value.subarray(0, 20) },
  ]
}

/**
 * atomOf makes atom n.
 * @param {Batches} batches @param {number} ledger @param {number} n
 * @returns {Atom}
 */
function atomOf({ packBatch }, ledger, n) {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(n + 1)
  const part = { expect: { [name]: BigInt(n) }, advance: [name] }
  return {
    id: new Uint8Array(randomBytes(16)),
    parts: [
      { ...part, scope: scopeOf(ledger, 0), changes: [packBatch(changesOf(n))] },
      { ...part, scope: scopeOf(ledger, 1), changes: [packBatch([{ kind: 'put', key: Uint8Array.of(1), value: count }])] },
    ],
  }
}

/**
 * rowsOf loads a scope: its rows as hex, and its version.
 * @param {Batches} batches @param {Store} store @param {Uint8Array} scope
 */
async function rowsOf({ rowChanges }, store, scope) {
  /** @type {Map<string, string>} */
  const rows = new Map()
  let version = 0n
  for await (const { rows: batch, versions } of store.load(scope)) {
    version = versions[name] ?? 0n
    for (const change of rowChanges(batch)) {
      if (change.kind === 'put') rows.set(Buffer.from(change.key).toString('hex'), Buffer.from(change.value).toString('latin1'))
    }
  }
  return { rows, version: Number(version) }
}

/**
 * check gives the number of atoms in a ledger, and throws unless they are there whole and nothing else is.
 * @param {Batches} batches @param {Store} store @param {number} ledger
 */
async function check(batches, store, ledger) {
  const { rows, version } = await rowsOf(batches, store, scopeOf(ledger, 0))
  const count = await rowsOf(batches, store, scopeOf(ledger, 1))
  const counted = Buffer.from(count.rows.get('01') ?? '\0\0\0\0', 'latin1').readUInt32BE()
  if (count.version !== version || counted !== version) {
    throw new Error(`ledger ${ledger} is torn: versions ${version} and ${count.version}, count ${counted}`)
  }
  const expected = new Map()
  // Each row is written anew or deleted by one of the last 32 atoms.
  for (let n = Math.max(0, version - 64); n < version; n += 1) {
    for (const change of changesOf(n)) {
      const key = Buffer.from(change.key).toString('hex')
      if (change.kind === 'put') expected.set(key, Buffer.from(change.value).toString('latin1'))
      else if (change.kind === 'delete') expected.delete(key)
      else for (const one of [...expected.keys()]) if (one.startsWith(key)) expected.delete(one)
    }
  }
  const isSame = expected.size === rows.size && [...expected].every(([key, value]) => rows.get(key) === value)
  if (!isSame) throw new Error(`ledger ${ledger} has other rows than its ${version} atoms left`)
  return version
}

module.exports = { atomOf, check }
