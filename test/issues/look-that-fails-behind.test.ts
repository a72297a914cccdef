// A run that lacked what another process might have stored, and the look into the store failed: its calls were rejected, and what the
// others of the run had made was dropped, but stayed in memory. Generations that no row knew of were sent from, so that two messages
// went out under one key; a message that was read in the run was consumed and never told.
import { Client, memoryStore, trustAnyCredential, type Group, type Store } from '../../lib'

interface Scene {
  readonly inner: Store
  /** The next load of the store fails. */
  readonly fail: () => void
  readonly alice: Client
  readonly alices: Group
  readonly bobs: Group
}

async function scene(durableEvents = false): Promise<Scene> {
  const inner = memoryStore()
  let isBad = false
  const store: Store = {
    commit: (atom) => inner.commit(atom),
    async *load(...words) {
      if (isBad) {
        isBad = false
        throw new Error('connection lost')
      }
      yield* inner.load(...words)
    },
    list: (prefix) => inner.list(prefix), delete: (scope) => inner.delete(scope), close: () => inner.close(),
  }
  const alice = await Client.open({ identity: 'alice', store, durableEvents, authenticate: trustAnyCredential })
  const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential })
  const alices = await alice.createGroup()
  const [keyPackage] = await bob.keyPackages.create()
  const { welcome } = await (await alices.commit({ add: [keyPackage?.message as Uint8Array] })).accepted()
  return { inner, alice, alices, bobs: await bob.join(welcome as Uint8Array), fail: () => (isBad = true) }
}
const textsOf = async (group: Group, messages: readonly Uint8Array[]): Promise<string[]> =>
  (await group.receiveMany(messages)).map((event) =>
    (event.kind === 'error' ? String(event.error) : event.kind === 'message' ? Buffer.from(event.data).toString() : event.kind))

test('no generation is used twice', async () => {
  const { inner, alices, bobs, fail } = await scene()
  const commit = await bobs.commit()
  await commit.accepted()
  const early = await bobs.send('early')
  fail()
  const failed = await Promise.allSettled([alices.receive(early), alices.send('failed')])
  for (const one of failed) expect(one).toMatchObject({ reason: { code: 'STORE_FAILED' } })
  const messages = [await alices.send('before the crash')]
  const again = await Client.open({ identity: 'alice', store: inner, authenticate: trustAnyCredential })
  const after = await again.group(alices.id)
  for (const text of ['after it', 'and more']) messages.push(await after.send(text))
  expect(await textsOf(bobs, messages)).toEqual(['before the crash', 'after it', 'and more'])
})

test.each([false, true])('no message is lost (durable events: %p)', async (durableEvents) => {
  const { alice, alices, bobs, fail } = await scene(durableEvents)
  const good = await bobs.send('good')
  const commit = await bobs.commit()
  await commit.accepted()
  const early = await bobs.send('early')
  fail()
  await expect(alices.receiveMany([good, early])).rejects.toMatchObject({ code: 'STORE_FAILED' })
  expect(await textsOf(alices, [good, commit.message, early])).toEqual(['good', 'commit', 'early'])
  await alice.close()
})
