// Rows across the boundary: sealed and packed on the way out, opened for a load or a refresh.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { packBatch, rowChanges } from '../../lib/batch'
import { native } from '../../lib/native'
import type { NativeGroup } from '../../lib/native'
import { resultsOf } from '../../lib/run-results'
import { Member, addedTo, bytes, createGroup, newClient, now, policy, receiving, rowsOf } from './support/native-world'
import type { Scope } from './support/native-world'

const sealingKey = Buffer.alloc(32, 'key')
const load = async (scope: Scope): Promise<NativeGroup> =>
  (await (await newClient('bob', sealingKey)).loadGroup({ scope: bytes('bob in it'), rows: rowsOf(scope.packed()), policy }, now)).group

describe('refresh', () => {
  test('two processes take turns with one group, and read only what the other changed', async () => {
    const alice = await createGroup(await newClient('alice'), 'alice in it')
    const { joined } = await addedTo(alice, await newClient('bob', sealingKey), 'bob in it')
    const processes = await Promise.all([load(joined.scope), load(joined.scope)])
    const seen = processes.map(() => joined.scope.copy())
    let store = joined.scope.copy()
    for (let turn = 0; turn < 8; turn++) {
      const i = turn % 2
      const { state } = await processes[i]!.refresh(rowsOf(store.since(seen[i]!)), now)
      const bob = new Member(processes[i]!, store.packed())
      expect(state.epoch).toBe((await alice.group.state()).epoch)
      expect(await bob.receive(await alice.send(`to ${i}`))).toMatchObject([{ kind: 'message' }])
      expect(await alice.receive(await bob.send(`from ${i}`))).toMatchObject([{ kind: 'message' }])
      if (turn % 3 === 1) await bob.receive((await alice.commit()).message)
      if (turn % 3 === 2) await alice.receive((await bob.commit()).message)
      store = bob.scope
      seen[i] = store.copy()
    }
  })

  test('several slices apply in order; damage is refused and leaves the group as it was', async () => {
    const alice = await createGroup(await newClient('alice'), 'alice in it')
    const { joined } = await addedTo(alice, await newClient('bob', sealingKey), 'bob in it')
    const group = await load(joined.scope)
    const before = joined.scope.copy()
    await joined.receive(await alice.send('one'))
    const first = joined.scope.copy()
    await joined.receive((await alice.commit()).message)
    const messages = first.since(before)
    const commit = joined.scope.since(first)
    const { epoch } = await group.state()

    const cut = commit.slice(0, -1)
    const wrong = Uint8Array.from(commit)
    wrong[wrong.length - 1]! ^= 1
    const unknown = Uint8Array.from([3, ...packBatch([{ kind: 'delete', key: bytes('x') }]).subarray(1)])
    for (const damaged of [[cut], [wrong], [messages, cut], [unknown], [commit, packBatch([{ kind: 'delete', key: Uint8Array.of(4) }])]]) {
      await expect(group.refresh(rowsOf(...damaged), now)).rejects.toMatchObject({ number: expect.any(Number) as number })
      expect((await group.state()).epoch).toBe(epoch)
    }
    // What was put and deleted again is gone; what was deleted and put again is there.
    const detour = packBatch([{ kind: 'delete-prefix', key: Uint8Array.of() }])
    await group.refresh(rowsOf(messages, detour, joined.scope.packed()), now)
    expect((await group.state()).epoch).toBe(epoch + 1n)
    await group.refresh(rowsOf(detour), now)
    expect((await group.state()).phase).toBe('removed')
  })

  test('who ran ahead of the store goes back to it, keys of epochs included, and then takes over what another stored', async () => {
    const alice = await createGroup(await newClient('alice'), 'alice in it')
    const { joined } = await addedTo(alice, await newClient('bob', sealingKey), 'bob in it')
    for (const winner of ['nobody', 'the other'] as const) {
      const store = joined.scope.copy()
      const ahead = await load(store)
      // Two epochs that were computed, of which nothing is stored.
      const lost: Uint8Array[] = []
      for (const turn of [1, 2]) {
        const { done } = await ahead.commit({
          add: null, proposals: [], includeCached: true, path: 'always', welcomes: 'one-for-all', tree: 'inside', externalPub: true, leaf: null,
          authenticatedData: bytes(`${turn}`), groupInfoExtensions: [],
        }, true, now, null)
        lost.push(done!.batch, (await ahead.accept(done!.id, now)).batch)
      }
      const before = store.copy()
      if (winner === 'the other') {
        const other = new Member(await load(store), store.packed())
        await other.receive((await alice.commit()).message)
        store.rows.clear()
        for (const [key, value] of other.scope.rows) store.rows.set(key, value)
      }
      const { state } = await ahead.refresh(rowsOf(...lost.map((batch) => before.as(batch)), store.since(before)), now)
      expect(state.epoch).toBe((await alice.group.state()).epoch)
      const bob = new Member(ahead, store.packed())
      const { message } = await bob.commit()
      await alice.receive(message)
      expect(await bob.receive(await alice.send('still here'))).toMatchObject([{ kind: 'message' }])
      // Another process reads all that was written since.
      expect(await (await load(bob.scope)).state()).toEqual(await bob.group.state())
      joined.scope.rows.clear()
      for (const [key, value] of bob.scope.rows) joined.scope.rows.set(key, value)
    }
  })

  test('a load takes puts alone', async () => {
    const client = await newClient('alice')
    const alice = await createGroup(client, 'alice in it')
    const extra = packBatch([{ kind: 'delete', key: bytes('x') }])
    await expect(client.loadGroup({ scope: bytes('alice in it'), rows: rowsOf(alice.scope.packed(), extra), policy }, now)).rejects.toThrow()
  })
})

