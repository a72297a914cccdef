// The steps of a member's life (life.cjs), one of every kind.
//
// A step is its name, what comes before it at the others, what alice does, and the writes of that in their order, one where
// nothing is said. Each of them is there as a whole or not at all, and the one behind it only with it. One in parentheses may
// fail without the step: nobody needs it.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Client, isMlsError, memoryStore, trustAnyCredential } = require('../../../dist')

/** @typedef {{ [name: string]: any }} People what the steps leave for each other */
/** @typedef {(people: People) => Promise<unknown>} Part */
/** @typedef {[name: string, before: Part, step: Part, writes?: string[]]} Step */

/** The keys that protect alice's sealing key, one after the other; null is none. */
const keys = [null, Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
/** Milliseconds of a lease: long enough that none runs out unless a step lets the clock go on. */
const duration = 3_600_000
const clock = { ahead: 0 }
const { now } = Date
Date.now = () => now() + clock.ahead
/** @param {number} leases */
const wait = (leases) => { clock.ahead += leases * duration }

/** @param {string} identity */
const openOther = (identity) => Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential })
const nothing = async () => {}

/** A key package with its private keys, and a Welcome for it, both made elsewhere. */
const [vector] = JSON.parse(fs.readFileSync(path.join(__dirname, '..', '..', 'vectors', 'passive-client-welcome.json'), 'utf8'))
/** @param {string} hex */
const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'))
const imported = {
  keyPackage: bytes(vector.key_package), initPrivateKey: bytes(vector.init_priv),
  encryptionPrivateKey: bytes(vector.encryption_priv), signaturePrivateKey: bytes(vector.signature_priv),
}

/** acknowledge does so with every event of some kinds that waits. @param {People} people @param {readonly string[]} kinds */
async function acknowledge({ events }, ...kinds) {
  const some = events.filter((/** @type {any} */ { event }) => kinds.includes(event.kind))
  await Promise.all(some.map((/** @type {any} */ { event }) => event.ack()))
  for (const one of some) events.splice(events.indexOf(one), 1)
}

/** sendMany sends in groups. @param {Client} client @param {unknown[]} groups @param {number} count */
async function sendMany(client, groups, count) {
  const items = groups.flatMap((group) => Array.from({ length: count }, (_, i) => ({ group, data: `${i}` })))
  for (const result of await client.sendMany(/** @type {any} */ (items))) if (result.kind === 'error') throw result.error
}

