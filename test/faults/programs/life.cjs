// The life of a member, with one step of every kind (life-steps.cjs), for faults to strike at each of its writes or messages to
// the store.
//
// It takes orders by IPC, one after the other, each { place, mode }, and says { end: true } behind what it tells:
//
//     live     does the steps, and tells of each write, and of each step when it was done; one that fails because the store does
//              is tried again. What fails changes no row. With `strikes` that call of each step fails (support/fault-at.c)
//     check    tells which rows are there, what is seen of them, and that it goes on
//
// A place is a folder, for SQLite, or the address of a PostgreSQL with a schema behind a `#`, and behind another one the address
// by which rows are looked at while she lives.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { inspect } = require('node:util')
const BetterSqlite3 = require('better-sqlite3')
const { Client: PgClient } = require('pg')
const { Client, isMlsError, postgresStore, rowChanges, sqliteStore, trustAnyCredential } = require('../../../dist')
const { Recorded } = require('../support/recorded.cjs')
const { FileWitness, look, lookAt } = require('../support/witness.cjs')
const { clock, duration, keys, stepsOf } = require('./life-steps.cjs')

/** @typedef {import('../../../lib').Store} Store */
/** @typedef {import('./life-steps.cjs').People} People */

/** storeAt opens the store of a life. @param {string} place @returns {Store} */
function storeAt(place) {
  const [address = '', schema = ''] = place.split('#')
  return schema ? postgresStore(address, { schema, retryTimeout: 60 }) : sqliteStore(fileIn(place))
}
/** @param {string} place */
const fileIn = (place) => path.join(place, 'alice.db')

/** witnessAt looks at the rows of a life over a connection of its own. @param {string} place */
async function witnessAt(place) {
  const [, schema, address] = place.split('#')
  if (!schema) {
    const witness = new FileWitness(fileIn(place), rowChanges)
    return { look: async () => witness.look(), close: async () => witness.close() }
  }
  const client = new PgClient(address)
  await client.connect()
  return { look: () => lookAt(client, schema), close: () => client.end() }
}

/** openWith opens alice with whichever key it is that she has now. @param {Store} store @returns {Promise<Client>} */
async function openWith(store, [encryptionKey, ...others] = keys) {
  try {
    return await Client.open({
      identity: 'alice', store, authenticate: trustAnyCredential, durableEvents: true, leases: { duration },
      // What is imported and joined in the life was made long ago.
      policy: { lifetimes: 'ignore' },
      ...(encryptionKey && { encryptionKey }),
    })
  } catch (error) {
    if (others.length === 0 || !isMlsError(error, 'WRONG_ENCRYPTION_KEY')) throw error
    return openWith(store, others)
  }
}

/** openAlice opens her, with what she was told and has not acknowledged in `events`. @param {People} people */
async function openAlice(people) {
  const alice = await openWith(people.store)
  people.events = []
  for await (const event of alice.unacknowledged()) people.events.push({ event, group: event.group })
  /** @param {any} event */
  const hear = (event) => void people.events.push({ event, group: event.group })
  for (const kind of /** @type {const} */ (['message', 'proposal', 'commit'])) alice.on(kind, hear)
  people.alice = alice
}

/** What can be seen of a client and its events, the same in every run. @param {People} people */
async function describe({ alice, events }) {
  const groups = []
  for (const { id, status } of alice.groups()) {
    const group = await alice.group(id).catch((/** @type {unknown} */ error) => {
      if (!isMlsError(error, 'REMOVED')) throw error
    })
    // That it was removed is noted in the list a moment after the removal itself.
    if (!group || group.phase === 'removed') continue
    const { epoch, phase, memberCount } = group
    groups.push({ status, epoch, phase, memberCount, pending: group.pending().length, proposals: group.proposals.length })
  }
  groups.sort((a, b) => (JSON.stringify(a, json) < JSON.stringify(b, json) ? -1 : 1))
  const waiting = events.map((/** @type {any} */ { event }) => {
    const { kind, epoch, data, sender, committer, welcomes } = event
    return JSON.stringify({ kind, epoch, sender, committer, data: data && Buffer.from(data).toString(), welcomes: welcomes?.count }, json)
  })
  return JSON.stringify({ groups, keyPackages: alice.keyPackages.list().length, waiting: waiting.sort() }, json)
}
/** @param {string} _key @param {unknown} value */
const json = (_key, value) => (typeof value === 'bigint' ? Number(value) : value)

