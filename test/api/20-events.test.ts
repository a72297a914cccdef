// Events: listeners and iterators, of a group and of a client.
import { setTimeout as sleep } from 'node:timers/promises'
import { Events } from '../../lib/events'
import { addTo, open, pair, text, together } from './support/people'

interface Tick {
  readonly kind: 'tick'
  readonly n: number
}
const tick = (n: number): Tick => ({ kind: 'tick', n })

describe('an iterator', () => {
  test('gives what comes from now on, in order, and ends with the source', async () => {
    const events = new Events<Tick>()
    events.emit(tick(0))
    const iterator = events.iterate()
    const first = iterator.next()
    events.emit(tick(1))
    events.emit(tick(2))
    events.end()
    expect(await first).toEqual({ done: false, value: tick(1) })
    const rest: number[] = []
    for await (const event of iterator) rest.push(event.n)
    expect(rest).toEqual([2])
    for await (const event of events.iterate()) rest.push(event.n)
    expect(rest).toEqual([2])
  })

  test('that is left behind says so after what it kept', async () => {
    const events = new Events<Tick>()
    const iterator = events.iterate({ limit: 2 })
    for (let n = 1; n <= 3; n += 1) events.emit(tick(n))
    const seen: number[] = []
    const work = (async () => {
      for await (const event of iterator) seen.push(event.n)
    })()
    await expect(work).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(seen).toEqual([1, 2])
  })

  test('ends by its signal and by break', async () => {
    const events = new Events<Tick>()
    const controller = new AbortController()
    const iterator = events.iterate({ signal: controller.signal })
    const waiting = iterator.next()
    controller.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    const other = events.iterate()
    events.emit(tick(1))
    for await (const event of other) {
      expect(event.n).toBe(1)
      break
    }
    expect(await other.next()).toEqual({ done: true, value: undefined })
    expect(() => events.iterate({ limit: 0 })).toThrow(expect.objectContaining({ name: 'RangeError' }))
  })

  test('a listener can be stopped', () => {
    const events = new Events<Tick>()
    const seen: number[] = []
    const stop = events.on('tick', ({ n }) => seen.push(n))
    events.emit(tick(1))
    stop()
    events.emit(tick(2))
    expect(seen).toEqual([1])
    expect(() => events.on('tick', 1 as never)).toThrow(expect.objectContaining({ name: 'TypeError' }))
  })
})

test('a group tells in order, before the promises', async () => {
  const { alices, bobs } = await pair()
  const seen: string[] = []
  const collecting = (async () => {
    for await (const event of bobs.events()) seen.push(event.kind === 'message' ? text(event.data) : event.kind)
  })()
  bobs.on('message', ({ data }) => seen.push(`heard ${text(data)}`))
  const one = await alices.send('one')
  const commit = await alices.commit()
  await commit.accepted()
  const two = await alices.send('two')
  await bobs.receiveMany([one, commit.message, two])
  await sleep(1)
  await bobs.close()
  await collecting
  expect(seen.filter((one) => !one.startsWith('heard'))).toEqual(['one', 'commit', 'two'])
  expect(seen.filter((one) => one.startsWith('heard'))).toEqual(['heard one', 'heard two'])
})

test('a client tells for all its groups', async () => {
  const bob = await open('bob')
  const { groups: [one] } = await together(['alice'])
  const { groups: [two] } = await together(['carol'])
  const bobs = [await addTo(one!, bob), await addTo(two!, bob)]
  const seen: string[] = []
  bob.on('message', ({ group, data }) => seen.push(`${bobs.indexOf(group)} ${text(data)}`))
  const iterator = bob.events()
  await bob.receiveMany([await one!.send('a')])
  await bob.receiveMany([await two!.send('b')])
  expect(seen).toEqual(['0 a', '1 b'])
  expect((await iterator.next()).value).toMatchObject({ kind: 'message', group: bobs[0] })
  await bob.close()
  await iterator.next()
  expect((await iterator.next()).done).toBe(true)
})

test('a listener may use the group', async () => {
  const { alices, bobs } = await pair()
  const answered = new Promise<Uint8Array>((resolve) => bobs.on('message', ({ data }) => resolve(bobs.send(`echo ${text(data)}`))))
  await bobs.receive(await alices.send('x'))
  const received = await alices.receive(await answered)
  expect(received.kind === 'message' && text(received.data)).toBe('echo x')
})
