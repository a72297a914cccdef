// RFC 9420 §12: what the application says about proposals: who may join, who follows whom, and its own types.
import { type Authenticate, type Credential, type CredentialQuestion, type Group, type Verdict } from '../../../lib'
import { addTo, agree, fails, keyPackage, misused, open, pair, together } from '../../api/support/people'

const nameOf = (credential: Credential | null): string =>
  (credential?.type === 'basic' ? Buffer.from(credential.identity).toString() : '')

/** each judges question by question. */
const each = (judge: (question: CredentialQuestion) => Verdict): Authenticate => (batch) => batch.map(judge)

test('R12.2-09: two Adds for one client, which the application knows by name', async () => {
  const authenticate: Authenticate = (batch) => {
    const names = batch.map(({ credential }) => nameOf(credential))
    return names.map((name, i) => (names.indexOf(name) === i ? 'accept' : 'reject-policy'))
  }
  const alice = await open('alice', { authenticate })
  const group = await alice.createGroup()
  const [bob, twin] = [await open('bob'), await open('bob')]
  const add = [await keyPackage(bob), await keyPackage(twin)]
  await fails(group.commit({ add }), 'POLICY')
  expect(group.pending()).toEqual([])
  // By signature key the engine knows them itself.
  const twice = [add[0]!, await keyPackage(bob)]
  await fails(group.commit({ add: twice }), 'INVALID_PROPOSAL_LIST')
  expect(group.pending()).toEqual([])
  const bobs = await addTo(group, bob)
  agree(group, bobs)
})

test('R12.2-10: an Add of a client that is already in the group', async () => {
  const members = new Set(['alice', 'bob'])
  const authenticate = each(({ credential, role }) =>
    (role === 'member' && members.has(nameOf(credential)) ? 'reject-policy' : 'accept'))
  const alice = await open('alice', { authenticate })
  const group = await alice.createGroup()
  members.delete('bob')
  const bob = await open('bob')
  const bobs = await addTo(group, bob)
  members.add('bob')
  await fails(group.commit({ add: [await keyPackage(await open('bob'))] }), 'POLICY')
  await fails(group.commit({ add: [await keyPackage(bob)] }), 'DUPLICATE_SIGNATURE_KEY')
  expect(group.pending()).toEqual([])
  agree(group, bobs)
})

test('R12.2-24: an external commit that removes somebody else', async () => {
  const authenticate = each(({ credential, former, role }) =>
    (role === 'successor' && nameOf(former) !== nameOf(credential) ? 'reject-succession' : 'accept'))
  const { alices, bobs } = await pair({ authenticate })
  const info = await alices.groupInfo()
  const mallory = await open('mallory')
  const stealing = await mallory.joinExternally(info, { resync: bobs.leafIndex })
  const before = alices.epochAuthenticator
  await fails(alices.receive(stealing.message), 'CREDENTIAL_SUCCESSION')
  expect(alices.epochAuthenticator).toEqual(before)
  // Bob himself, with new keys, may.
  const again = await open('bob')
  const resync = await again.joinExternally(info, { resync: bobs.leafIndex })
  await alices.receive(resync.message)
  await resync.accepted()
  agree(alices, resync.group)
})

