// A group on its way from one SQLite file to another, in a process that may be killed anywhere: mover.cjs FOLDER MODE.
//
//     begin   alice's group in old.db, with bob in bob.db
//     move    as far as it is not done yet: export, write the bytes, release, import, finish
//     senders in which files alice can send, and what she sent
//     receive bob reads a message (hex)
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Client, sqliteStore, trustAnyCredential } = require('../../../dist')

const [folder = '', mode = '', argument = ''] = process.argv.slice(2)
const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex')

/** @param {string} file @param {string} identity */
const open = (file, identity) =>
  Client.open({ identity, store: sqliteStore(path.join(folder, file)), authenticate: trustAnyCredential, durableEvents: true })

/** @type {Record<string, () => Promise<unknown>>} */
const modes = {
  begin: async () => {
    const [alice, bob] = [await open('old.db', 'alice'), await open('bob.db', 'bob')]
    await open('new.db', 'alice')
    const group = await alice.createGroup()
    const [made] = await bob.keyPackages.create()
    const commit = await group.commit({ add: [made?.message ?? new Uint8Array()] })
    const { welcome } = await commit.accepted()
    const bobs = await bob.join(welcome ?? new Uint8Array())
    await group.receive(await bobs.send('not acknowledged'))
    await group.send('reserves')
    await group.commit()
    return null
  },
  move: async () => {
    const [from, to] = [await open('old.db', 'alice'), await open('new.db', 'alice')]
    const file = path.join(folder, 'bytes')
    const [listed] = from.groups()
    if (!listed) return 'moved before'
    const moving = await from.exportGroup(listed.id)
    const parts = []
    for await (const part of moving.parts()) parts.push(part)
    fs.writeFileSync(file, Buffer.concat(parts), { flush: true })
    const key = await moving.release()
    await to.importGroup(fs.readFileSync(file), key)
    await moving.finish()
    return 'moved'
  },
  senders: async () => {
    /** @type {Record<string, string>} */
    const sent = {}
    for (const file of ['old.db', 'new.db']) {
      const client = await open(file, 'alice')
      const [listed] = client.groups()
      const frozen = listed?.status === 'exported' || listed?.status === 'released'
      const group = listed ? await client.group(listed.id).catch((/** @type {{ code: string }} */ { code }) => code) : 'none'
      if (typeof group === 'string' && group !== (frozen ? 'GROUP_MOVED' : 'none')) throw new Error(`${file}: ${listed?.status} ${group}`)
      if (typeof group === 'string') continue
      if (frozen) throw new Error(`${file}: frozen and loaded`)
      if (group.pending().length !== 1) throw new Error(`${file}: the candidate is gone`)
      let waiting = 0
      for await (const event of client.unacknowledged()) waiting += event.kind === 'message' ? 1 : 0
      if (waiting !== 1) throw new Error(`${file}: ${waiting} events wait`)
      sent[file] = hex(await group.send(`from ${file}`))
    }
    return sent
  },
  receive: async () => {
    const bob = await open('bob.db', 'bob')
    const received = await bob.receive(Buffer.from(argument, 'hex'))
    return received.kind
  },
}

void (async () => {
  try {
    process.send?.({ value: await modes[mode]?.() })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.stack : String(error) })
  }
  setImmediate(() => process.exit())
})()
