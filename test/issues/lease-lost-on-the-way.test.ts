// A write named the token of the lease that was there when it was stored. When a renewal beside it had found another holder meanwhile,
// there was none, and what was made under the lost lease was stored without a fence; when it had the lease again, with the new token.
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Group } from '../../lib'
import { addTo, fails, keyPackage, open } from '../api/support/people'
import { gate, toldStore, type ToldStore } from '../api/support/stores'

const duration = 1_000

interface Scene {
  readonly store: ToldStore
  /** Has made a commit under token 1, which waits for an answer before it is stored, while another took the lease. */
  readonly one: Group
  readonly committing: Promise<unknown>
  /** Has token 2, and has stored nothing but that. */
  readonly two: Group
  /** A key package. */
  readonly doras: Uint8Array
  /** Lets the renewal that `one` has begun look for the lease. */
  readonly renew: () => Promise<void>
  readonly answer: () => void
}

async function scene(): Promise<Scene> {
  const store = toldStore()
  const [asked, answer] = [gate(), gate()]
  let ready = false
  const leases = { duration }
  const first = await open('alice', { store, leases, answerTimeout: 10_000, authenticate: async (batch) => {
    if (ready) {
      asked.open()
      await answer.passed
    }
    return batch.map(() => true)
  } })
  const one = await first.createGroup()
  await addTo(one, await open('bob'))
  const two = await (await open('alice', { store, leases })).group(one.id)
  const [carols, doras] = [await keyPackage(await open('carol')), await keyPackage(await open('dora'))]
  await sleep(one.lease!.until - Date.now() - duration * 0.4)  // so late that the next use renews it
  ready = true
  const [renewing, renewal] = [gate(), gate()]
  const { load } = store
  store.load = async function* (scope, ...words) {
    if (scope[0] === 3) {
      store.load = load
      renewing.open()
      await renewal.passed
    }
    yield* load.call(store, scope, ...words)
  }
  const committing = one.commit({ add: [carols] })
  committing.catch(() => {})
  await Promise.all([renewing.passed, asked.passed])
  expect(one.lease?.token).toBe(1n)

  await sleep(duration * 0.6)  // it runs out
  store.told = async (atom, inner) => {
    if (atom.parts.some(({ scope }) => scope[0] === 2)) throw new Error('disk full')
    return inner.commit(atom)
  }
  await fails(two.commit({ add: [doras] }), 'STORE_FAILED')
  store.told = null
  const renew = async (): Promise<void> => {
    renewal.open()
    for (let i = 0; i < 50; i += 1) await turn()
  }
  return { store, one, committing, two, doras, renew, answer: answer.open }
}

/** The tokens that atoms of the group name. */
const tokensOf = (store: ToldStore, from: number): (bigint | undefined)[] => store.atoms.slice(from)
  .filter(({ parts }) => parts.some(({ scope }) => scope[0] === 2))
  .map(({ parts }) => parts.find(({ scope }) => scope[0] === 3)?.expect['lease'])

test('what was made under a lease that is lost is not stored', async () => {
  const { store, one, committing, two, doras, renew, answer } = await scene()
  await renew()
  const from = store.atoms.length
  answer()
  await fails(committing, 'LEASE_HELD')
  expect(tokensOf(store, from)).toEqual([1n])
  expect(one.lease).toBeNull()
  await two.commit({ add: [doras] })
  expect(two.lease?.token).toBe(2n)
  expect(two.pending()).toHaveLength(1)
}, 15_000)

test('what was made under a lease that was lost and is there again is made anew', async () => {
  const { store, one, committing, renew, answer } = await scene()
  await sleep(duration * 1.1)  // the other's runs out
  await renew()
  expect(one.lease?.token).toBe(3n)
  const from = store.atoms.length
  answer()
  await committing
  expect(tokensOf(store, from)).toEqual([1n, 3n])
  expect(one.pending()).toHaveLength(1)
}, 15_000)