/** patiently tries again what fails because the store does: the first error, and what it came to. @param {(tries: number) => Promise<any>} work */
async function patiently(work) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work(tries)
    } catch (error) {
      if (!isMlsError(error, 'STORE_FAILED') || tries === 100) throw error
      await sleep(10)
    }
  }
}

/** @param {object} what */
const tell = (what) => new Promise((resolve) => process.send?.(what, resolve))

/**
 * spoiled breaks the first atom from the `at`th write on that changes two scopes: one is changed, and then it fails or dies.
 * @typedef {{ at: number, then: 'fail' | 'die' }} Spoil
 * @param {Store} store @param {Spoil | undefined} spoil @returns {Store}
 */
function spoiled(store, spoil) {
  let writes = 0
  let isDone = !spoil
  /** @type {Store['commit']} */
  const commit = async (atom) => {
    const [first, ...others] = atom.parts.filter(({ changes }) => changes.length > 0)
    writes += 1
    if (isDone || !first || others.length === 0 || writes < (spoil?.at ?? 0)) return store.commit(atom)
    isDone = true
    await store.commit({ ...atom, parts: [first] })
    if (spoil?.then === 'die') process.kill(process.pid, 'SIGKILL')
    throw new Error('half of it is there')
  }
  return {
    commit, load: (...words) => store.load(...words), list: (prefix) => store.list(prefix),
    delete: (scope) => store.delete(scope), close: () => store.close(),
  }
}

/** Which try of a step it is, and how many writes it has had. */
const trying = { tries: 0, writes: 0 }
/** @param {number} tries */
const tryFor = (tries) => void Object.assign(trying, { tries, writes: 0 })

/**
 * held lets another connection hold the file: while the first write of a step is made, then, in its next try, the second, and so on.
 * @param {Store} store @param {string} file @returns {Store}
 */
function held(store, file) {
  /** @template T @param {() => Promise<T>} write @returns {Promise<T>} */
  const whileHeld = async (write) => {
    const holder = trying.writes === trying.tries && fs.existsSync(file) ? new BetterSqlite3(file) : null
    trying.writes += 1
    holder?.exec('BEGIN EXCLUSIVE')
    try {
      const result = await write()
      if (holder) throw new Error('it was written to a file that another held')
      return result
    } finally {
      holder?.close()
    }
  }
  return {
    commit: (atom) => whileHeld(() => store.commit(atom)), delete: (scope) => whileHeld(() => store.delete(scope)),
    load: (...words) => store.load(...words), list: (prefix) => store.list(prefix), close: () => store.close(),
  }
}

/** What fault-at.c is told with, by the program itself: the call that it strikes, and the calls that it has counted. */
const control = process.env.FAULT_CONTROL ? fs.openSync(process.env.FAULT_CONTROL, 'r+') : null

/** countedCalls gives the writes and syncs so far; 0 when nobody counts. */
function countedCalls() {
  if (control === null) return 0
  const calls = Buffer.alloc(8)
  fs.readSync(control, calls, 0, 8, 8)
  return Number(calls.readBigInt64LE())
}

/** strike lets a call fail, counted from now. @param {number} number */
function strike(number) {
  if (control === null) throw new Error('no FAULT_CONTROL')
  const at = Buffer.alloc(8)
  at.writeBigInt64LE(BigInt(countedCalls() + number))
  fs.writeSync(control, at, 0, 8, 0)
}

