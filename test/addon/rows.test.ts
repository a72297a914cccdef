// Rows across the boundary: sealed and packed on the way out, opened for a load or a refresh.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { packBatch } from '../../lib/batch'
import type { NativeGroup } from '../../lib/native'
import { Member, addedTo, bytes, createGroup, newClient, now, policy, rowsOf } from './support/native-world'
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
  // NODE_MLS_WRITE_FIXTURE=2 writes the fixture of the present format, once, before it is released.
  const writes = process.env.NODE_MLS_WRITE_FIXTURE
  if (writes) test('write a fixture', async () => writeFileSync(fixtureOf(Number(writes)), `${JSON.stringify(await makeFixture(), null, 1)}\n`))

  test.each([1])('a group saved in format %i opens, reads, and goes on', async (format) => {
    const fixture = JSON.parse(readFileSync(fixtureOf(format), 'utf8')) as Fixture
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
      expect(loaded.state).toEqual(await bob.group.state())
    }
    await again()
    const { batch } = await group.accept(state.pending[0]!.id, now)
    bob.scope.apply(batch)
    await again()
    await bob.commit()
    await again()
  })
})
