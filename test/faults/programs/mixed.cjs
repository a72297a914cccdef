// One of many processes of one client, with its groups. It does what it is told by IPC and says when the promise has settled.
'use strict'

const { Client, MlsError, postgresStore, sqliteStore, trustAnyCredential } = require('../../../dist')
const { Watched } = require('./watched.cjs')

/** @typedef {import('../../../dist').Client} Client */
/** @type {Client} */
let client
/** @type {Watched} */
let watched
/** What listeners were told, in words. @type {string[]} */
const heard = []

const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex')
const words = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString()

/** storeOf: a file, or the URL of a server, `#` and a schema. @param {string} place */
function storeOf(place) {
  const [url = '', schema] = place.split('#')
  return schema ? postgresStore(url, { schema }) : sqliteStore(place, { busyTimeout: 60_000 })
}

/** candidate finds a commit that this or another process made. @param {{ id: Uint8Array, message: Uint8Array }} which */
async function candidate({ id, message }) {
  const group = await client.group(id)
  await group.refresh()
  return group.pending().find((one) => hex(one.message) === hex(message))
}

/** told is what is said of an event. @param {import('../../../dist').Received} event @param {boolean} ack @param {(work: () => void) => void} afterwards */
function told(event, ack, afterwards) {
  // What is done with an event comes before its ack: here, that the answer is in the pipe.
  if (ack && 'ack' in event) afterwards(() => event.ack?.().catch(() => {}))
  return event.kind === 'message' ? { kind: event.kind, text: words(event.data) } : { kind: event.kind }
}

const codeOf = (/** @type {any} */ error) => (error instanceof MlsError ? error.code : String(error.stack))
/** whyOf gives the causes of an error in words. @param {any} error @returns {string} */
const whyOf = ({ cause }) => (cause instanceof Error ? [String(cause), whyOf(cause)].filter(Boolean).join(', by ') : '')
/** @param {Promise<unknown>} done */
const outcomeOf = (done) => done.then((value) => ({ value }), (error) => ({ code: codeOf(error), why: whyOf(error) }))

/** @param {Uint8Array} id */
async function stateOf(id) {
  const group = await client.group(id)
  await group.refresh()
  const { key, epoch, phase, epochAuthenticator } = group
  return { key, epoch, phase, authenticator: hex(epochAuthenticator), pending: group.pending().map(({ message }) => hex(message)).sort() }
}

/** @type {Record<string, (argument: any, afterwards: (work: () => void) => void) => Promise<unknown>>} */
const operations = {
  open: async ({ store, ...options }) => {
    watched = new Watched(storeOf(store))
    client = await Client.open({ identity: 'alice', store: watched.store, authenticate: trustAnyCredential, ...options })
    client.on('message', ({ data }) => heard.push(words(data)))
    client.on('commit', ({ group, epoch }) => heard.push(`${group.key} ${epoch}`))
  },
  createKeyPackages: async (count) => (await client.keyPackages.create(count)).map(({ reference, message }) => ({ reference: hex(reference), message })),
  deleteKeyPackages: (references) => client.keyPackages.delete(references.map((/** @type {string} */ one) => Buffer.from(one, 'hex'))),
  join: async (welcome) => (await client.join(welcome)).key,
  createGroup: async (groupId) => (await client.createGroup({ groupId })).key,
  deleteGroup: async (id) => (await client.group(id)).delete(),
  send: async ({ id, text }) => (await client.group(id)).send(text),
  receive: async ({ message, ack }, afterwards) => told(await client.receive(message), ack, afterwards),
  // In one turn, so that the one may fail beside the other.
  receiveAndSend: async ({ id, message, ack, text }, afterwards) => {
    const group = await client.group(id)
    const received = group.receive(message).then((event) => told(event, ack, afterwards))
    return Promise.all([received, group.send(text)].map(outcomeOf))
  },
  commit: async ({ id, psk = [] }) => (await (await client.group(id)).commit({ psk })).message,
  accept: async (which) => {
    const commit = await candidate(which)
    if (!commit) return false
    await (await commit.accepted()).ack?.()
    return true
  },
  reject: async (which) => (await candidate(which))?.rejected(),
  propose: async (id) => (await (await client.group(id)).propose({ type: 'update' })).message,
  putPsk: ({ id, secret }) => client.psks.put(id, secret),
  deletePsk: (id) => client.psks.delete(id),
  refresh: async (id) => {
    await client.refresh()
    await (await client.group(id)).refresh()
  },
  /** Everything that processes of one client have to agree on. */
  describe: async () => {
    await client.refresh()
    const groups = client.groups().map(({ key, status }) => `${key} ${status}`).sort()
    const keyPackages = client.keyPackages.list().map(({ reference }) => hex(reference)).sort()
    const states = await Promise.all(client.groups().map(({ id }) => stateOf(id)))
    return { groups, keyPackages, states: states.sort((a, b) => (a.key < b.key ? -1 : 1)) }
  },
  unacknowledged: async () => {
    const texts = []
    for await (const event of client.unacknowledged()) {
      if (event.kind === 'message') texts.push(words(event.data))
      await event.ack()
    }
    return texts
  },
  heard: async () => heard,
  counted: async () => watched.counted(),
  close: () => client.close(),
}

process.on('message', (/** @type {any} */ { call, operation, argument }) => {
  /** @type {(() => void)[]} */
  const after = []
  const done = operations[operation]?.(argument, (work) => after.push(work)) ?? Promise.reject(new TypeError(operation))
  done.then(
    (value) => process.send?.({ call, value }, () => after.forEach((work) => work())),
    (error) => process.send?.({ call, error: { code: codeOf(error), why: whyOf(error) } }),
  )
})
process.on('disconnect', () => process.exit())
