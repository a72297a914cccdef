// Arguments: what is wrong with one is said by name, before anything has happened.
import { Client, memoryStore, trustAnyCredential } from '../../lib'
import { Options, readInteger, readU64 } from '../../lib/options'
import { agree, misused, open, pair } from './support/people'

const cause = new Error('thrown by a getter')
const throwing = (name: string): never => Object.defineProperty({}, name, { enumerable: true, get() { throw cause } }) as never
const hostile = (): never => new Proxy({}, {
  get() { throw cause }, ownKeys() { throw cause }, has() { throw cause }, getOwnPropertyDescriptor() { throw cause },
}) as never

test('a getter that throws is a TypeError with its cause', async () => {
  const { alice, alices, bobs } = await pair()
  const works: [string, () => Promise<unknown>][] = [
    ['options.add', () => alices.commit(throwing('add'))],
    ['options.remove', () => alices.commit(throwing('remove'))],
    ['options.authenticatedData', () => alices.send('x', throwing('authenticatedData'))],
    ['options.inspect', () => alices.receive(new Uint8Array(1), throwing('inspect'))],
    ['options.groupId', () => alice.createGroup(throwing('groupId'))],
    ['options.tree', () => alice.join(new Uint8Array(1), throwing('tree'))],
    ['options.tree', () => alices.groupInfo(throwing('tree'))],
    ['proposal.type', () => alices.propose(throwing('type'))],
    ['options.lifetime', () => alice.keyPackages.create(1, throwing('lifetime'))],
    ['options.store', () => Client.open(Object.defineProperties({ identity: 'x', authenticate: trustAnyCredential },
      Object.getOwnPropertyDescriptors(throwing('store'))) as never)],
  ]
  for (const [argument, work] of works) {
    await expect(work()).rejects.toMatchObject({ name: 'TypeError', message: expect.stringContaining(argument), cause })
  }
  agree(alices, bobs)
  expect(alices.pending()).toEqual([])
})

test('a proxy that throws at everything is a TypeError', async () => {
  const { alice, alices } = await pair()
  for (const work of [
    () => alices.commit(hostile()), () => alices.send('x', hostile()), () => alices.propose(hostile()),
    () => alice.createGroup(hostile()), () => alices.sendMany(hostile()), () => alices.commit({ add: hostile() }),
    () => alices.receive(hostile()), () => Client.open(hostile()), () => alice.psks.put('x', hostile()),
  ]) await expect(work()).rejects.toMatchObject({ name: 'TypeError' })
  await alices.send('still there')
})

test('an iterable that throws halfway leaves nothing', async () => {
  const { alices } = await pair()
  const add = function* (): Generator<Uint8Array> {
    throw cause
  }
  await expect(alices.commit({ add: add() })).rejects.toMatchObject({ name: 'TypeError', cause })
  expect(alices.pending()).toEqual([])
})

test('options that nobody knows are named', async () => {
  const { alice, alices } = await pair()
  await misused(alices.commit({ adds: [] } as never), 'TypeError', 'options.adds')
  await misused(alice.createGroup({ groupID: new Uint8Array(1) } as never), 'TypeError', 'options.groupID')
  await misused(alices.send('x', 'y' as never), 'TypeError', 'options')
  await misused(open('x', { policy: { padding: 'much' as never } }), 'TypeError', 'options.policy.padding')
  await misused(open('x', { policy: { limits: { maxLeafs: 1 } } }), 'TypeError', 'options.policy.limits.maxLeafs')
  await misused(open('x', { policy: { limits: { maxForwardSteps: 2 ** 32 } } }), 'RangeError', 'options.policy.limits.maxForwardSteps')
  await misused(open('x', { policy: { handshake: 'secret' as never } }), 'RangeError', 'options.policy.handshake')
  await misused(open('x', { answerTimeout: 0 }), 'RangeError', 'options.answerTimeout')
})

test('limits are those of the policy', async () => {
  const alice = await Client.open({
    identity: 'alice', store: memoryStore(), authenticate: trustAnyCredential, policy: { limits: { maxPendingCommits: 1 } },
  })
  const group = await alice.createGroup()
  await group.commit()
  await expect(group.commit()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
})

describe('numbers', () => {
  test('integers have bounds', () => {
    expect(readInteger('n', 5, 5, 5)).toBe(5)
    for (const [value, name] of [['5', 'TypeError'], [4, 'RangeError'], [5.5, 'RangeError'], [NaN, 'RangeError']] as const) {
      expect(() => readInteger('n', value, 5, 6)).toThrow(expect.objectContaining({ name }))
    }
  })

  test('64 bits are bigint, or a number that is exact', () => {
    expect(readU64('n', 2n ** 64n - 1n)).toBe(2n ** 64n - 1n)
    expect(readU64('n', 7)).toBe(7n)
    for (const [value, name] of [[2n ** 64n, 'RangeError'], [-1n, 'RangeError'], [2 ** 53, 'RangeError'], ['7', 'TypeError']] as const) {
      expect(() => readU64('n', value)).toThrow(expect.objectContaining({ name }))
    }
  })

  test('an option is read once', () => {
    let reads = 0
    const options = new Options('options', { get n() { reads += 1; return reads } }, ['n'])
    expect(options.integer('n', 0, 0, 9)).toBe(1)
    expect(reads).toBe(1)
  })
})
