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
