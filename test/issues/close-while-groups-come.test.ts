// close() collected the groups in memory once and closed those. A group that was being stored just then (made, joined, imported, a
// successor) was adopted afterwards and never closed: its native object and its lease lived on, and it went on sending. A join
// whose question was still open failed with CLOSED, though close() says that it finishes what was called; receiveMany over more groups than
// it works in at a time loaded the rest afterwards. And whoever closed in a callback waited for its own answer.
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { memoryStore, type Client, type Group } from '../../lib'
import { native } from '../../lib/native'
import { addTo, fails, keyPackage, open } from '../api/support/people'
import { gate, toldStore, type Gate, type ToldStore } from '../api/support/stores'

/** held lets no atom through until the gate opens, and says when the first has come. */
function held(store: ToldStore): Gate & { readonly came: Promise<void> } {
  const [passing, came] = [gate(), gate()]
  store.told = async (atom, inner) => {
    came.open()
    await passing.passed
    return inner.commit(atom)
  }
  return { ...passing, came: came.passed }
}

type Way = (alice: Client, group: Group) => Promise<Group>

const ways: [string, Way][] = [
  ['made', (alice) => alice.createGroup()],
  ['joined', async (alice) => {
    const others = await (await open('carol')).createGroup()
    const { welcome } = await (await others.commit({ add: [await keyPackage(alice)] })).accepted()
    return alice.join(welcome!)
  }],
  ['joined externally', async (alice) => {
    const others = await (await open('carol')).createGroup()
    return (await alice.joinExternally(await others.groupInfo())).group
  }],
  ['a branch', async (_, group) => (await group.branch([await keyPackage(await open('bob'))])).group],
]

test.each(ways)('a group that is being stored when its client closes is closed too: %s', async (_, way) => {
  const store = toldStore()
  const alice = await open('alice', { store, leases: { duration: 60_000 } })
  const group = await alice.createGroup()
  await addTo(group, await open('bob'))
  // What comes before the atom of the way itself passes.
  let holding: ReturnType<typeof held> | null = null
  const { commit } = store
  const before = store.atoms.length
  const coming = gate()
  store.commit = async (atom) => {
    const isNew = atom.parts.length > 1 && atom.parts.some(({ scope, expect: { epoch } }) => scope[0] === 2 && epoch === 0n)
    if (isNew && !holding) {
      holding = held(store)
      coming.open()
    }
    return commit(atom)
  }
  const making = way(alice, group)
  await coming.passed
  const closing = alice.close()
  for (let turns = 0; turns < 20; turns += 1) await turn()
  holding!.open()
  const made = await making
  await closing
  expect(store.atoms.length).toBeGreaterThan(before)
  await fails(made.send('x'), 'CLOSED')
  await fails(made.tree(), 'CLOSED')
  expect(made.lease).toBeNull()
  store.told = null
  const again = await open('alice', { store })
  expect(again.groups().map(({ key }) => key)).toContain(made.key)
})

test('an import that is being stored is finished and closed; one that still reads its bytes is not', async () => {
  const [store, target] = [memoryStore(), toldStore()]
  const from = await open('alice', { store })
  const { id } = await from.createGroup()
  const moving = await from.exportGroup(id)
  const parts: Uint8Array[] = []
  for await (const part of moving.parts()) parts.push(part)
  const key = await moving.release()

  const reading = await open('alice', { store: target })
  const more = gate()
  const importing = reading.importGroup((async function* () {
    yield parts[0]!
    await more.passed
    yield* parts.slice(1)
  })(), key)
  await turn()
  await reading.close()
  more.open()
  await fails(importing, 'CLOSED')

  const to = await open('alice', { store: target })
  const holding = held(target)
  const imported = to.importGroup(parts, key)
  await holding.came
  const closing = to.close()
  holding.open()
  const group = await imported
  await closing
  await fails(group.send('x'), 'CLOSED')
})

test('a join whose question is open when its client closes is finished', async () => {
  const [asked, answer] = [gate(), gate()]
  const bob = await open('bob', { authenticate: async (batch) => {
    asked.open()
    await answer.passed
    return batch.map(() => true)
  } })
  const group = await (await open('alice')).createGroup()
  const { welcome } = await (await group.commit({ add: [await keyPackage(bob)] })).accepted()
  const joining = bob.join(welcome!)
  await asked.passed
  const closing = bob.close()
  await fails(bob.createGroup(), 'CLOSED')
  answer.open()
  const joined = await joining
  expect(joined.epochAuthenticator).toEqual(group.epochAuthenticator)
  await closing
  await fails(joined.send('x'), 'CLOSED')
})

