// A send from generations that were reserved before stores nothing, so no store refused it: when the process was stopped, or an earlier
// answer of the store came late, it put a message on the wire after another process had the lease and had sent.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientOptions, Group } from '../../lib'
import { addTo, fails, open, text } from '../api/support/people'
import { gate, toldStore } from '../api/support/stores'

const duration = 300

interface Scene {
  readonly one: Group
  readonly two: Group
  readonly bobs: Group
  /** Of `one`: what it received is stored, and it has not heard so. */
  readonly receiving: Promise<unknown>
  /** Was called after that, and is computed. */
  readonly sending: Promise<Uint8Array>
  readonly answer: () => void
}

async function scene(options: Partial<ClientOptions> = {}): Promise<Scene> {
  const store = toldStore()
  const all = { store, leases: { duration }, ...options }
  const one = await (await open('alice', all)).createGroup()
  const bobs = await addTo(one, await open('bob'))
  const two = await (await open('alice', all)).group(one.id)
  await bobs.receive(await one.send('reserves generations'))
  const [stored, answer] = [gate(), gate()]
  store.told = async (atom, inner) => {
    store.told = null
    const revisions = await inner.commit(atom)
    stored.open()
    await answer.passed
    return revisions
  }
  const receiving = one.receive(await bobs.send('b'))
  await stored.passed
  const sending = one.send('late')
  sending.catch(() => {})
  await sleep(duration / 6)
  return { one, two, bobs, receiving, sending, answer: answer.open }
}

test('it is refused when another has the lease', async () => {
  const { one, two, bobs, receiving, sending, answer } = await scene()
  await sleep(duration)
  const message = await two.send('taken over')
  answer()
  await receiving
  await fails(sending, 'LEASE_HELD')
  const event = await bobs.receive(message)
  expect(event.kind === 'message' && text(event.data)).toBe('taken over')
  await fails(one.send('x'), 'LEASE_HELD')
})

test('with report, as what another process was faster with', async () => {
  const { one, two, receiving, sending, answer } = await scene({ onConflict: 'report' })
  await sleep(duration)
  await two.refresh()
  await two.send('taken over')
  answer()
  await receiving
  await fails(sending, 'STORE_CONFLICT')
  await fails(one.send('x'), 'LEASE_HELD')
})

test('it goes on when nobody has taken it meanwhile', async () => {
  const { one, bobs, receiving, sending, answer } = await scene({ onConflict: 'report' })
  await sleep(duration)
  answer()
  await receiving
  const event = await bobs.receive(await sending)
  expect(event.kind === 'message' && text(event.data)).toBe('late')
  expect(one.lease?.token).toBe(1n)
})

test('it is made again when the lease was lost and is there again', async () => {
  const { one, two, bobs, receiving, sending, answer } = await scene()
  await sleep(duration)
  const message = await two.send('taken over')
  await two.close()
  answer()
  await receiving
  const received = await bobs.receiveMany([message, await sending])
  expect(received.map((event) => event.kind === 'message' && text(event.data))).toEqual(['taken over', 'late'])
  expect(one.lease?.token).toBe(3n)
})