/** A saved group of bob's, as written by one version of the format, and what must work after it is loaded. */
interface Fixture {
  readonly sealingKey: string
  readonly scope: string
  readonly rows: string
  readonly epoch: string
  readonly epochAuthenticator: string
  /** From alice: a late one of the epoch before, one whose key was passed over, and a fresh one. */
  readonly messages: { readonly late: string; readonly skipped: string; readonly fresh: string }
}
const fixtureOf = (format: number): string => path.join(__dirname, '..', 'core', 'store', `format-${format}.json`)
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

async function makeFixture(): Promise<Fixture> {
  const alice = await createGroup(await newClient('alice'), 'alice in it')
  const { joined: bob } = await addedTo(alice, await newClient('bob', sealingKey), 'bob in it')
  const { joined: carol, message: adding } = await addedTo(alice, await newClient('carol'), 'carol in it')
  await bob.receive(adding)
  await bob.receive(await alice.send('first'))
  const late = await alice.send('late')
  await bob.receive(await alice.send('third'))
  const { message } = await alice.commit()
  await bob.receive(message)
  await carol.receive(message)
  const skipped = await alice.send('skipped')
  await bob.receive(await alice.send('read'))
  await bob.send('ours')
  await bob.candidate()
  await bob.receive(await carol.propose(0))
  const { epoch, epochAuthenticator } = await bob.group.state()
  return {
    sealingKey: hex(sealingKey), scope: hex(bytes('bob in it')), rows: hex(bob.scope.packed()), epoch: String(epoch),
    epochAuthenticator: hex(epochAuthenticator), messages: { late: hex(late), skipped: hex(skipped), fresh: hex(await alice.send('fresh')) },
  }
}

describe('formats', () => {
  // NODE_MLS_WRITE_FIXTURE=3 writes the fixture of the present format, once, before it is released.
  const writes = process.env.NODE_MLS_WRITE_FIXTURE
  if (writes) test('write a fixture', async () => writeFileSync(fixtureOf(Number(writes)), `${JSON.stringify(await makeFixture(), null, 1)}\n`))

  test.each([1, 2, 3])('a group saved in format %i opens, reads, and goes on', async (format) => {
    const fixture = JSON.parse(readFileSync(fixtureOf(format), 'utf8')) as Fixture
    const saved = [...rowChanges(unhex(fixture.rows))]
    const context = saved.find(({ key }) => key[0] === 1)
    expect(context?.kind === 'put' && Buffer.from(context.value).readUInt16BE(0)).toBe(format)
    expect(saved.some(({ key }) => key[0] === 20)).toBe(format >= 2)
    const client = await newClient('bob', unhex(fixture.sealingKey))
    const { group, state } = await client.loadGroup({ scope: unhex(fixture.scope), rows: rowsOf(unhex(fixture.rows)), policy }, now)
    expect({ epoch: String(state.epoch), epochAuthenticator: hex(state.epochAuthenticator) })
      .toEqual({ epoch: fixture.epoch, epochAuthenticator: fixture.epochAuthenticator })
    expect([state.pending.length, state.proposals.length, state.memberCount]).toEqual([1, 1, 3])
    const bob = new Member(group, unhex(fixture.rows))
    for (const [text, message] of Object.entries(fixture.messages)) {
      const [result] = await bob.receive(unhex(message))
      expect(result).toMatchObject({ kind: 'message', data: bytes(text) })
    }
    await bob.send('more')
    const again = async (): Promise<void> => {
      const loaded = await client.loadGroup({ scope: unhex(fixture.scope), rows: rowsOf(bob.scope.packed()), policy }, now)
      // A state that was loaded has the messages of pending commits besides.
      const pending = loaded.state.pending.map((one) => ({ ...one, message: null }))
      expect({ ...loaded.state, pending }).toEqual(await bob.group.state())
    }
    await again()
    const { batch } = await group.accept(state.pending[0]!.id, now)
    bob.scope.apply(batch)
    await again()
    await bob.commit()
    await again()
  })
})