test('R12.3-03: how a custom proposal type is applied is said when it is registered', async () => {
  const type = 0xf123
  const register = (one: unknown): Promise<unknown> => open('alice', { policy: { customProposals: [one] } as never })
  await misused(register({}), 'TypeError', 'options.policy.customProposals[0].type')
  await misused(register({ type: 65_536 }), 'RangeError', 'options.policy.customProposals[0].type')
  await misused(register({ type, path: 'sometimes' }), 'RangeError', 'options.policy.customProposals[0].path')
  await misused(register({ type, external: 'yes' }), 'TypeError', 'options.policy.customProposals[0].external')
  await misused(register({ type, order: 'first' }), 'TypeError', 'order')
  // What is not said is the strict choice: a Commit with one has a path, which is longer than everything else.
  const lengthWith = async (policy: { type: number; path?: 'optional' }): Promise<number> => {
    const options = { proposalTypes: [type], policy: { customProposals: [policy], handshake: 'public' } } as const
    const { alices, bobs } = await pair(options)
    const proposals = [{ type: 'custom', proposalType: type, data: Uint8Array.of(1) }] as const
    const commit = await alices.commit({ proposals, path: 'when-required' })
    await commit.accepted()
    await bobs.receive(commit.message)
    agree(alices, bobs)
    return commit.message.length
  }
  expect(await lengthWith({ type })).toBeGreaterThan(200 + await lengthWith({ type, path: 'optional' }))
})

test('R12.4-03: an Add of somebody whom the application does not want', async () => {
  const refusing = each(({ credential }) => (nameOf(credential) === 'carol' ? 'reject-policy' : 'accept'))
  const { alices, bobs } = await pair()
  const dave = await open('dave', { authenticate: refusing })
  const daves = await addTo(alices, dave, [bobs])
  const carol = await open('carol')
  const add = await keyPackage(carol)
  await fails(daves.commit({ add: [add] }), 'POLICY')
  await fails(daves.propose({ type: 'add', keyPackage: add }), 'POLICY')
  const proposal = await bobs.propose({ type: 'add', keyPackage: add })
  await fails(daves.receive(proposal.message), 'POLICY')
  expect(daves.proposals).toEqual([])
  const commit = await alices.commit({ add: [add] })
  await fails(daves.receive(commit.message), 'POLICY')
  expect(daves.epoch).toBe(alices.epoch)
  await commit.rejected()
  expect((await daves.receive(await alices.send('on we go'))).kind).toBe('message')
})

test('R12.4-03: an Add by a member who may not add', async () => {
  const { groups: [alices, bobs, carols] } = await together(['alice', 'bob', 'carol'])
  const may = new Set([alices!.leafIndex])
  /** receive takes a message; of a Commit the application sees what it does, and who does it, before it is applied. */
  const receive = async (group: Group, message: Uint8Array): Promise<string> => {
    const received = await group.receive(message, { inspect: true })
    if (received.kind !== 'staged') return received.kind
    const { added, committer } = received.commit
    if (added.length === 0 || may.has(committer)) return (await received.accept()).kind
    received.drop()
    return 'refused'
  }
  const dave = await open('dave')
  const add = await keyPackage(dave)
  const before = carols!.epochAuthenticator
  const refused = async (): Promise<void> => {
    const commit = await bobs!.commit({ add: [add] })
    for (const group of [alices!, carols!]) expect(await receive(group, commit.message)).toBe('refused')
    expect(carols!.epochAuthenticator).toEqual(before)
    await commit.rejected()
  }
  await refused()
  // A proposal of his is kept with his name on it, and a Commit of his to it refused; who may add may take it up.
  const proposal = await bobs!.propose({ type: 'add', keyPackage: add })
  for (const group of [alices!, carols!]) {
    expect(await receive(group, proposal.message)).toBe('proposal')
    expect(group.proposals).toMatchObject([{ sender: { type: 'member', leafIndex: bobs!.leafIndex }, proposal: { type: 'add' } }])
  }
  const referring = await bobs!.commit()
  expect(await receive(carols!, referring.message)).toBe('refused')
  await referring.rejected()
  const without = await alices!.commit({ includeProposals: false })
  await without.accepted()
  for (const group of [bobs!, carols!]) expect(await receive(group, without.message)).toBe('commit')
  expect(carols!.proposals).toEqual([])
  const allowed = await alices!.commit({ add: [add] })
  const { welcome } = await allowed.accepted()
  for (const group of [bobs!, carols!]) expect(await receive(group, allowed.message)).toBe('commit')
  agree(alices!, bobs!, carols!, await dave.join(welcome!))
})
