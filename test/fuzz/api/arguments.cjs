// Fuzzes the arguments of the JavaScript API: every exported function and method gets values that no caller should give,
// mixed with good ones and with options of the right names.
//
//   node test/fuzz/api/arguments.cjs --seconds N --artifact FILE [--seed S]     --replay FILE repeats one world
//
// Holds: a call gives something or fails with an MlsError that is not INTERNAL, a TypeError or a RangeError; it settles; the
// process lives. Each world has clients of its own, some calls, and a seed, which is in FILE while it lasts.
'use strict'

const fs = require('node:fs')
const { parseArgs } = require('node:util')
const mls = require('../../../dist/index.js')
const { Dice, cause, hostile } = require('./hostile.cjs')

/** Names of options, of every function there is. */
const options = [
  'add', 'remove', 'proposals', 'cached', 'path', 'welcomes', 'tree', 'authenticatedData', 'inspect', 'signal', 'onProgress', 'groupId',
  'extensions', 'policy', 'lifetime', 'lastResort', 'suite', 'resync', 'psks', 'ratchetTree', 'authenticate', 'identity', 'store', 'leaf',
  'limits', 'padding', 'handshake', 'count', 'from', 'to', 'partSize', 'queue', 'type', 'keyPackage', 'leafIndex', 'psk', 'data',
  'proposalType', 'credential', 'signaturePrivateKey', 'initPrivateKey', 'encryptionPrivateKey', 'group', 'origin', 'format',
  'groupInfoExtensions', 'externalPub', 'epoch', 'senderIndex', 'proposal', 'remaining', 'answerTimeout', 'encryptionKey', 'now',
]

/** Functions without a class, but for those that open files and connections. */
const functions = ['applicationId', 'decode', 'defaultLimits', 'externalSenders', 'isMlsError', 'opensslVersion', 'packBatch',
  'proposeExternally', 'requiredCapabilities', 'rowChanges', 'threads', 'x509Authenticator', 'memoryStore']

/** Methods after which an object is of little use; they are called seldom. */
const last = new Set(['close', 'delete', 'moveOut', 'unload', 'changeEncryptionKey', 'exportGroup', 'leave'])

/** Methods that other files of lib/ use and people do not. */
const internal = new Set(['constructor', 'moveOut', 'unload', 'sendEach', 'receiveEach', 'use', 'forget', 'isLastResort', 'find', 'settle', 'supersede'])

async function makeWorld() {
  const open = (identity) => mls.Client.open({ identity, store: mls.memoryStore(), authenticate: mls.trustAnyCredential })
  const [alice, bob] = await Promise.all([open('alice'), open('bob')])
  const [{ message: keyPackage }] = await bob.keyPackages.create(1)
  const [{ message: another }] = await bob.keyPackages.create(1, { lastResort: true })
  const group = await alice.createGroup()
  const commit = await group.commit({ add: [keyPackage] })
  const { welcome } = await commit.accepted()
  const bobs = await bob.join(welcome)
  const groupInfo = await group.groupInfo()
  const tracker = new mls.Tracker({ authenticate: mls.trustAnyCredential })
  await tracker.seed(groupInfo)
  const message = await bobs.send('hello')
  const pending = await group.commit()
  const objects = { alice, group, tracker, pending, keyPackages: alice.keyPackages, psks: alice.psks }
  const good = [keyPackage, another, welcome, groupInfo, message, pending.message, group.id, await group.tree(), group, alice, bobs,
    tracker, await tracker.save(), 'identity', 1, 2, 0n, () => undefined, mls.memoryStore(), mls.trustAnyCredential]
  return { objects, good, people: [alice, bob] }
}

/** callsOf lists what can be called in a world: a name and the function, bound. */
function callsOf(objects) {
  const calls = functions.map((name) => [name, (...args) => mls[name](...args)])
  calls.push(['Client.open', (...args) => mls.Client.open(...args)], ['new Tracker', (...args) => new mls.Tracker(...args)])
  for (const [owner, object] of Object.entries(objects)) {
    const prototype = Object.getPrototypeOf(object)
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name) ?? {}
      if (typeof value !== 'function' || internal.has(name)) continue
      calls.push([`${owner}.${name}`, (...args) => object[name](...args)], [`${owner}.${name} of another`, (...args) => value.apply(args[0], args)])
    }
  }
  return calls
}

