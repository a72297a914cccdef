// Errors of storing: a store that fails, is damaged, is of a later version, or that another process uses, too.
import { randomBytes } from 'node:crypto'
import { memoryStore, packBatch, type Client } from '../../lib'
import { open } from '../api/support/people'
import { toldStore } from '../api/support/stores'
import type { Exhibit } from './secrets-scene'

/** errorsOfStores has stores fail. */
export async function errorsOfStores(exhibit: Exhibit): Promise<void> {
  const store = toldStore()
  const alice = await open('alice', { store, encryptionKey: exhibit.secret('key of a failing store') })
  const group = await alice.createGroup()
  store.told = async () => { throw new Error('the disk is full') }
  await exhibit.fails('STORE_FAILED', () => alice.psks.put('x', exhibit.secret('PSK that was not stored')))
  await exhibit.fails('STORE_FAILED', () => group.send(exhibit.secret('plaintext that was not stored')))
  await exhibit.fails('STORE_FAILED', () => alice.changeEncryptionKey(exhibit.secret('encryption key that was not stored')))
  store.told = null
  await alice.close()

  const shared = memoryStore()
  const options = { store: shared, onConflict: 'report' } as const
  const two = [await open('bob', options), await open('bob', options)] as const
  const here = await two[0].createGroup()
  const there = await two[1].group(here.id)
  const settled = await Promise.allSettled([here.commit(), there.commit()])
  await exhibit.fails('STORE_CONFLICT', () => settled.forEach((one) => {
    if (one.status === 'rejected') throw one.reason
  }))
  await Promise.all(two.map((one: Client) => one.close()))

  const leased = { store: memoryStore(), leases: { duration: 60_000 } }
  const [holder, other] = [await open('carol', leased), await open('carol', leased)]
  const held = await holder.createGroup()
  await held.send('x')
  const wanted = await other.group(held.id)
  await exhibit.fails('LEASE_HELD', () => wanted.send(exhibit.secret('plaintext without a lease')))
  await Promise.all([holder.close(), other.close()])
  await damaged(exhibit)
}

/** damaged spoils the first row of a stored client. */
async function damaged(exhibit: Exhibit): Promise<void> {
  const store = memoryStore()
  const client = await open('dave', { store, signaturePrivateKeys: { 1: exhibit.secret('signature key in a damaged store') } })
  await client.psks.put('x', exhibit.secret('PSK in a damaged store'))
  await client.close()
  const scopes: Uint8Array[] = []
  for await (const scope of store.list(new Uint8Array(0))) scopes.push(scope)
  const [scope] = scopes
  const put = (key: Uint8Array, value: Uint8Array): Promise<unknown> => store.commit({
    id: randomBytes(16), parts: [{ scope: scope!, expect: {}, advance: [], changes: [packBatch([{ kind: 'put', key, value }])] }],
  })
  await put(Uint8Array.of(0x80), Uint8Array.of(9, 9))
  await exhibit.fails('STORAGE_VERSION', () => open('dave', { store }))
  await put(Uint8Array.of(0x80), Uint8Array.of(0))
  await exhibit.fails('STORAGE_DAMAGED', () => open('dave', { store }))
}
