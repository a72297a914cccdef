// Buffers: what counts is what stood in them when they were given.
import { takeBytes } from '../../lib/long-bytes'
import { agree, keyPackage, misused, open, pair, text } from './support/people'
import { turns } from './support/turns'

const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value)

test('data that is changed after the call is sent as it was', async () => {
  const { alices, bobs } = await pair()
  const data = bytesOf('before')
  const aad = Uint8Array.of(1)
  const sent = alices.send(data, { authenticatedData: aad })
  data.set(bytesOf('after!'))
  aad[0] = 9
  const received = await bobs.receive(await sent)
  expect(received).toMatchObject({ kind: 'message', data: bytesOf('before'), authenticatedData: Uint8Array.of(1) })
})

test('a message that is wiped after the call is received as it was', async () => {
  const { alices, bobs } = await pair()
  const message = await alices.send('x')
  const received = bobs.receive(message)
  message.fill(0)
  expect((await received).kind).toBe('message')
})

test('a buffer may be transferred or shrunk away', async () => {
  const { alices, bobs } = await pair()
  const transferred = bytesOf('transferred')
  const sent = alices.send(transferred)
  structuredClone(transferred.buffer, { transfer: [transferred.buffer as ArrayBuffer] })
  expect(transferred.length).toBe(0)
  const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer & { resize(size: number): void }
  const resizable = new Resizable(9, { maxByteLength: 16 })
  const view = new Uint8Array(resizable)
  view.set(bytesOf('resizable'))
  const second = alices.send(view)
  resizable.resize(1)
  for (const [message, expected] of [[await sent, 'transferred'], [await second, 'resizable']] as const) {
    const received = await bobs.receive(message)
    expect(received.kind === 'message' && text(received.data)).toBe(expected)
  }
})

test('shared memory is taken as it was', async () => {
  const { alices, bobs } = await pair()
  const shared = new Uint8Array(new SharedArrayBuffer(6))
  shared.set(bytesOf('shared'))
  const sent = alices.send(shared)
  shared.fill(0)
  expect(await bobs.receive(await sent)).toMatchObject({ data: bytesOf('shared') })
})

test('Buffers and views into larger ones are as good', async () => {
  const { alices, bobs } = await pair()
  const pool = Buffer.from('....hello....')
  const message = await alices.send(pool.subarray(4, 9))
  const padded = Buffer.concat([Buffer.alloc(3), message, Buffer.alloc(3)])
  expect(await bobs.receive(padded.subarray(3, 3 + message.length))).toMatchObject({ data: bytesOf('hello') })
})

test('key packages are taken as they were', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const group = await alice.createGroup()
  const packages = [await keyPackage(bob)]
  const work = group.commit({ add: packages })
  packages[0]!.fill(0)
  packages.length = 0
  const { welcome } = await (await work).accepted()
  const wiped = welcome!.slice()
  const joining = bob.join(wiped)
  wiped.fill(0)
  agree(group, await joining)
})

test('what is given out is the caller\'s to change', async () => {
  const { alices, bobs } = await pair()
  const commit = await alices.commit()
  const copy = commit.message.slice()
  const secret = await alices.export('x', new Uint8Array(0), 16)
  secret.fill(0)
  expect(await alices.export('x', new Uint8Array(0), 16)).not.toEqual(secret)
  await bobs.receive(copy)
  await commit.accepted()
  agree(alices, bobs)
})

test('other views are refused by name', async () => {
  const { alices } = await pair()
  for (const value of [new Uint16Array(2), new DataView(new ArrayBuffer(2)), new ArrayBuffer(2), [1, 2], { length: 1, 0: 1 }]) {
    await misused(alices.receive(value as never), 'TypeError', 'message')
    await misused(alices.send(value as never), 'TypeError', 'data')
  }
})

test('a long byte string is copied in several turns, each slice as it is then', async () => {
  const source = new Uint8Array(96 << 20).fill(1)
  let taking: ReturnType<typeof takeBytes> | undefined
  expect(await turns(() => (taking = takeBytes('source', source)))).toBeGreaterThan(1)
  const bytes = await taking!
  expect(bytes.size).toBe(source.length)
  expect(bytes.slice(source.length - 3, source.length)).toEqual(Uint8Array.of(1, 1, 1))
  const changed = takeBytes('source', source)
  source.fill(2)
  expect((await changed).slice(0, 1)).toEqual(Uint8Array.of(1))
  expect((await changed).slice(source.length - 1, source.length)).toEqual(Uint8Array.of(2))
  const moved = takeBytes('source', source)
  structuredClone(source.buffer, { transfer: [source.buffer] })
  await misused(moved, 'TypeError', 'source must keep its length')
  expect(() => takeBytes('source', [1])).toThrow(TypeError)
})

test('an array that lies about its length is taken with the one that it has', async () => {
  const { alices, bobs } = await pair()
  for (const length of [0, 1, 1e9, NaN, -1]) {
    const message = await alices.send(`behind ${length}`)
    Object.defineProperty(message, 'length', { value: length })
    expect(await bobs.receive(message)).toMatchObject({ kind: 'message', data: bytesOf(`behind ${length}`) })
  }
})

test('what many messages give shares no memory, short or long, with data or with none', async () => {
  const { alices, bobs } = await pair()
  const sizes = [0, 1, 64, 65, 4095, 4096, 70_000, 0]
  const data = sizes.map((size, i) => new Uint8Array(size).fill(i + 1))
  const authenticatedData = Uint8Array.of(7)
  const messages = [...await alices.sendMany(data), ...await alices.sendMany(data, { authenticatedData })]
  const received = await bobs.receiveMany([...messages, Uint8Array.of(1)])
  const all = received.flatMap((one) => (one.kind === 'message' ? [one] : []))
  expect(all.map((one) => one.data)).toEqual([...data, ...data])
  expect(all.map((one) => one.authenticatedData)).toEqual([...data.map(() => new Uint8Array(0)), ...data.map(() => authenticatedData)])
  expect(received.at(-1)).toMatchObject({ kind: 'error' })
  const arrays = [...messages, ...all.flatMap((one) => [one.data, one.authenticatedData])]
  expect(arrays.every((one) => one.buffer.byteLength === one.length)).toBe(true)
  expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(arrays.length)
})
