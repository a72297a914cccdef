// A change of the caller's key met a conflict after which everything was read again, and the new key was wiped, which was under way.
// The change said that it was done; what came later gave WRONG_ENCRYPTION_KEY.
import { Client, memoryStore, trustAnyCredential, type Atom, type Store } from '../../lib'

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

test('a change of the key that loses a race goes on with the new key', async () => {
  const inner = memoryStore()
  const open = (store: Store, encryptionKey: Uint8Array): Promise<Client> =>
    Client.open({ identity: 'alice', store, encryptionKey, authenticate: trustAnyCredential })
  const other = await open(inner, key(1))
  let before: (atom: Atom) => Promise<void> = async () => {}
  let isWhole = false
  const store: Store = {
    async commit(atom) {
      const first = before
      before = async () => {}
      await first(atom)
      return inner.commit(atom)
    },
    // A store that remembers no deletes, and so gives everything each time.
    load: (scope, since, also) => (isWhole ? inner.load(scope) : inner.load(scope, since, also)),
    list: (prefix) => inner.list(prefix), delete: (scope) => inner.delete(scope), close: () => inner.close(),
  }
  const alice = await open(store, key(1))
  before = async () => {
    isWhole = true
    await other.psks.put('paper', key(7))
  }
  const changed = key(2)
  await alice.changeEncryptionKey(changed)
  expect(changed).toEqual(key(2))  // it is the caller's
  // A write that fails has everything read again.
  before = () => Promise.reject(new Error('the disk is full'))
  await expect(alice.psks.put('x', key(9))).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await alice.psks.put('y', key(9))
  await alice.createGroup()
  await alice.close()
  await (await open(inner, key(2))).close()
  await expect(open(inner, key(1))).rejects.toMatchObject({ code: 'WRONG_ENCRYPTION_KEY' })
})
