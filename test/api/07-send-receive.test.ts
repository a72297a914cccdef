// Messages: sent, received, echoed, tampered with, out of order, many at once, over many groups.
import { addTo, fails, misused, open, pair, text, together } from './support/people'

test('a message arrives as it was sent', async () => {
  const { alices, bobs } = await pair()
  const message = await alices.send('héllo', { authenticatedData: Uint8Array.of(1, 2) })
  const received = await bobs.receive(message)
  expect(received).toMatchObject({ kind: 'message', sender: 0, epoch: 1n, authenticatedData: Uint8Array.of(1, 2) })
  if (received.kind === 'message') expect(text(received.data)).toBe('héllo')
})

test('an own message that comes back is known as such', async () => {
  const { alices, bobs } = await pair()
  const message = await alices.send('x')
  expect(await alices.receive(message)).toEqual({ kind: 'own', contentType: 'application' })
  expect(await alices.receive(message)).toEqual({ kind: 'own', contentType: 'application' })
  expect((await bobs.receive(message)).kind).toBe('message')
})

test('a replay is refused, a tampered copy harms nothing', async () => {
  const { alices, bobs } = await pair()
  const message = await alices.send('x')
  const tampered = message.slice()
  tampered[tampered.length - 1]! ^= 1
  await fails(bobs.receive(tampered), 'DECRYPT_FAILED')
  expect((await bobs.receive(message)).kind).toBe('message')
  await fails(bobs.receive(message), 'KEY_CONSUMED')
})

test('messages out of order, and of a past epoch', async () => {
  const { alices, bobs } = await pair()
  const messages = await alices.sendMany(['0', '1', '2'])
  const commit = await bobs.commit()
  await commit.accepted()
  for (const i of [2, 0, 1]) expect(await bobs.receive(messages[i]!)).toMatchObject({ epoch: 1n, data: Buffer.from(`${i}`) })
  expect(bobs.epoch).toBe(2n)
  expect(alices.epoch).toBe(1n)
})

test('epochs tell what is still held of the past', async () => {
  const { alices, bobs } = await pair()
  for (let i = 0; i < 5; i += 1) {
    const commit = await alices.commit()
    await commit.accepted()
    await bobs.receive(commit.message)
  }
  expect(bobs.epoch).toBe(6n)
  const epochs = bobs.epochs()
  expect(epochs.map(({ epoch }) => epoch)).toEqual([1n, 2n, 3n, 4n, 5n, 6n])
  expect(epochs.filter(({ readable }) => readable).map(({ epoch }) => epoch)).toEqual([3n, 4n, 5n, 6n])
  expect(epochs.every(({ resumption }) => resumption)).toBe(true)
})

test('sendMany and receiveMany keep the order, and a bad one does not stop the others', async () => {
  const { alices, bobs } = await pair()
  const data = Array.from({ length: 100 }, (_, i) => `message ${i}`)
  const messages = await alices.sendMany(data)
  messages[50] = new Uint8Array(7)
  const received = await bobs.receiveMany(messages)
  expect(received).toHaveLength(100)
  expect(received[50]).toMatchObject({ kind: 'error', error: { name: 'MlsError', fault: 'unsupported' } })
  expect(received.map((one) => (one.kind === 'message' ? text(one.data) : '?'))).toEqual(data.map((one, i) => (i === 50 ? '?' : one)))
  expect(await alices.sendMany([])).toEqual([])
  expect(await bobs.receiveMany([])).toEqual([])
})

