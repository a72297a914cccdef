// The life of a member, with one step of every kind, for faults to strike at each of its writes or messages to the store.
//
// It takes orders by IPC, one after the other, each { place, mode }, and says { end: true } behind what it tells:
//
//     live     does the steps, and tells of each one when it was done; one that fails because the store does is tried again
//     check    tells what is there, and that it goes on
//
// A place is a folder, for SQLite, or the address of a PostgreSQL with a schema behind a `#`.
'use strict'

const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { Client, isMlsError, memoryStore, postgresStore, sqliteStore, trustAnyCredential } = require('../../../dist')

/** @param {string} place */
function storeAt(place) {
  const [address = '', schema = ''] = place.split('#')
  return schema ? postgresStore(address, { schema, retryTimeout: 60 }) : sqliteStore(path.join(place, 'alice.db'))
}
/** @typedef {import('../../../lib').Store} Store */
/** The keys that protect alice's sealing key, one after the other; null is none. */
const keys = [null, Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

/** openAlice opens her with whichever key it is that she has now. @param {Store} store @returns {Promise<Client>} */
async function openAlice(store, [encryptionKey, ...others] = keys) {
  try {
    return await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential, ...(encryptionKey && { encryptionKey }) })
  } catch (error) {
    if (others.length === 0 || !isMlsError(error, 'WRONG_ENCRYPTION_KEY')) throw error
    return openAlice(store, others)
  }
}
/** @param {string} identity */
const openOther = (identity) => Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential })

/** What can be seen of a client, the same in every run. @param {Client | undefined} client */
async function describe(client) {
  if (!client) return null
  const groups = []
  for (const { id, status } of client.groups()) {
    const group = await client.group(id).catch((error) => {
      if (!isMlsError(error, 'REMOVED')) throw error
    })
    // That it was removed is noted in the list a moment after the removal itself.
    if (!group || group.phase === 'removed') continue
    const { epoch, phase, memberCount } = group
    groups.push({ status, epoch, phase, memberCount, pending: group.pending().length, proposals: group.proposals.length })
  }
  groups.sort((a, b) => (JSON.stringify(a, json) < JSON.stringify(b, json) ? -1 : 1))
  return JSON.stringify({ groups, keyPackages: client.keyPackages.list().length }, json)
}
/** @param {string} _key @param {unknown} value */
const json = (_key, value) => (typeof value === 'bigint' ? Number(value) : value)

/** @typedef {{ [name: string]: any }} People what the steps leave for each other */

