// A PublicMessage can be sent again by anybody who saw it. With durableEvents each repetition of a proposal wrote another event
// into the store, and was told again after a restart.
import { addTo, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('a proposal that is repeated is kept once', async () => {
  const store = toldStore()
  const policy = { handshake: 'public' } as const
  const alice = await open('alice', { store, durableEvents: true, policy })
  const bob = await open('bob', { policy })
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  const { message } = await bobs.propose({ type: 'psk', psk: Buffer.from('of bob') })
  await group.receive(message)
  const atoms = store.atoms.length
  for (let i = 0; i < 5; i += 1) expect(await group.receive(message)).toMatchObject({ kind: 'proposal' })
  expect(store.atoms.length).toBe(atoms)
  const kinds: string[] = []
  for await (const { kind } of alice.unacknowledged()) kinds.push(kind)
  expect(kinds.filter((kind) => kind === 'proposal')).toHaveLength(1)
})