/** alice's groups and what comes to them, in the order of her life; `openAlice` opens her. @param {Part} openAlice @returns {Step[]} */
const stepsOf = (openAlice) => [
  ['open', async (p) => Object.assign(p, { bob: await openOther('bob'), carol: await openOther('carol') }), openAlice,
    ['the client', 'its signer']],
  ['key packages', nothing, async (p) => { p.packages = await p.alice.keyPackages.create(4) }],
  ['import a key package', nothing, (p) => p.alice.keyPackages.import(imported)],
  ['join by what was imported', nothing, (p) => p.alice.join(bytes(vector.welcome))],
  ['join', async (p) => {
    p.bobs = await p.bob.createGroup()
    const commit = await p.bobs.commit({ add: [p.packages[0].message] })
    p.welcome = (await commit.accepted()).welcome
  }, async (p) => { p.group = await p.alice.join(p.welcome) }],

  ['first send', nothing, (p) => p.group.send('one'), ['the lease', 'generations']],
  ['second send', nothing, (p) => p.group.send('two'), []],
  ['send many', nothing, (p) => p.group.sendMany(Array.from({ length: 40 }, (_, i) => `${i}`))],
  ['receive', async (p) => { p.letters = [await p.bobs.send('1'), await p.bobs.send('2'), await p.bobs.send('3')] },
    (p) => p.group.receive(p.letters[2])],
  ['acknowledge', nothing, (p) => acknowledge(p, 'message')],
  ['receive late', nothing, (p) => p.group.receive(p.letters[0])],
  ['receive beside what is too early', async (p) => {
    p.good = await p.bobs.send('good')
    const commit = await p.bobs.commit()
    await commit.accepted()
    p.commit = commit.message
    p.early = await p.bobs.send('early')
  }, async (p) => {
    const [early, good] = await Promise.allSettled([p.group.receive(p.early), p.group.receive(p.good)])
    if (good.status === 'rejected') throw good.reason
    if (early.status === 'rejected' && early.reason.code === 'STORE_FAILED') throw early.reason
    if (early.status !== 'rejected' || early.reason.code !== 'FUTURE_EPOCH') throw new Error('a message of the future was taken')
  }],
  ['receive the commit before it', nothing, (p) => p.group.receive(p.commit)],
  ['receive what came too early', nothing, (p) => p.group.receive(p.early)],
  ['propose', nothing, async (p) => { p.proposed = await p.group.propose({ type: 'update' }) }],
  ['receive a proposal', async (p) => {
    await p.bobs.receive(p.proposed.message)
    p.offer = (await p.bobs.propose({ type: 'group-context-extensions', extensions: [] })).message
  }, (p) => p.group.receive(p.offer)],
  ['receive a commit', async (p) => {
    const commit = await p.bobs.commit()
    await commit.accepted()
    p.commit = commit.message
  }, (p) => p.group.receive(p.commit)],
  ['acknowledge several', nothing, (p) => acknowledge(p, 'message', 'proposal', 'commit')],

  ['commit', async (p) => { p.carolsPackage = (await p.carol.keyPackages.create())[0].message },
    async (p) => { p.mine = await p.group.commit({ add: [p.carolsPackage] }) }],
  ['accept', async (p) => p.bobs.receive(p.mine.message), (p) => p.mine.accepted()],
  ['inspect and drop', async (p) => {
    const commit = await p.bobs.commit()
    await commit.accepted()
    p.commit = commit.message
  }, async (p) => (await p.group.receive(p.commit, { inspect: true })).drop(), []],
  ['inspect', nothing, async (p) => { p.staged = await p.group.receive(p.commit, { inspect: true }) }, []],
  // A write that fails takes with it what was staged.
  ['accept what was inspected', nothing, async (p) => {
    try {
      await p.staged.accept()
    } catch (error) {
      if (!isMlsError(error, 'STALE_VERSION')) throw error
      await (await p.group.receive(p.commit, { inspect: true })).accept()
    }
  }],
  ['commit in vain', nothing, async (p) => { p.vain = await p.group.commit() }],
  ['reject', nothing, (p) => p.vain.rejected()],
  ['PSK', async (p) => p.bob.psks.put('paper', new Uint8Array(32).fill(7)),
    (p) => p.alice.psks.put('paper', new Uint8Array(32).fill(7))],
  ['commit with a PSK', nothing, async (p) => { p.mine = await p.group.commit({ psk: ['paper'] }) }],
  ['accept with a PSK', async (p) => p.bobs.receive(p.mine.message), (p) => p.mine.accepted()],

  ['create', nothing, async (p) => { p.own = await p.alice.createGroup() }],
  ['create another', nothing, async (p) => { p.twin = await p.alice.createGroup() }],
  ['send in each', nothing, async (p) => {
    await p.own.send('one')
    await p.twin.send('one')
  }, ['the lease', 'generations', 'the lease', 'generations']],
  // Both groups look the same, so it does not matter which comes first.
  ['send in many groups', nothing, (p) => sendMany(p.alice, [p.own, p.twin], 33), ['generations', 'generations']],
  ['receive from outside', async (p) => {
    const [{ reference }] = await p.carol.keyPackages.create()
    p.offer = await p.carol.proposeOwnAdd(reference, p.twin.id, p.twin.epoch)
  }, (p) => p.twin.receive(p.offer)],

  ['branch', async (p) => { p.bobsPackage = (await p.bob.keyPackages.create())[0].message },
    async (p) => { p.branch = await p.group.branch([p.bobsPackage]) }],
  ['join a branch', async (p) => { p.welcome = (await p.bobs.branch([p.packages[3].message])).welcome },
    (p) => p.alice.join(p.welcome, { origin: p.group })],
  ['commit a ReInit', async (p) => { p.bobsBranch = await p.bob.join(p.branch.welcome, { origin: p.bobs }) },
    async (p) => { p.mine = await p.branch.group.commit({ reinit: {} }) }, ['the lease', 'the candidate']],
  ['accept the ReInit', async (p) => p.bobsBranch.receive(p.mine.message), (p) => p.mine.accepted()],
  ['make the successor', async (p) => { p.bobsPackage = (await p.bob.keyPackages.create())[0].message },
    async (p) => { p.next = await p.branch.group.successor([p.bobsPackage]) }],
  ['receive a ReInit', async (p) => {
    const commit = await p.bobs.commit({ reinit: {} })
    await commit.accepted()
    p.commit = commit.message
  }, (p) => p.group.receive(p.commit)],
  ['join the successor', async (p) => {
    const [{ message }] = await p.carol.keyPackages.create()
    p.welcome = (await p.bobs.successor([p.packages[2].message, message])).welcome
  }, (p) => p.alice.join(p.welcome, { origin: p.group })],

  ['external join', async (p) => {
    p.carols = await p.carol.createGroup()
    p.info = await p.carols.groupInfo()
  }, async (p) => { p.joining = await p.alice.joinExternally(p.info) }],
  ['confirm', async (p) => p.carols.receive(p.joining.message), (p) => p.joining.accepted()],
  ['resync', async (p) => { p.info = await p.carols.groupInfo() },
    async (p) => { p.resync = await p.alice.joinExternally(p.info, { resync: p.joining.group.leafIndex }) }],
  ['confirm the resync', async (p) => p.carols.receive(p.resync.message), (p) => p.resync.accepted()],
  ['removed', async (p) => { p.commit = (await p.carols.commit({ remove: [1] })).message },
    (p) => p.resync.group.receive(p.commit), ['the removal', '(in the list of groups)']],

  ['send with what is left of a lease', async () => wait(0.8), (p) => p.own.send('on time'), ['the lease']],
  ['send with half of a lease', async () => wait(0.6), (p) => p.own.send('before the time'), ['(the lease)']],
  ['send when the lease has run out', async () => wait(2), (p) => p.own.send('late'), ['the lease']],
  ['commit what came from outside', nothing, async (p) => { p.mine = await p.twin.commit() }, ['the lease', 'the candidate']],
  ['send in the successor', nothing, (p) => p.next.group.send('one'), ['the lease', 'generations']],
  ['close a group', nothing, (p) => p.next.group.close(), ['(the lease)']],
  ['delete', nothing, (p) => p.own.delete(), ['(the lease)', 'the group', '(versions)', '(versions)', '(versions)']],
  ['delete key packages', nothing, (p) => p.alice.keyPackages.delete([p.packages[1].reference])],
  ['set a key', nothing, (p) => p.alice.changeEncryptionKey(keys[1])],
  ['change the key', nothing, (p) => p.alice.changeEncryptionKey(keys[2])],
  ['close', nothing, async (p) => {
    await p.alice.close()
    p.alice = null
  }, ['(the lease)']],
  ['open again', nothing, openAlice, []],
  ['acknowledge what was told again', nothing, (p) => acknowledge(p, 'message', 'commit')],
]

module.exports = { clock, duration, keys, stepsOf }
