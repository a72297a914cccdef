// A change of the encryption key whose answer was lost had taken place, and the client that made it went on with the former
// key: the next time that it read its rows again, it could not open them.
import { toldStore } from '../api/support/stores'
import { fails, open } from '../api/support/people'

test('a client goes on after a change of its key of which it does not know whether it was stored', async () => {
  const store = toldStore()
  const alice = await open('alice', { store, encryptionKey: new Uint8Array(32).fill(1) })
  store.told = async (atom, inner) => {
    await inner.commit(atom)
    throw new Error('no answer')
  }
  await fails(alice.changeEncryptionKey(new Uint8Array(32).fill(2)), 'STORE_FAILED')
  store.told = async () => { throw new Error('disk full') }
  await fails(alice.createGroup(), 'STORE_FAILED')
  store.told = null
  await alice.createGroup()
})

// The second try read the rows with the new key alone, if the first had left nothing to read them with: WRONG_ENCRYPTION_KEY for good.
test.each([[false], [true]])('a change of the key may be tried again, with the same key or with another (stored the first time: %p)', async (stored) => {
  const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
  for (const again of [2, 3]) {
    const store = toldStore()
    const alice = await open('alice', { store, encryptionKey: keyOf(1) })
    const { load } = store
    store.told = async (atom, inner) => {
      if (stored) await inner.commit(atom)
      store.load = () => { throw new Error('away') }
      throw new Error('no answer')
    }
    await fails(alice.changeEncryptionKey(keyOf(2)), 'STORE_FAILED')
    store.told = null
    store.load = load
    await alice.changeEncryptionKey(keyOf(again))
    await alice.createGroup()
    await alice.close()
    await (await open('alice', { store, encryptionKey: keyOf(again) })).close()
    if (again !== 2) await fails(open('alice', { store, encryptionKey: keyOf(2) }), 'WRONG_ENCRYPTION_KEY')
  }
})
