// A process that makes groups in a file which others have open, too: node creator.cjs PLACE. It is told ids, in hex, and
// says of each what came of it.
'use strict'

const { Client, MlsError, sqliteStore, trustAnyCredential } = require('../../../../dist')

const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex')

async function start() {
  const store = sqliteStore(process.argv[2] ?? '', { busyTimeout: 60_000 })
  const client = await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential })
  process.on('message', (/** @type {string} */ groupId) => {
    client.createGroup({ groupId: Buffer.from(groupId, 'hex') }).then(
      (group) => process.send?.({ authenticator: hex(group.epochAuthenticator) }),
      (error) => process.send?.({ code: error instanceof MlsError ? error.code : String(error.stack) }),
    )
  })
  process.send?.({ code: 'ready' })
}

process.on('disconnect', () => process.exit())
void start()
