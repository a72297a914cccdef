// One member of one group, in a process of its own that may be killed at any moment. It does what it is told by IPC and
// says when it was done, which is when the library's promise has settled.
'use strict'

const { Client, MlsError, isMlsError, postgresStore, sqliteStore, trustAnyCredential } = require('../../../dist')

/** @type {import('../../../dist').Client} */
let client
/** @type {import('../../../dist').Group} */
let group

const describe = () => ({
  epoch: group.epoch,
  phase: group.phase,
  authenticator: group.epochAuthenticator,
  pending: group.pending().map(({ message }) => message),
})

/** @param {string} place */
const storeOf = (place) => (place.startsWith('postgres') ? postgresStore(place) : sqliteStore(place, { busyTimeout: 60_000 }))

/** What is done with an event comes before its ack: here, that the answer is in the pipe. @typedef {(work: () => void) => void} Afterwards */
/** @type {Record<string, (argument: any, afterwards: Afterwards) => Promise<unknown>>} */
const operations = {
  open: async ({ store, name, ...options }) => {
    client = await Client.open({ identity: name, store: storeOf(store), authenticate: trustAnyCredential, ...options })
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
