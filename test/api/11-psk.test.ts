// Pre-shared keys: external ones of the store and of a callback, resumption ones of other groups.
import { memoryStore } from '../../lib'
import { agree, addTo, fails, misused, open, pair } from './support/people'

const secret = new Uint8Array(32).fill(5)

test('an external PSK is mixed in by all who hold it', async () => {
  const { alice, bob, alices, bobs } = await pair()
  await alice.psks.put('paper', secret)
  await bob.psks.put(Buffer.from('paper'), secret)
  const commit = await alices.commit({ psk: ['paper'] })
  await commit.accepted()
  await bobs.receive(commit.message)
  agree(alices, bobs)
})

test('who does not hold it can neither commit nor follow, and may get it', async () => {
  const { alice, bob, alices, bobs } = await pair()
  await fails(alices.commit({ psk: ['paper'] }), 'MISSING_PSK')
  await alice.psks.put('paper', secret)
  const commit = await alices.commit({ psk: ['paper'] })
  await fails(bobs.receive(commit.message), 'MISSING_PSK')
  expect(bobs.epoch).toBe(1n)
  await bob.psks.put('paper', new Uint8Array(32).fill(6))
  await fails(bobs.receive(commit.message), 'BAD_CONFIRMATION_TAG')
  await bob.psks.put('paper', secret)
  await bobs.receive(commit.message)
  await commit.accepted()
  agree(alices, bobs)
})

test('PSKs are stored, sealed, and can be deleted', async () => {
  const store = memoryStore()
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  await alice.psks.put('paper', secret)
  await alice.close()
  const again = await open('alice', { store })
  const commit = await (await again.group(group.id)).commit({ psk: ['paper'] })
  await commit.rejected()
  await again.psks.delete('paper')
  await again.psks.delete('paper')
  await fails((await again.group(group.id)).commit({ psk: ['paper'] }), 'MISSING_PSK')
})

test('a callback gives those that are not stored', async () => {
  const asked: string[] = []
  const psk = async (id: Uint8Array): Promise<Uint8Array | null> => {
    asked.push(Buffer.from(id).toString())
    return Buffer.from(id).toString() === 'known' ? secret : null
  }
  const { alices, bobs } = await pair({ psk })
  const commit = await alices.commit({ psk: ['known'] })
  await commit.accepted()
  await bobs.receive(commit.message)
  agree(alices, bobs)
  await fails(alices.commit({ psk: ['unknown'] }), 'MISSING_PSK')
  expect(asked).toEqual(['known', 'known', 'unknown'])
})

test('an epoch of the same group, and of another, is a PSK', async () => {
  const { alice, bob, alices, bobs } = await pair()
  const own = await alices.commit({ psk: [{ groupId: alices.id, epoch: 1n }] })
  await own.accepted()
  await bobs.receive(own.message)
  agree(alices, bobs)
  const other = await alice.createGroup()
  const bobsOther = await addTo(other, bob)
  const commit = await other.commit({ psk: [{ groupId: alices.id, epoch: 1 }] })
  await commit.accepted()
  await bobsOther.receive(commit.message)
  agree(other, bobsOther)
  await fails(other.commit({ psk: [{ groupId: alices.id, epoch: 77n }] }), 'MISSING_PSK')
  await fails(other.commit({ psk: [{ groupId: Uint8Array.of(1), epoch: 1n }] }), 'MISSING_PSK')
})

test('a joiner needs the PSKs of its Welcome', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  await alice.psks.put('paper', secret)
  const [made] = await bob.keyPackages.create()
  const group = await alice.createGroup()
  const { welcome } = await (await group.commit({ add: [made!.message], psk: ['paper'] })).accepted()
  await fails(bob.join(welcome!), 'MISSING_PSK')
  await bob.psks.put('paper', secret)
  agree(group, await bob.join(welcome!))
})

test('arguments are checked', async () => {
  const { alice, alices } = await pair()
  await misused(alice.psks.put(1 as never, secret), 'TypeError', 'id')
  await misused(alice.psks.put('x', 'y' as never), 'TypeError', 'secret')
  await misused(alices.commit({ psk: [{ groupId: alices.id, epoch: -1n }] }), 'RangeError', 'options.psk[0].epoch')
})
