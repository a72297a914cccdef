// A send from reserved generations shared its atom with what was received, and had no token of its own: when the lease had gone to
// another process meanwhile, nothing in the atom said so, and the message went out.
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, memoryStore, trustAnyCredential, type Atom, type Group, type Store } from '../../lib'

function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { open, passed }
}
const duration = 1000

test('what shares an atom with what was received goes out under the lease or not at all', async () => {
  const inner = memoryStore()
  let commit: (atom: Atom) => Promise<readonly bigint[]> = (atom) => inner.commit(atom)
  const slow: Store = {
    commit: (atom) => commit(atom), load: (...words) => inner.load(...words),
    list: (prefix) => inner.list(prefix), delete: (scope) => inner.delete(scope), close: () => inner.close(),
  }
  const open = (store: Store, onConflict: 'retry' | 'report'): Promise<Client> =>
    Client.open({ identity: 'alice', store, leases: { duration }, onConflict, authenticate: trustAnyCredential })
  const one = await (await open(slow, 'report')).createGroup()
  const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential })
  const [keyPackage] = await bob.keyPackages.create()
  const { welcome } = await (await one.commit({ add: [keyPackage?.message as Uint8Array] })).accepted()
  const bobs = await bob.join(welcome as Uint8Array)
  const two: Group = await (await open(inner, 'retry')).group(one.id)
  await bobs.receive(await one.send('reserves'))
  const letters = [await bobs.send('1'), await bobs.send('2')]
  await sleep(duration * 0.6)  // the next send renews the lease in the background

  const [answer, renewal] = [gate(), gate()]
  const leaseScope = 3
  commit = async (atom) => {
    if (atom.parts[0]?.scope[0] === leaseScope) {
      await renewal.passed
      return inner.commit(atom)
    }
    const revisions = await inner.commit(atom)
    await answer.passed
    return revisions
  }
  const first = one.receive(letters[0] as Uint8Array)
  await sleep(20)
  const late = one.send('late').then(() => 'sent', (error: { code: string }) => error.code)
  await sleep(20)
  const second = one.receive(letters[1] as Uint8Array).then(() => 'received', (error: { code: string }) => error.code)
  await sleep(duration)
  await bobs.receive(await two.send('taken over'))
  renewal.open()
  await sleep(50)
  answer.open()
  await first
  expect(await late).toBe('STORE_CONFLICT')
  expect(await second).toBe('STORE_CONFLICT')
  await bobs.receive(await two.send('and on'))
})
