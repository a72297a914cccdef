// Several processes of one client over one store: who loses a race loses nothing else.
import { setTimeout as sleep } from 'node:timers/promises'
import { decode, memoryStore, type Client, type ClientOptions, type Group } from '../../lib'
import { toHex } from '../../lib/bytes'
import { addTo, agree, fails, keyPackage, open, text } from './support/people'
import { gate, toldStore, type ToldStore } from './support/stores'

interface Scene {
  readonly store: ToldStore
  /** Alice's group in two processes. */
  readonly one: Group
  readonly two: Group
  readonly bobs: Group
  readonly carols: Group
  /** Atoms of alice that met another's. */
  readonly conflicts: () => number
}

async function scene(options: Partial<ClientOptions> = {}): Promise<Scene> {
  const store = toldStore(memoryStore())
  const client = (): Promise<Client> => open('alice', { store, ...options })
  const one = await (await client()).createGroup()
  const bobs = await addTo(one, await open('bob'))
  const carols = await addTo(one, await open('carol'), [bobs])
  const two = await (await client()).group(one.id)
  let conflicts = 0
  store.told = (atom, inner) => inner.commit(atom).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'StoreConflict') conflicts += 1
    throw error
  })
  return { store, one, two, bobs, carols, conflicts: () => conflicts }
}

test('a client that several processes begin at once is one client', async () => {
  const store = memoryStore()
  const clients = await Promise.all(Array.from({ length: 8 }, () => open('alice', { store, suites: [1, 2] })))
  const packages = await Promise.all(clients.map((client) => keyPackage(client)))
  const keys = await Promise.all(packages.map(async (bytes) => {
    const message = await decode(bytes)
    return message.wireFormat === 'key-package' ? toHex(message.leafNode.signatureKey) : message.wireFormat
  }))
  expect(new Set(keys).size).toBe(1)
  const again = await open('alice', { store, suites: [1, 2] })
  expect(again.keyPackages.list()).toHaveLength(8)
  await Promise.all(clients.map((client) => client.close()))
})

test('messages of different senders are received beside each other', async () => {
  const { one, two, bobs, carols, conflicts } = await scene()
  // A sender's first message of an epoch takes from the secret tree, which all share.
  await one.receive(await bobs.send('first'))
  await two.receive(await carols.send('first'))
  const before = conflicts()
  for (let i = 0; i < 5; i += 1) {
    const [a, b] = await Promise.all([one.receive(await bobs.send(`b${i}`)), two.receive(await carols.send(`c${i}`))])
    expect([a, b].map((event) => event.kind === 'message' && text(event.data))).toEqual([`b${i}`, `c${i}`])
  }
  expect(conflicts()).toBe(before)
})

test('one message is received once, in whichever process', async () => {
  const { one, two, bobs } = await scene()
  const message = await bobs.send('once')
  const settled = await Promise.allSettled([one.receive(message), two.receive(message)])
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'KEY_CONSUMED' } })
  await fails(one.receive(message), 'KEY_CONSUMED')
  await fails(two.receive(message), 'KEY_CONSUMED')
})

test('both send, and no generation is used twice', async () => {
  const { one, two, bobs } = await scene()
  const messages = await Promise.all(Array.from({ length: 80 }, (_, i) => (i % 2 ? one : two).send(`${i}`)))
  const received = await bobs.receiveMany(messages)
  expect(received.map((event) => (event.kind === 'message' ? text(event.data) : event.kind))).toEqual(messages.map((_, i) => `${i}`))
})

test('a commit of one process is the other one\'s epoch at its next step', async () => {
  const { one, two, bobs, carols } = await scene()
  const commit = await one.commit()
  await commit.accepted()
  await bobs.receive(commit.message)
  await carols.receive(commit.message)
  const event = await two.receive(await bobs.send('in the new epoch'))
  expect(event.kind).toBe('message')
  agree(one, two, bobs, carols)
})

test('refresh shows what the other process has stored', async () => {
  const { one, two, bobs } = await scene()
  const commit = await one.commit()
  await two.refresh()
  expect(two.pending().map(({ message }) => message)).toEqual([commit.message])
  await two.pending()[0]?.accepted()
  await one.refresh()
  await bobs.receive(commit.message)
  agree(one, two, bobs)
  await fails(commit.accepted(), 'STALE_CANDIDATE')
})

test('a commit comes back to a process that did not make it', async () => {
  const { one, two } = await scene()
  const commit = await one.commit({ remove: [2] })
  const event = await two.receive(commit.message)
  expect(event).toMatchObject({ kind: 'commit', own: true, removed: Uint32Array.of(2) })
  expect(two.memberCount).toBe(2)
})

test('a commit refers to a proposal that another process received', async () => {
  const { one, two, bobs, carols } = await scene()
  const { message } = await bobs.propose({ type: 'update' })
  await carols.receive(message)
  await one.receive(message)
  const commit = await carols.commit()
  const event = await two.receive(commit.message)
  expect(event).toMatchObject({ kind: 'commit', own: false, updated: Uint32Array.of(1) })
})

test('a removal that the other process read ends the group here too', async () => {
  const { one, two, bobs } = await scene()
  const { message } = await bobs.commit({ remove: [0] })
  await one.receive(message)
  await two.refresh()
  expect(two.phase).toBe('removed')
  await fails(two.commit(), 'REMOVED')
  await fails(one.refresh(), 'REMOVED')
})

