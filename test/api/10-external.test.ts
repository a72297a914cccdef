// Joining by an external commit.
import { memoryStore } from '../../lib'
import { agree, fails, misused, open, pair } from './support/people'

test('a stranger joins by a commit of their own', async () => {
  const { alices, bobs } = await pair()
  const carol = await open('carol')
  const join = await carol.joinExternally(await alices.groupInfo())
  expect(join.group).toMatchObject({ phase: 'joining', epoch: 2n })
  expect(await alices.receive(join.message)).toMatchObject({ kind: 'commit', external: true, committer: 2 })
  await bobs.receive(join.message)
  await join.accepted()
  expect(join.group.phase).toBe('active')
  agree(alices, bobs, join.group)
  expect((await join.group.receive(await alices.send('welcome'))).kind).toBe('message')
  expect((await alices.receive(await join.group.send('thanks'))).kind).toBe('message')
})

test('the tree may come apart', async () => {
  const { alices } = await pair()
  const carol = await open('carol')
  const info = await alices.groupInfo({ tree: 'apart' })
  await fails(carol.joinExternally(info), 'MISSING_TREE')
  const join = await carol.joinExternally(info, { tree: await alices.tree() })
  await alices.receive(join.message)
  await join.accepted()
  agree(alices, join.group)
})

test('a rejected join leaves nothing', async () => {
  const { alices } = await pair()
  const carol = await open('carol')
  const join = await carol.joinExternally(await alices.groupInfo())
  await join.rejected()
  expect(carol.groups()).toEqual([])
  const again = await carol.joinExternally(await alices.groupInfo())
  await alices.receive(again.message)
  await again.accepted()
  agree(alices, again.group)
})

test('a join that waits survives a restart', async () => {
  const store = memoryStore()
  const { alices } = await pair()
  const carol = await open('carol', { store })
  const join = await carol.joinExternally(await alices.groupInfo())
  await carol.close()
  await alices.receive(join.message)
  const again = await open('carol', { store })
  expect(again.groups()).toMatchObject([{ key: alices.key, status: 'joining' }])
  const group = await again.group(alices.id)
  await group.confirm()
  expect(again.groups()).toMatchObject([{ status: 'active' }])
  agree(alices, group)
})

test('a member who lost its state joins again in its own place', async () => {
  const { alices, bob, bobs } = await pair()
  await fails(bob.joinExternally(await alices.groupInfo()), 'DUPLICATE_SIGNATURE_KEY')
  const join = await bob.joinExternally(await alices.groupInfo(), { resync: bobs.leafIndex })
  expect(await alices.receive(join.message)).toMatchObject({ external: true, removed: Uint32Array.of(1), committer: 1 })
  await join.accepted()
  agree(alices, join.group)
  expect(await bob.group(alices.id)).toBe(join.group)
  expect(bob.groups()).toHaveLength(1)
  await fails(bobs.send('x'), 'CLOSED')
})

test('strangers are refused where the policy says so, and without the key to join by', async () => {
  const { alices } = await pair({ policy: { externalCommits: 'refuse' } })
  const carol = await open('carol')
  const join = await carol.joinExternally(await alices.groupInfo())
  await fails(alices.receive(join.message), 'POLICY')
  await fails((await open('dave')).joinExternally(await alices.groupInfo({ externalPub: false })), 'MISSING_EXTERNAL_PUB')
})

test('PSKs may be mixed in', async () => {
  const { alice, alices, bob, bobs } = await pair()
  const carol = await open('carol')
  for (const client of [alice, bob, carol]) await client.psks.put('p', new Uint8Array(32).fill(1))
  const join = await carol.joinExternally(await alices.groupInfo(), { psk: ['p'] })
  await alices.receive(join.message)
  await bobs.receive(join.message)
  await join.accepted()
  agree(alices, bobs, join.group)
  await fails((await open('dave')).joinExternally(await alices.groupInfo(), { psk: ['p'] }), 'MISSING_PSK')
})

test('arguments are checked', async () => {
  const { alice, alices } = await pair()
  await misused(alice.joinExternally('x' as never), 'TypeError', 'groupInfo')
  await misused(alice.joinExternally(new Uint8Array(1), { resync: -1 }), 'RangeError', 'options.resync')
  await misused(alice.joinExternally(new Uint8Array(1), { psk: [1] } as never), 'TypeError', 'options.psk[0]')
  await misused(alices.groupInfo({ tree: 'x' } as never), 'RangeError', 'options.tree')
})
