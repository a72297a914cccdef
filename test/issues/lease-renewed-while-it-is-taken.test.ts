// To renew a lease left its version as it was. So who had read a lease that was over still took it when its holder had renewed it in
// between: both had it, and what needs nothing stored was sent by both.
import { setTimeout as sleep } from 'node:timers/promises'
import { addTo, fails, open } from '../api/support/people'
import { gate, toldStore } from '../api/support/stores'

const duration = 300
const leaseTag = 3

test('who comes second does not have it', async () => {
  const store = toldStore()
  const leases = { duration }
  const one = await (await open('alice', { store, leases })).createGroup()
  const bobs = await addTo(one, await open('bob'))
  const two = await (await open('alice', { store, leases })).group(one.id)
  await one.send('reserves generations')
  await sleep(duration + 20)
  const [taking, renewed] = [gate(), gate()]
  store.told = async (atom, inner) => {
    if (atom.parts[0]?.scope[0] === leaseTag && atom.parts.length === 1) {
      store.told = null
      taking.open()
      await renewed.passed
    }
    return inner.commit(atom)
  }
  const second = two.send('from two')
  second.catch(() => {})
  await taking.passed
  const message = await one.send('from one')
  renewed.open()
  await fails(second, 'LEASE_HELD')
  expect(one.lease?.token).toBe(1n)
  expect(two.lease).toBeNull()
  expect((await bobs.receive(message)).kind).toBe('message')
})

test('who gives it back at that moment is followed', async () => {
  const store = toldStore()
  const leases = { duration }
  const one = await (await open('alice', { store, leases })).createGroup()
  await addTo(one, await open('bob'))
  const two = await (await open('alice', { store, leases })).group(one.id)
  await one.send('x')
  await sleep(duration + 20)
  const [taking, given] = [gate(), gate()]
  store.told = async (atom, inner) => {
    store.told = null
    taking.open()
    await given.passed
    return inner.commit(atom)
  }
  const second = two.send('from two')
  await taking.passed
  await one.close()
  given.open()
  await second
  expect(two.lease?.token).toBe(2n)
})