test('receiveMany and key packages that were called before are finished', async () => {
  const store = toldStore()
  const before = await open('bob', { store })
  const alice = await open('alice')
  const messages: Uint8Array[] = []
  for (let i = 0; i < 8; i += 1) {
    const group = await alice.createGroup()
    await addTo(group, before)
    messages.push(await group.send('x'))
  }
  await before.close()
  const bob = await open('bob', { store, maxLoadedGroups: 2 })
  const [receiving, making] = [bob.receiveMany(messages), bob.keyPackages.renew({ count: 20 })]
  await bob.close()
  expect(await making).toHaveLength(20)
  const received = await receiving
  expect(received.map(({ kind }) => kind)).toEqual(messages.map(() => 'message'))
  for (const { group } of received) await fails(group!.send('x'), 'CLOSED')
})

describe('whoever closes in a callback is told so, and what was called goes on', () => {
  /** closingIn makes bob, who closes in his `authenticate` what `closed` gives. */
  async function closingIn(closed: (bob: Client) => { close(): Promise<void> }): Promise<{ bob: Client; codes: string[] }> {
    const codes: string[] = []
    const bob: Client = await open('bob', { answerTimeout: 2_000, authenticate: async (batch) => {
      await closed(bob).close().then(() => codes.push('closed'), (error: { code: string }) => codes.push(error.code))
      return batch.map(() => true)
    } })
    return { bob, codes }
  }

  test('of a join', async () => {
    const { bob, codes } = await closingIn((client) => client)
    const group = await (await open('alice')).createGroup()
    const joined = await addTo(group, bob)
    expect(codes).toEqual(['REENTRANT'])
    await joined.send('it stayed open')
    await bob.close()
    await fails(joined.send('x'), 'CLOSED')
  })

  test.each(['the client', 'the group'])('of a group: %s', async (which) => {
    let group: Group | null = null
    const { bob, codes } = await closingIn((client) => (which === 'the client' ? client : group!))
    group = await bob.createGroup()
    await (await group.commit({ add: [await keyPackage(await open('carol'))] })).accepted()
    expect(codes).toEqual(['REENTRANT'])
    await group.close()
    await bob.close()
  })

  test('when somebody else closes already', async () => {
    let closing: Promise<void> | null = null
    const { bob, codes } = await closingIn((client) => ({ close: async () => {
      await sleep(20)  // closed from outside meanwhile
      return client.close()
    } }))
    const group = await bob.createGroup()
    const committing = group.commit({ add: [await keyPackage(await open('carol'))] })
    await sleep(5)
    closing = bob.close()
    await committing
    await closing
    expect(codes).toEqual(['REENTRANT'])
  })

  test('another client, which waits for nobody, is closed', async () => {
    const carol = await open('carol')
    const made = await keyPackage(carol)
    const { bob, codes } = await closingIn(() => carol)
    await (await bob.createGroup()).commit({ add: [made] })
    expect(codes).toEqual(['closed'])
  })

  test('a listener may close', async () => {
    const bob = await open('bob')
    const alices = await (await open('alice')).createGroup()
    const bobs = await addTo(alices, bob)
    const closed = new Promise<void>((resolve) => bobs.on('message', () => resolve(bob.close())))
    expect((await bob.receive(await alices.send('x'))).kind).toBe('message')
    await closed
    await fails(bobs.send('x'), 'CLOSED')
  })
})

const wrapper = { wrap: (key: Uint8Array) => key.map((byte) => byte ^ 1), unwrap: (key: Uint8Array) => key.map((byte) => byte ^ 1) }

test.each([['none', {}], ['bytes', { encryptionKey: new Uint8Array(32).fill(1) }], ['a wrapper', { encryptionKey: wrapper }]])(
  'a client that is closed has wiped its sealing key; encryption key: %s', async (_, options) => {
    const store = memoryStore()
    await (await open('alice', { store, ...options })).close()
    const keys: Uint8Array[] = []
    const { Client: Native } = native
    const Told = class extends Native {
      constructor(words: ConstructorParameters<typeof Native>[0]) {
        super(words)
        keys.push(words.sealingKey)
      }
    }
    Object.assign(native, { Client: Told })
    try {
      const alice = await open('alice', { store, ...options })
      await (await alice.createGroup()).send('x')
      expect(keys).toHaveLength(1)
      expect(keys[0]!.some((byte) => byte !== 0)).toBe(true)
      await alice.close()
      expect(keys[0]!.every((byte) => byte === 0)).toBe(true)
      await fails(alice.refresh(), 'CLOSED')
      await fails(alice.psks.put('x', new Uint8Array(32)), 'CLOSED')
      await (await open('alice', { store, ...options })).close()
    } finally {
      Object.assign(native, { Client: Native })
    }
  })
