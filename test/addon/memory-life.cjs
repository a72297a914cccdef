// A process whose clients use known secrets up, for memory.test.ts, which then looks for them in its memory: nothing but the
// addon, the library and the store may ever have held a copy.
//
// On its standard input are records, each with its length before it (u32, big-endian): a JSON of what to do, and the secrets that
// it names by number, in order. What is read is overwritten when it was given away. It says `done` and waits to be killed.
'use strict'

const fs = require('node:fs')
const { Client, memoryStore, sqliteStore, trustAnyCredential } = require('../../dist')

/** @typedef {{ suite: number, keyPackage: string, welcome: string, tree: string | null, psks: string[] }} Joining its secrets: init, encryption and signature key, then the PSKs */
/** @typedef {{ file: string, psks: number, used: number, rounds: number, joins: Joining[], copies: 'none' | 'kept' | 'freed' }} Orders its secrets: two keys of the caller, the PSKs, those of the joins */

/** readFull fills bytes from the standard input. @param {Uint8Array} bytes */
function readFull(bytes) {
  for (let have = 0; have < bytes.length;) have += fs.readSync(0, bytes, have, bytes.length - have, null)
  return bytes
}
/**
 * readRecord gives the next record in memory of its own, outside V8's heap: small typed arrays begin inside it, and V8 leaves their
 * bytes there when it moves them out for native code.
 */
function readRecord() {
  const size = Buffer.allocUnsafeSlow(4)
  readFull(size)
  return readFull(Buffer.allocUnsafeSlow(size.readUInt32BE()))
}

/**
 * giving reads secrets, lets `use` give them away, and overwrites them.
 * @template T
 * @param {number} count
 * @param {(...secrets: Uint8Array[]) => Promise<T>} use
 */
async function giving(count, use) {
  const secrets = Array.from({ length: count }, readRecord)
  const result = await use(...secrets)
  for (const secret of secrets) secret.fill(0)
  return result
}
/** @param {string} hex */
const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, 'hex'))

/** Copies, masked where they are to be freed at the end. @type {Uint8Array[]} */
const kept = []
/** @param {Uint8Array} bytes */
const masked = (bytes) => bytes.map((byte) => byte ^ 0xa5)

/** psks puts PSKs, uses some in commits, and deletes them all. @param {Client} alice @param {Orders} orders */
async function psks(alice, { psks, used, copies }) {
  for (let i = 0; i < psks; i += 1) {
    await giving(1, async (secret = new Uint8Array()) => {
      if (copies !== 'none' && i % 10 === 0) kept.push(copies === 'freed' ? masked(secret) : Uint8Array.from(secret))
      await alice.psks.put(`psk ${i}`, secret)
    })
  }
  const group = await alice.createGroup()
  for (let i = 0; i < used; i += 1) await (await group.commit({ psk: [`psk ${i}`] })).accepted()
  for (let i = 0; i < psks; i += 1) await alice.psks.delete(`psk ${i}`)
}

/** talk lets two say and hear much. @param {Client} alice @param {Client} bob @param {number} rounds */
async function talk(alice, bob, rounds) {
  const here = await alice.createGroup()
  const [keyPackage] = await bob.keyPackages.create()
  if (!keyPackage) throw new Error('no key package')
  const { welcome } = await (await here.commit({ add: [keyPackage.message] })).accepted()
  if (!welcome) throw new Error('no Welcome')
  const there = await bob.join(welcome)
  for (let i = 0; i < rounds; i += 1) {
    await there.receive(await here.send('one'))
    await here.receive(await there.send('other'))
    if (i % 50 === 0) {
      const commit = await here.commit()
      await commit.accepted()
      await there.receive(commit.message)
    }
  }
}

/** join uses up the keys of a key package that was made elsewhere. @param {Joining} joining @param {number} i @param {import('../../lib').Store} store */
async function join({ suite, keyPackage, welcome, tree, psks }, i, store) {
  const client = await Client.open({
    identity: `joiner ${i}`, suites: [suite], store, authenticate: trustAnyCredential,
    policy: { lifetimes: 'ignore', limits: { maxLifetime: Infinity } },
  })
  await giving(3, (initPrivateKey = new Uint8Array(), encryptionPrivateKey = new Uint8Array(), signaturePrivateKey = new Uint8Array()) =>
    client.keyPackages.import({ keyPackage: bytesOf(keyPackage), initPrivateKey, encryptionPrivateKey, signaturePrivateKey }))
  for (const id of psks) await giving(1, (secret = new Uint8Array()) => client.psks.put(bytesOf(id), secret))
  const group = await client.join(bytesOf(welcome), tree === null ? {} : { tree: bytesOf(tree) })
  await (await group.commit()).accepted()  // a leaf key of its own
  await group.delete()
  for (const id of psks) await client.psks.delete(bytesOf(id))
  await client.close()
}

/** free leaves copies of what is kept in memory that is free. */
function free() {
  for (const mask of kept) for (let i = 0, copy = Buffer.allocUnsafeSlow(mask.length); i < mask.length; i += 1) copy[i] = (mask[i] ?? 0) ^ 0xa5
  globalThis.gc?.()
}

async function live() {
  /** @type {Orders} */
  const orders = JSON.parse(Buffer.from(readRecord()).toString())
  const store = sqliteStore(orders.file)
  const alice = await giving(2, async (first = new Uint8Array(), second = new Uint8Array()) => {
    const client = await Client.open({ identity: 'alice', store, encryptionKey: first, authenticate: trustAnyCredential })
    await client.changeEncryptionKey(second)
    return client
  })
  const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential })
  await psks(alice, orders)
  for (const [i, joining] of orders.joins.entries()) await join(joining, i, store)
  await talk(alice, bob, orders.rounds)
  await alice.close()
  await bob.close()
  await store.close()
  if (orders.copies === 'freed') free()
  fs.writeSync(1, 'done\n')
  setInterval(() => kept.length, 1000)
}

live().catch((error) => {
  console.error(error)
  process.exit(1)
})
