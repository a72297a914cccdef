// One member of one group, in a process of its own that may be killed at any moment. It does what it is told by IPC and
// says when it was done, which is when the library's promise has settled.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { Client, MlsError, isMlsError, postgresStore, sqliteStore, trustAnyCredential } = require('../../../dist')
const { Watched } = require('./watched.cjs')

/** @type {import('../../../dist').Client} */
let client
/** @type {import('../../../dist').Group} */
let group
/** @type {Watched} */
let watched
let flooding = false

/** tell says something that nobody asked for; it resolves when that is in the pipe. @param {object} told @returns {Promise<void>} */
const tell = (told) => new Promise((resolve) => {
  process.send?.({ told }, () => resolve())
})

/** flood sends one message after the other and tells each, and tells when it may not. @param {string} text */
async function flood(text) {
  for (let i = 0; flooding; i += 1) {
    try {
      const message = await group.send(`${text}${i}`)
      await tell({ kind: 'released', text: `${text}${i}`, message, lease: group.lease })
    } catch (error) {
      if (!isMlsError(error, 'LEASE_HELD', 'STORE_CONFLICT')) throw error
      await tell({ kind: 'refused', code: error.code })
      await sleep(10)
    }
  }
}

const describe = () => ({
  epoch: group.epoch,
  phase: group.phase,
  authenticator: group.epochAuthenticator,
  pending: group.pending().map(({ message }) => message),
})

/** storeOf: a file, or the URL of a server and perhaps `#` and a schema. @param {string} place */
function storeOf(place) {
  if (!place.startsWith('postgres')) return sqliteStore(place, { busyTimeout: 60_000 })
  const [url = '', schema] = place.split('#')
  return postgresStore(url, schema ? { schema } : {})
}

/** What is done with an event comes before its ack: here, that the answer is in the pipe. @typedef {(work: () => void) => void} Afterwards */
/** @type {Record<string, (argument: any, afterwards: Afterwards) => Promise<unknown>>} */
const operations = {
  open: async ({ store, name, ...options }) => {
    watched = new Watched(storeOf(store))
    client = await Client.open({ identity: name, store: watched.store, authenticate: trustAnyCredential, ...options })
    const [first] = client.groups()
    if (!first) return null
    group = await client.group(first.id)
    return describe()
  },
  keyPackage: async () => (await client.keyPackages.create())[0]?.message,
  join: async (welcome) => {
    group = await client.join(welcome)
    return describe()
  },
  send: (text) => group.send(text),
  // From some lanes at once, until `calm`.
  flood: async ({ text, lanes }) => {
    flooding = true
    await Promise.all(Array.from({ length: lanes }, (_, lane) => flood(`${text}/${lane}/`)))
  },
  calm: async () => {
    flooding = false
  },
  lease: async () => group.lease,
  close: () => client.close(),
  counted: async () => watched.counted(),
  // Stops the process before its next atom goes to the store; what it said until then is in the pipe.
  stopBefore: async () => watched.stopAt('before', () => tell({ kind: 'stopping' })),
  // Stores what a received message changes, sends without storing anything, and is stopped before it knows that the former is stored.
  sendAndStop: async ({ message, text }) => {
    /** @type {Promise<Uint8Array> | undefined} */
    let sending
    watched.stopAt('after', async () => {
      sending = group.send(text)
      sending.catch(() => {})
      await sleep(50)
      await tell({ kind: 'stopping' })
    })
    await group.receive(message)
    return sending
  },
  receive: async (message, afterwards) => {
    const event = await group.receive(message)
    if (event.kind !== 'own' && event.kind !== 'staged') afterwards(() => event.ack?.().catch(() => {}))
    return event.kind === 'message' ? { kind: event.kind, text: Buffer.from(event.data).toString() } : { kind: event.kind }
  },
  commit: async () => (await group.commit()).message,
  // Commits until so many were the first of their epochs.
  commits: async (count) => {
    const won = []
    while (won.length < count) {
      try {
        const commit = await group.commit()
        const { commit: { epoch } } = await commit.accepted()
        won.push({ epoch, message: commit.message })
      } catch (error) {
        if (!isMlsError(error, 'STALE_CANDIDATE', 'STORE_CONFLICT')) throw error
      }
    }
    return won
  },
  accept: async (message) => {
    await group.pending().find((one) => Buffer.from(one.message).equals(message))?.accepted()
    return describe()
  },
  reject: async (message) => {
    await group.pending().find((one) => Buffer.from(one.message).equals(message))?.rejected()
  },
  unacknowledged: async () => {
    const texts = []
    for await (const event of client.unacknowledged()) {
      if (event.kind === 'message') texts.push(Buffer.from(event.data).toString())
      await event.ack()
    }
    return texts
  },
  propose: async () => (await group.propose({ type: 'update' })).message,
  refresh: async () => {
    await group.refresh()
    return describe()
  },
  describe: async () => describe(),
}

process.on('message', (/** @type {any} */ { call, operation, argument }) => {
  /** @type {(() => void)[]} */
  const after = []
  const done = operations[operation]?.(argument, (work) => after.push(work)) ?? Promise.reject(new TypeError(operation))
  done.then(
    (value) => process.send?.({ call, value }, () => after.forEach((work) => work())),
    (error) => process.send?.({ call, error: { code: error instanceof MlsError ? error.code : String(error.stack) } }),
  )
})
process.on('disconnect', () => process.exit())