test('who lost a race reads what changed, and not the group', async () => {
  const { store, one, two, bobs } = await scene()
  for (let i = 0; i < 30; i += 1) await addTo(one, await open(`member-${i}`), [bobs])
  await two.refresh()
  const loads: { readonly since: bigint | undefined; size: number }[] = []
  store.loaded = (since, size) => void loads.push({ since, size })
  const whole = (await one.tree()).length
  const messages = [await bobs.send('a'), await bobs.send('b'), await bobs.send('c')]
  await one.receive(messages[0] as Uint8Array)
  await two.receive(messages[1] as Uint8Array)
  await one.receive(messages[2] as Uint8Array)
  const commit = await one.commit()
  await commit.accepted()
  await bobs.receive(commit.message)
  await two.send('x')
  await two.receive(await bobs.send('d'))
  agree(one, two, bobs)
  expect(loads.length).toBeGreaterThanOrEqual(3)
  expect(loads.every(({ since }) => since !== undefined)).toBe(true)
  expect(Math.max(...loads.map(({ size }) => size))).toBeLessThan(whole)
})

test('commits that race: one is stored first, the other is made again while the epoch is the same', async () => {
  const { one, two } = await scene()
  const [first, second] = await Promise.all([one.commit(), two.commit()])
  expect(first.id).not.toBe(second.id)
  await first.accepted()
  await fails(second.accepted(), 'STALE_CANDIDATE')
  expect(two.epoch).toBe(one.epoch)
})

test('with report, the loser is told, and sees what the winner did', async () => {
  const { one, two } = await scene({ onConflict: 'report' })
  const settled = await Promise.allSettled([one.commit(), two.commit()])
  const lost = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  expect(lost).toMatchObject([{ code: 'STORE_CONFLICT' }])
  await (await two.commit()).accepted()
})

describe('leases', () => {
  const leases = { duration: 300 }

  test('one process sends; another does when the lease was given back', async () => {
    const { one, two, bobs } = await scene({ leases })
    const message = await one.send('mine')
    expect(one.lease?.token).toBe(1n)
    await fails(two.send('not mine'), 'LEASE_HELD')
    await expect(two.send('nor now')).rejects.toMatchObject({ cause: { message: expect.stringMatching(/until \d{4}-\d\d-\d\dT[\d:.]+Z$/) as string } })
    await fails(two.commit(), 'LEASE_HELD')
    await fails(two.propose({ type: 'update' }), 'LEASE_HELD')
    expect(two.lease).toBeNull()
    expect((await bobs.receive(message)).kind).toBe('message')
    await one.close()
    expect((await bobs.receive(await two.send('mine now'))).kind).toBe('message')
    expect(two.lease?.token).toBe(2n)
  })

  test('both receive, also in the order of their calls with what is refused', async () => {
    const { one, two, bobs, carols } = await scene({ leases })
    await one.send('mine')
    const [a, b] = [await bobs.send('a'), await carols.send('b')]
    const [first, refused, second] = await Promise.allSettled([two.receive(a), two.send('x'), two.receive(b)])
    expect([first, second].map((one) => one.status)).toEqual(['fulfilled', 'fulfilled'])
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'LEASE_HELD' } })
  })

  test('of one who is gone it runs out, and of one who goes on it does not', async () => {
    const { one, two, bobs } = await scene({ leases })
    for (let i = 0; i < 6; i += 1) {
      await one.send(`${i}`)
      await fails(two.send('x'), 'LEASE_HELD')
      await sleep(100)
    }
    await sleep(300)
    expect((await bobs.receive(await two.send('taken over'))).kind).toBe('message')
    await fails(one.send('x'), 'LEASE_HELD')
  })

  test('one who was paused past its time stores nothing, and the new holder has the last word', async () => {
    const { store, one, two, bobs } = await scene({ leases })
    const inner = store.told
    const paused = gate()
    const first = await one.commit()
    // From here on the store is slow for one: its atom arrives after its time.
    store.told = async (atom, below) => {
      if (atom.parts.length === 2) await paused.passed
      return (inner as NonNullable<typeof inner>)(atom, below)
    }
    const late = one.propose({ type: 'update' })
    await sleep(400)
    store.told = inner
    const commit = await two.commit()
    await commit.accepted()
    paused.open()
    await expect(late).rejects.toMatchObject({ code: expect.stringMatching(/STORE_CONFLICT|LEASE_HELD/) as string })
    await fails(first.accepted(), 'STALE_CANDIDATE')
    await bobs.receive(commit.message)
    agree(two, bobs)
  })

  test('two that want it at once: one has it', async () => {
    const { one, two } = await scene({ leases })
    const settled = await Promise.allSettled([one.send('a'), two.send('b')])
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'LEASE_HELD' } })
  })
})

test('a lease that is taken while writes of its taker are under way', async () => {
  const { one, bobs, carols } = await scene({ leases: { duration: 300 } })
  const messages = [await bobs.send('a'), await carols.send('b')]
  const [, sent, , committed] = await Promise.all([
    one.receive(messages[0] as Uint8Array), one.send('x'), one.receive(messages[1] as Uint8Array), one.commit(),
  ])
  expect((await bobs.receive(sent)).kind).toBe('message')
  await committed.accepted()
})