/** Of each step, what comes before it at the others, and what alice does. @type {[string, (p: People) => Promise<unknown>, (p: People) => Promise<unknown>][]} */
const steps = [
  ['open', async (p) => Object.assign(p, { bob: await openOther('bob'), carol: await openOther('carol') }),
    async (p) => { p.alice = await openAlice(p.store) }],
  ['key packages', async () => {}, async (p) => { p.packages = await p.alice.keyPackages.create(3) }],
  ['join', async (p) => {
    p.bobs = await p.bob.createGroup()
    const commit = await p.bobs.commit({ add: [p.packages[0].message] })
    p.welcome = (await commit.accepted()).welcome
  }, async (p) => { p.group = await p.alice.join(p.welcome) }],
  ['first send', async () => {}, (p) => p.group.send('one')],
  ['receive', async (p) => { p.letters = [await p.bobs.send('1'), await p.bobs.send('2'), await p.bobs.send('3')] },
    (p) => p.group.receive(p.letters[2])],
  ['receive late', async () => {}, (p) => p.group.receive(p.letters[0])],
  ['propose', async () => {}, async (p) => { p.proposed = await p.group.propose({ type: 'update' }) }],
  ['receive a proposal', async (p) => {
    await p.bobs.receive(p.proposed.message)
    p.offer = (await p.bobs.propose({ type: 'group-context-extensions', extensions: [] })).message
  }, (p) => p.group.receive(p.offer)],
  ['receive a commit', async (p) => {
    const commit = await p.bobs.commit()
    await commit.accepted()
    p.commit = commit.message
  }, (p) => p.group.receive(p.commit)],
  ['commit', async (p) => { p.carolsPackage = (await p.carol.keyPackages.create())[0].message },
    async (p) => { p.mine = await p.group.commit({ add: [p.carolsPackage] }) }],
  ['accept', async (p) => p.bobs.receive(p.mine.message), (p) => p.mine.accepted()],
  ['commit in vain', async () => {}, async (p) => { p.vain = await p.group.commit() }],
  ['reject', async () => {}, (p) => p.vain.rejected()],
  ['PSK', async () => {}, (p) => p.alice.psks.put('paper', new Uint8Array(32).fill(7))],
  ['commit with a PSK', async () => {}, async (p) => { p.mine = await p.group.commit({ psk: ['paper'] }) }],
  ['accept with a PSK', async () => {}, (p) => p.mine.accepted()],
  ['create', async () => {}, async (p) => { p.own = await p.alice.createGroup() }],
  ['branch', async (p) => { p.bobsPackage = (await p.bob.keyPackages.create())[0].message },
    async (p) => { p.branch = await p.group.branch([p.bobsPackage]) }],
  ['external join', async (p) => {
    p.carols = await p.carol.createGroup()
    p.info = await p.carols.groupInfo()
  }, async (p) => { p.joining = await p.alice.joinExternally(p.info) }],
  ['confirm', async (p) => p.carols.receive(p.joining.message), (p) => p.joining.accepted()],
  ['resync', async (p) => { p.info = await p.carols.groupInfo() },
    async (p) => { p.resync = await p.alice.joinExternally(p.info, { resync: p.joining.group.leafIndex }) }],
  ['confirm the resync', async (p) => p.carols.receive(p.resync.message), (p) => p.resync.accepted()],
  ['removed', async (p) => { p.commit = (await p.carols.commit({ remove: [1] })).message },
    (p) => p.resync.group.receive(p.commit)],
  ['delete', async () => {}, (p) => p.own.delete()],
  ['delete key packages', async () => {}, (p) => p.alice.keyPackages.delete([p.packages[1].reference])],
  ['set a key', async () => {}, (p) => p.alice.changeEncryptionKey(keys[1])],
  ['change the key', async () => {}, (p) => p.alice.changeEncryptionKey(keys[2])],
]

/** patiently tries again what fails because the store does: the first error, and what it came to. @param {() => Promise<any>} work */
async function patiently(work) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isMlsError(error, 'STORE_FAILED') || tries === 100) throw error
      await sleep(10)
    }
  }
}

/** @param {Store} store */
async function live(store) {
  /** @type {People} */
  const people = { store }
  for (const [name, before, step] of steps) {
    await before(people)
    const state = await patiently(() => describe(people.alice))
    let failed = null
    try {
      await step(people)
    } catch (error) {
      if (!isMlsError(error, 'STORE_FAILED')) throw error
      failed = name
      const after = await patiently(() => describe(people.alice))
      if (after !== state) throw new Error(`${name} failed and changed ${state} to ${after}`)
      await patiently(() => step(people))
    }
    process.send?.({ step: name, state: await patiently(() => describe(people.alice)), failed })
  }
  await Promise.all([people.alice, people.bob, people.carol].map((client) => client.close()))
  await store.close()
}

/** @param {Store} store */
async function check(store) {
  const alice = await openAlice(store)
  const state = await describe(alice)
  for (const { id } of alice.groups()) {
    const group = await alice.group(id).catch(() => null)
    if (group?.phase !== 'active') continue
    for (const commit of group.pending()) await commit.rejected()
    await (await group.commit()).accepted()
    await group.send('and so on')
  }
  await alice.close()
  await store.close()
  process.send?.({ state })
}

process.on('message', async (/** @type {{ place: string, mode: 'live' | 'check' }} */ { place, mode }) => {
  try {
    await (mode === 'check' ? check : live)(storeAt(place))
  } catch (error) {
    process.send?.({ error: String(/** @type {Error} */ (error).stack) })
  }
  process.send?.({ end: true })
})