describe('durable events', () => {
  const durable = { ...policy, durableEvents: true }
  /** The rows of a batch that are events, as a scope of their own would keep them. */
  const eventsOf = (batch: Uint8Array): Uint8Array =>
    packBatch([...rowChanges(batch)].filter((change) => change.kind === 'put' && change.key[0] === 16))

  test('each event is in the batch of its step, and opens to the result that the step gave', async () => {
    const alice = await createGroup(await newClient('alice'), 'alice in it')
    const client = await newClient('bob', sealingKey)
    const { joined: bob } = await addedTo(alice, client, 'bob in it', durable)
    const { joined: carol, message: adding } = await addedTo(alice, await newClient('carol'), 'carol in it')
    await bob.receive(adding)

    const one = await alice.send('one')
    const two = await carol.send('two')
    const own = await bob.send('ours')
    const proposal = await carol.propose(0)
    const run = await bob.group.run(receiving([one, two, own, proposal, one]), true, now)
    const results = resultsOf(run)
    expect(results.map((result) => result.kind)).toEqual(['message', 'message', 'own', 'proposal', 'error'])
    const numbers = results.flatMap((result) => ('inbox' in result && result.inbox !== undefined ? [result.inbox] : []))
    expect(numbers).toHaveLength(3)
    // Number and origin: in order, and all of one origin.
    expect(numbers.map((id) => id.length)).toEqual([16, 16, 16])
    expect([...numbers].sort(Buffer.compare)).toEqual(numbers)
    expect(new Set(numbers.map((id) => Buffer.from(id.subarray(8)).toString('hex'))).size).toBe(1)
    expect(Number(Buffer.from(numbers[0]!).readBigUInt64BE() >> 20n)).toBeGreaterThan(Date.now() - 60_000)
    expect(await client.openInbox(bytes('bob in it'), rowsOf(eventsOf(run.batch))))
      .toEqual(results.filter((result) => 'inbox' in result))
    // Under the key of another scope they do not open.
    await expect(client.openInbox(bytes('another'), rowsOf(eventsOf(run.batch)))).rejects.toThrow()
    expect(await client.openInbox(bytes('bob in it'), rowsOf())).toEqual([])
    // What a group saves is the group.
    expect([...rowChanges(await bob.group.save())].filter((change) => change.key[0] === 16)).toEqual([])
  })

  test('the Welcomes of an accepted commit survive with it, and so does the news of a removal', async () => {
    const client = await newClient('bob', sealingKey)
    const alice = await createGroup(await newClient('alice'), 'alice in it')
    const { joined: bob } = await addedTo(alice, client, 'bob in it', durable)
    const { messages, infos } = await (await newClient('carol')).generateKeyPackages(
      { suite: 1, count: 1, notBefore: BigInt(now) - 3600n, notAfter: BigInt(now) + 86_400n, lastResort: false, extensions: [] }, null)
    const add = new native.Bulk()
    add.add([messages.bytes], 0, 1)
    const { id, message } = await bob.candidate({ add })
    const { commit, welcomes, recipients, inbox, batch } = await bob.group.accept(id, now)
    expect(recipients).toMatchObject([{ bytes: infos.references.bytes }])
    expect(await client.openInbox(bytes('bob in it'), rowsOf(eventsOf(batch)))).toEqual([{ kind: 'commit', inbox, commit, candidate: null, welcomes, recipients }])

    await alice.receive(message)
    const last = await alice.send('the last')
    const removal = await alice.commit({ proposals: [{ type: 'remove', leafIndex: 1 }] })
    const run = await bob.group.run(receiving([last, removal.message]), true, now)
    expect(run.results).toMatchObject([{ kind: 'message', data: bytes('the last') }, { kind: 'commit', commit: { selfRemoved: true }, welcomes: null }])
    expect(await client.openInbox(bytes('bob in it'), rowsOf(eventsOf(run.batch)))).toEqual(run.results)
    // Nothing else is left of the group, but a row that says so.
    expect([...rowChanges(run.batch)].map(({ kind, key }) => [kind, key[0]])).toEqual([['delete-prefix', undefined], ['put', 16], ['put', 16], ['put', 21]])
  })

  test('an own commit that comes back is an event with its Welcomes; without the policy there are none', async () => {
    const alice = await createGroup(await newClient('alice'), 'alice in it', durable)
    const { message } = await alice.candidate()
    expect(await alice.receive(message)).toMatchObject([{ kind: 'commit', inbox: expect.any(Uint8Array) as Uint8Array, commit: { own: true }, welcomes: { offsets: { length: 1 } } }])
    const plain = await createGroup(await newClient('alice'), 'alice in it')
    const { id } = await plain.candidate()
    const { inbox, batch } = await plain.group.accept(id, now)
    expect([inbox, eventsOf(batch).length]).toEqual([null, 0])
  })
})