function argument(dice, good, depth = 0) {
  const kind = dice.below(8)
  if (kind < 2) return dice.of(good)
  if (kind < 5 || depth > 2) return hostile(dice)
  if (kind === 5) return Array.from({ length: dice.below(4) }, () => argument(dice, good, depth + 1))
  const made = {}
  for (let count = dice.below(4); count > 0; count -= 1) {
    const name = dice.of(options)
    const value = argument(dice, good, depth + 1)
    const property = dice.below(8) === 0 ? { get() { throw cause } } : { value }
    Object.defineProperty(made, name, { ...property, enumerable: true, configurable: true })
  }
  return made
}

/** tooLate takes the memory of arguments away while the call is under way. */
function tooLate(args) {
  for (const one of args) {
    if (!ArrayBuffer.isView(one) || Buffer.isBuffer(one)) continue  // those of node's pool are of others, too
    try {
      if (one.buffer.resizable) one.buffer.resize(0)
      else structuredClone(one.buffer, { transfer: [one.buffer] })
    } catch {
      // shared, or not what it seems
    }
  }
}

/** @param {unknown} error */
function isExpected(error) {
  if (mls.isMlsError(error)) return error.code !== 'INTERNAL'
  return error instanceof TypeError || error instanceof RangeError || error === cause
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms, 'too long').unref() })

/** settle waits for what a call gave, and ends what it began. */
async function settle(given) {
  const result = await given
  if (typeof result?.[Symbol.asyncIterator] === 'function') await result.return?.()
  else if (typeof result?.next === 'function') result.return?.()
}

async function call(name, work, args, dice) {
  try {
    const settled = settle(work(...args))
    if (dice.below(4) === 0) tooLate(args)
    if (await Promise.race([settled, sleep(30_000)]) === 'too long') throw new Error(`${name} does not settle`)
  } catch (error) {
    if (!isExpected(error)) throw new Error(`${name}(${args.map(describe).join(', ')}): ${error?.stack ?? String(error)}`)
  }
}

function describe(value) {
  try {
    return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value).slice(0, 40)
  } catch {
    return 'something that cannot be described'
  }
}

/** liveThrough makes a world and makes calls in it. Gives how many. */
async function liveThrough(seed) {
  const dice = new Dice(seed)
  const { objects, good, people } = await makeWorld()
  const calls = callsOf(objects)
  // What is taken from a good value must not reach the next call's.
  const copies = () => good.map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value))
  let count = 0
  for (; count < 150; count += 1) {
    const [name, work] = dice.of(calls)
    if (last.has(name.split(/[. ]/)[1]) && dice.below(20) > 0) continue
    const mine = copies()
    await call(name, work, Array.from({ length: dice.below(4) }, () => argument(dice, mine)), dice)
  }
  await Promise.all(people.map((one) => one.close()))
  return count
}

async function main() {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, artifact: { type: 'string' }, seed: { type: 'string' }, replay: { type: 'string' } },
  })
  if (values.replay) {
    await liveThrough(Number(fs.readFileSync(values.replay, 'utf8')))
    return
  }
  const dice = new Dice(Number(values.seed ?? Date.now()))
  const end = Date.now() + 1000 * Number(values.seconds ?? 20)
  let calls = 0
  while (Date.now() < end) {
    const seed = dice.below(2 ** 32)
    fs.writeFileSync(values.artifact, String(seed))
    calls += await liveThrough(seed)
  }
  fs.rmSync(values.artifact)
  console.log(`stat::number_of_executed_units: ${calls}`)
}

process.on('unhandledRejection', (error) => { throw error })
main().catch((error) => {
  console.error('does not hold:', error)
  process.exit(1)
})