/** requireUntouched: no write that failed has changed any row. @param {Recorded} store @param {string} step */
function requireUntouched({ wrong }, step) {
  if (wrong.length > 0) throw new Error(`${step}: ${wrong.join('\n')}`)
}

/** @param {Order} order */
async function live({ place, spoil, shapes, isHeld = false, strikes = 0 }) {
  clock.ahead = 0
  const witness = await witnessAt(place)
  const inner = isHeld ? held(sqliteStore(fileIn(place), { busyTimeout: 5 }), fileIn(place)) : spoiled(storeAt(place), spoil)
  const store = new Recorded(inner, () => witness.look(), ({ shape, ...rows }) => tell({ rows: { ...rows, ...(shapes && { shape }) } }))
  /** @type {People} */
  const people = { store }
  let state = null
  /** Writes that a later step may have besides its own, since one failed: of the lease and of generations, by what its group sends next. */
  let more = 0
  for (const [name, before, step, writes = ['one']] of stepsOf(openAlice)) {
    await before(people)
    store.begin()
    const calls = countedCalls()
    if (strikes > 0) strike(strikes)
    let failed = null
    tryFor(0)
    try {
      await step(people)
    } catch (error) {
      if (!isMlsError(error, 'STORE_FAILED')) throw error
      failed = name
      more += 2
      await store.quiet(0)
      requireUntouched(store, name)
      const after = people.alice ? await patiently(() => describe(people)) : state
      if (after !== state) throw new Error(`${name} failed and changed ${state} to ${after}`)
      await patiently((tries) => (tryFor(tries + 1), step(people)))
    }
    await store.quiet(failed ? 0 : writes.length)
    requireUntouched(store, name)
    const others = failed ? 0 : store.writes - writes.length
    // What failed without the step, or was given up before it was written. A note that is missing is made when it is missed.
    const lost = failed ? [] : store.failed.map((number) => writes[number - 1])
    if (others < 0) lost.push(...writes.filter((write) => write.startsWith('(')).slice(others))
    if (lost.length < -others || others > more) throw new Error(`${name}: ${store.writes} writes, not ${writes.length}`)
    // One that is not its own may be what an earlier one has lost.
    if (lost.some((write) => (write === undefined ? more === 0 : !write.startsWith('(')))) throw new Error(`${name} did not say that it had lost ${lost}`)
    if (others > 0) more = 0
    more += lost.length
    const former = state
    if (people.alice) state = await patiently(() => describe(people))
    if (writes.length === 0 && state !== former) throw new Error(`${name} changed ${former} to ${state}`)
    await tell({ step: name, state, failed, lost, calls })
  }
  await Promise.all([people.alice, people.bob, people.carol].map((client) => client.close()))
  await Promise.all([store.close(), witness.close()])
}

/** @param {string} place */
async function check(place) {
  const store = storeAt(place)
  const rows = await look(store, rowChanges)
  /** @type {People} */
  const people = { store }
  await openAlice(people)
  const { alice } = people
  const state = await describe(people)
  clock.ahead = 8 * duration  // no lease of who died lasts so long
  for (const { id } of alice.groups()) {
    const group = await alice.group(id).catch(() => null)
    if (group?.phase !== 'active') continue
    for (const commit of group.pending()) await commit.rejected()
    await (await group.commit()).accepted()
    await group.send('and so on')
  }
  await alice.close()
  await store.close()
  await tell({ rows, state })
}

/** With `shapes` those behind each write are told as a whole, not their marks alone. @typedef {{ place: string, mode: 'live' | 'check', spoil?: Spoil, shapes?: boolean, isHeld?: boolean, strikes?: number }} Order */
process.on('message', async (/** @type {Order} */ order) => {
  try {
    await (order.mode === 'check' ? check(order.place) : live(order))
  } catch (error) {
    process.send?.({ error: inspect(error) })
  }
  process.send?.({ end: true })
})
