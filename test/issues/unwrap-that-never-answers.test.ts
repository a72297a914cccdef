// When a client's rows were read again, `unwrap` was asked again, and for ever: one that did not answer stopped every change of
// the client, and its close(), for good.
import { fails, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('an unwrap that does not answer when rows are read again is not waited for', async () => {
  const store = toldStore()
  let unwrap = async (key: Uint8Array): Promise<Uint8Array> => key
  const encryptionKey = { wrap: (key: Uint8Array) => key, unwrap: (key: Uint8Array) => unwrap(key) }
  const alice = await open('alice', { store, encryptionKey, answerTimeout: 100 })
  const secret = new Uint8Array(32).fill(1)
  const working = unwrap
  const codes: string[] = []
  unwrap = async () => {
    await alice.close().catch((error: { code: string }) => codes.push(error.code))
    return new Promise(() => {})
  }
  store.told = async () => { throw new Error('disk full') }
  await fails(alice.psks.put('x', secret), 'STORE_FAILED')
  store.told = null
  await expect(alice.psks.put('x', secret)).rejects.toMatchObject({ code: 'WRONG_ENCRYPTION_KEY', cause: { code: 'ANSWER_TIMEOUT' } })
  expect(codes).toEqual(['REENTRANT', 'REENTRANT'])
  unwrap = working
  await alice.psks.put('x', secret)
  await alice.close()
}, 5_000)

test('at the opening a person may be asked, who takes longer', async () => {
  const store = toldStore()
  const wrap = (key: Uint8Array): Uint8Array => key
  await (await open('alice', { store, encryptionKey: { wrap, unwrap: wrap } })).close()
  const unwrap = (key: Uint8Array): Promise<Uint8Array> => new Promise((resolve) => setTimeout(() => resolve(key), 100))
  await (await open('alice', { store, encryptionKey: { wrap, unwrap }, answerTimeout: 10 })).close()
})
