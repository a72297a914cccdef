// Proposals: made, cached, committed by somebody.
import { externalSenders, proposeExternally } from '../../lib'
import { addTo, agree, fails, keyPackage, misused, open, pair, text, together } from './support/people'

test('a proposal waits at everybody until it is committed', async () => {
  const { alices, bobs } = await pair()
  const carol = await open('carol')
  const { message, reference } = await bobs.propose({ type: 'add', keyPackage: await keyPackage(carol) })
  const received = await alices.receive(message)
  expect(received).toMatchObject({ kind: 'proposal', epoch: 1n, reference, sender: { type: 'member', leafIndex: 1 } })
  if (received.kind === 'proposal' && received.proposal.type === 'add') {
    expect(received.proposal.credential).toMatchObject({ type: 'basic', identity: Buffer.from('carol') })
  }
  expect(alices.proposals.map((one) => one.reference)).toEqual([reference])
  expect(bobs.proposals).toHaveLength(1)
  const commit = await alices.commit()
  const { welcome } = await commit.accepted()
  await bobs.receive(commit.message)
  expect(alices.proposals).toEqual([])
  agree(alices, bobs, await carol.join(welcome!))
})

test('who has seen a proposal commits before sending, unless the policy says otherwise', async () => {
  const { alices, bobs } = await pair()
  await alices.receive((await bobs.propose({ type: 'update' })).message)
  await fails(alices.send('x'), 'PENDING_PROPOSALS')
  await (await alices.commit()).accepted()
  await alices.send('x')
  const lax = await pair({ policy: { sendWithUncommittedProposals: 'allow' } })
  await lax.alices.receive((await lax.bobs.propose({ type: 'update' })).message)
  await lax.alices.send('x')
})

test('an update changes the proposer\'s leaf', async () => {
  const { alices, bobs } = await pair()
  const { message } = await bobs.propose({ type: 'update', leaf: { rotateSignatureKey: true } })
  await alices.receive(message)
  const commit = await alices.commit()
  const { commit: info } = await commit.accepted()
  expect([...info.updated]).toEqual([1])
  await bobs.receive(commit.message)
  agree(alices, bobs)
  expect((await alices.receive(await bobs.send('x'))).kind).toBe('message')
})

test('leaving is a proposal that another commits', async () => {
  const { alices, bobs } = await pair()
  const { message } = await bobs.leave()
  expect(await alices.receive(message)).toMatchObject({ proposal: { type: 'remove', leafIndex: 1 } })
  const commit = await alices.commit()
  await commit.accepted()
  expect(await bobs.receive(commit.message)).toMatchObject({ selfRemoved: true })
  expect(bobs.phase).toBe('removed')
})

test('custom proposals are carried', async () => {
  const type = 0xf123
  const options = { proposalTypes: [type], policy: { customProposals: [{ type, path: 'optional' as const }] } }
  const { alices, bobs } = await pair(options)
  const { message } = await bobs.propose({ type: 'custom', proposalType: type, data: Uint8Array.of(9) })
  expect(await alices.receive(message)).toMatchObject({ proposal: { type: 'custom', proposalType: type, data: Uint8Array.of(9) } })
  const commit = await alices.commit({ proposals: [{ type: 'custom', proposalType: type, data: Uint8Array.of(8) }] })
  await commit.accepted()
  await bobs.receive(commit.message)
  agree(alices, bobs)
})

test('cached proposals may be left out', async () => {
  const { alices, bobs } = await pair()
  await alices.receive((await bobs.leave()).message)
  const commit = await alices.commit({ includeProposals: false })
  await commit.accepted()
  await bobs.receive(commit.message)
  expect(alices.memberCount).toBe(2)
  agree(alices, bobs)
})

test('somebody outside asks to be added', async () => {
  const { alices, bobs } = await pair()
  const carol = await open('carol')
  const [made] = await carol.keyPackages.create()
  const message = await carol.proposeOwnAdd(made!.reference, alices.id, alices.epoch)
  expect(await alices.receive(message)).toMatchObject({ sender: { type: 'new-member-proposal' }, proposal: { type: 'add' } })
  await bobs.receive(message)
  const commit = await alices.commit()
  const { welcome } = await commit.accepted()
  await bobs.receive(commit.message)
  agree(alices, bobs, await carol.join(welcome!))
})

test('an external sender proposes', async () => {
  const { generateKeyPairSync } = await import('node:crypto')
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = (value: string | undefined): Uint8Array => new Uint8Array(Buffer.from(value ?? '', 'base64url'))
  const sender = {
    signatureKey: raw(publicKey.export({ format: 'jwk' }).x), credential: { type: 'basic', identity: Buffer.from('server') } as const,
  }
  const alice = await open('alice')
  const bob = await open('bob')
  const group = await alice.createGroup({ extensions: [externalSenders([sender])] })
  const bobs = await addTo(group, bob)
  const message = await proposeExternally({
    suite: 1, groupId: group.id, epoch: group.epoch, senderIndex: 0, signaturePrivateKey: raw(privateKey.export({ format: 'jwk' }).d),
    proposal: { type: 'remove', leafIndex: bobs.leafIndex },
  })
  expect(await group.receive(message)).toMatchObject({ sender: { type: 'external', index: 0 }, proposal: { type: 'remove', leafIndex: 1 } })
})

test('own proposals come back as own', async () => {
  const { groups: [alices] } = await together(['alice', 'bob'])
  const { message } = await alices!.propose({ type: 'update' })
  expect(await alices!.receive(message)).toEqual({ kind: 'own', contentType: 'proposal' })
})

test('handshakes are public where the policy says so', async () => {
  const { alices, bobs } = await pair({ policy: { handshake: 'public' } })
  const { message } = await bobs.leave()
  expect(message[3]).toBe(1)
  expect((await alices.receive(message)).kind).toBe('proposal')
  expect(text(Uint8Array.of(0x78))).toBe('x')
})

test('arguments are checked', async () => {
  const { alices } = await pair()
  await misused(alices.propose(undefined as never), 'TypeError', 'proposal')
  await misused(alices.propose({} as never), 'TypeError', 'proposal.type')
  await misused(alices.propose({ type: 'nonsense' } as never), 'RangeError', 'proposal.type')
  await misused(alices.propose({ type: 'remove', leafIndex: -1 }), 'RangeError', 'proposal.leafIndex')
  await misused(alices.propose({ type: 'remove' } as never), 'TypeError', 'proposal.leafIndex')
  await misused(alices.propose({ type: 'psk', psk: {} } as never), 'TypeError', 'proposal.psk.groupId')
  await fails(alices.propose({ type: 'remove', leafIndex: 77 }), 'INVALID_REMOVE')
})
