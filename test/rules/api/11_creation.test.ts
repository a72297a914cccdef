// RFC 9420 §11: what the creator of a group chooses, and what it never overwrites.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { memoryStore, sqliteStore } from '../../../lib'
import { toHex } from '../../../lib/bytes'
import { addTo, fails, keyPackage, misused, open } from '../../api/support/people'
import { times } from '../../faults/support/counts'

test('R11-01: a suite that is not the best one is chosen in so many words', async () => {
  const alice = await open('alice', { suites: [2, 1] })
  const bob = await open('bob', { suites: [2, 1] })
  const best = await alice.createGroup()
  expect(best.suite).toBe(2)
  const packages = await bob.keyPackages.create(1, { suite: 1 })
  // Who is handed key packages of a weaker suite alone cannot be led there by adding them.
  await fails(best.commit({ add: packages.map(({ message }) => message) }), 'INVALID_KEY_PACKAGE')
  expect(best.pending()).toEqual([])
  const weaker = await alice.createGroup({ suite: 1 })
  expect(weaker.suite).toBe(1)
  const commit = await weaker.commit({ add: packages.map(({ message }) => message) })
  const { welcome } = await commit.accepted()
  expect((await bob.join(welcome!)).suite).toBe(1)
  await misused(alice.createGroup({ suite: 3 }), 'RangeError', 'options.suite')
})

test('R11-03: without an id a group gets Nh random bytes', async () => {
  const alice = await open('alice', { suites: [1, 5] })
  const ids = new Set<string>()
  for (let i = 0; i < 500; i += 1) {
    const small = await alice.createGroup({ suite: 1 })
    expect(small.id).toHaveLength(32)
    ids.add(small.key)
  }
  const large = await alice.createGroup({ suite: 5 })
  expect(large.id).toHaveLength(64)
  expect(ids.size).toBe(500)
})

test('R11-04: creating a group never overwrites one that we have', async () => {
  const store = memoryStore()
  const groupId = Uint8Array.of(1, 2, 3)
  const alice = await open('alice', { store })
  const group = await alice.createGroup({ groupId })
  const bob = await open('bob')
  const commit = await group.commit({ add: [await keyPackage(bob)] })
  const { welcome } = await commit.accepted()
  const bobs = await bob.join(welcome!)
  const { epoch, epochAuthenticator } = group
  await fails(alice.createGroup({ groupId }), 'GROUP_EXISTS')
  // Another process of the same client: a client of its own over the same store.
  const elsewhere = await open('alice', { store })
  await fails(elsewhere.createGroup({ groupId }), 'GROUP_EXISTS')
  // Twice at once, in one process and in two.
  const other = Uint8Array.of(4)
  const both = await Promise.allSettled([alice, alice, elsewhere, elsewhere].map((one) => one.createGroup({ groupId: other })))
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
  for (const one of both) {
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ name: 'MlsError', code: 'GROUP_EXISTS' })
  }
  const again = await (await open('alice', { store })).group(groupId)
  expect(again).toMatchObject({ epoch, epochAuthenticator })
  expect((await bobs.receive(await again.send('still there'))).kind).toBe('message')
})

test('R11-04: of two processes that create a group at once, one does, and neither overwrites one', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-creation-'))
  const place = path.join(folder, 'alice.db')
  const store = sqliteStore(place, { busyTimeout: 60_000 })
  const alice = await open('alice', { store })
  const existing = await alice.createGroup()
  const bobs = await addTo(existing, await open('bob'))
  const { epoch, epochAuthenticator } = existing

  interface Said { readonly code?: string; readonly authenticator?: string }
  const said = async (process: ChildProcess): Promise<Said> => ((await once(process, 'message')) as [Said])[0]
  const program = path.join(__dirname, 'support', 'creator.cjs')
  const processes = [fork(program, [place], { execArgv: [] }), fork(program, [place], { execArgv: [] })]
  for (const one of await Promise.all(processes.map(said))) expect(one).toEqual({ code: 'ready' })
  const create = (id: Uint8Array): Promise<Said[]> => Promise.all(processes.map((process) => {
    const answer = said(process)
    process.send(toHex(id))
    return answer
  }))
  for (let i = 0; i < times(20, 500); i += 1) {
    const id = Uint8Array.of(i >> 8, i & 0xff)
    const both = await create(id)
    expect(both.map(({ code }) => code ?? 'made').sort()).toEqual(['GROUP_EXISTS', 'made'])
    // What is stored is what the one that made it has.
    const [made] = both.filter(({ authenticator }) => authenticator)
    expect(toHex((await alice.group(id)).epochAuthenticator)).toBe(made!.authenticator)
    expect(await create(id)).toEqual([{ code: 'GROUP_EXISTS' }, { code: 'GROUP_EXISTS' }])
  }
  expect(await create(existing.id)).toEqual([{ code: 'GROUP_EXISTS' }, { code: 'GROUP_EXISTS' }])
  const again = await open('alice', { store })
  expect(await again.group(existing.id)).toMatchObject({ epoch, epochAuthenticator })
  expect((await bobs.receive(await existing.send('still there'))).kind).toBe('message')

  await Promise.all(processes.map(async (process) => {
    process.disconnect()
    await once(process, 'exit')
  }))
  await Promise.all([alice.close(), again.close()])
  await store.close()
  fs.rmSync(folder, { recursive: true })
}, 600_000)