test('a client receives for all its groups', async () => {
  const bob = await open('bob')
  const { groups: [one] } = await together(['alice'])
  const { groups: [two] } = await together(['carol'])
  const bobs = [await addTo(one!, bob), await addTo(two!, bob)]
  const unknown = await (await (await open('dave')).createGroup()).send('x')
  const messages = [await one!.send('a'), await two!.send('b'), await one!.send('c'), unknown, Uint8Array.of(0, 1), await two!.send('d')]
  const results = await bob.receiveMany(messages)
  expect(results.map((one) => (one.kind === 'message' ? text(one.data) : one.kind))).toEqual(['a', 'b', 'c', 'error', 'error', 'd'])
  expect([results[0]!.group, results[1]!.group]).toEqual(bobs)
  expect(results[3]).toMatchObject({ error: { code: 'UNKNOWN_GROUP' }, group: null })
  expect(results[4]).toMatchObject({ error: { code: 'WRONG_WIRE_FORMAT' } })
  expect(await bob.receive(await one!.send('e'))).toMatchObject({ kind: 'message', group: bobs[0] })
  await fails(bob.receive(unknown), 'UNKNOWN_GROUP')
})

test('exported secrets are the same on both sides, and of their epoch', async () => {
  const { alices, bobs } = await pair()
  const context = Uint8Array.of(1)
  const secret = await alices.export('media', context, 32)
  expect(secret).toHaveLength(32)
  expect(await bobs.export('media', context, 32)).toEqual(secret)
  expect(await bobs.export('other', context, 32)).not.toEqual(secret)
  await fails(alices.export('media', context, 60_000), 'TOO_LARGE')
  await misused(alices.export('media', context, -1), 'RangeError', 'length')
  await misused(alices.export(1 as never, context, 1), 'TypeError', 'label')
})

test('a message is padded as the policy says', async () => {
  const { alices } = await pair({ policy: { padding: 1024 } })
  const [short, long] = [await alices.send('x'), await alices.send('x'.repeat(200))]
  expect(short.length).toBe(long.length)
})

test('arguments are checked', async () => {
  const { alices } = await pair()
  await misused(alices.send(1 as never), 'TypeError', 'data')
  await misused(alices.send('x', { authenticatedData: 'y' } as never), 'TypeError', 'options.authenticatedData')
  await misused(alices.sendMany('x' as never), 'TypeError', 'data')
  await misused(alices.receive(null as never), 'TypeError', 'message')
  await misused(alices.receive(new Uint8Array(1), { inspect: 1 } as never), 'TypeError', 'options.inspect')
  await misused(alices.receiveMany([new Uint8Array(1), 2] as never), 'TypeError', 'messages[1]')
})

test('messages go out to many groups in one call, in order, and one that fails stops no other', async () => {
  const [alice, bob] = [await open('alice'), await open('bob')]
  const groups = await Promise.all([1, 2, 3].map(() => alice.createGroup()))
  const bobs = await Promise.all(groups.map((group) => addTo(group, bob)))
  await groups[2]!.close()
  const items = Array.from({ length: 30 }, (_, i) => ({ group: groups[i % 3]!, data: `${i}` }))
  const sent = await alice.sendMany(items)
  expect(sent.map(({ kind }) => kind)).toEqual(items.map((_, i) => (i % 3 === 2 ? 'error' : 'sent')))
  const messages = sent.flatMap((one) => (one.kind === 'sent' ? [one.message] : []))
  const received = await bob.receiveMany(messages)
  expect(received.map((one) => (one.kind === 'message' ? text(one.data) : one.kind)))
    .toEqual(items.flatMap(({ data }, i) => (i % 3 === 2 ? [] : [data])))
  expect(received.map(({ group }) => group)).toEqual(messages.map((_, i) => bobs[i % 2]))
  await misused(alice.sendMany([{ group: null as never, data: 'x' }]), 'TypeError', 'items[0].group')
})

test('the sender of a message is found by its leaf', async () => {
  const { alices, bobs } = await pair()
  const received = await bobs.receive(await alices.send('x'))
  if (received.kind !== 'message') throw new Error(received.kind)
  const sender = await bobs.member(received.sender)
  expect(sender).toMatchObject({ leafIndex: 0, credential: { type: 'basic' } })
  expect(await bobs.member(2)).toBeNull()
  expect(await bobs.member(5000)).toBeNull()
  await misused(bobs.member(-1), 'RangeError', 'leafIndex')
})
