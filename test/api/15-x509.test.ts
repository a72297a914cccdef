// X.509 credentials: members with chains, and the authenticator that judges them by trust anchors.
import { Client, memoryStore, trustAnyCredential, x509Authenticator, type Authenticate, type CredentialQuestion } from '../../lib'
import { certificates, privateKeys } from './support/certificates'
import { addTo, agree, fails, keyPackage, misused, open } from './support/people'

type Name = keyof typeof privateKeys
const trustCa = x509Authenticator({ anchors: [certificates.ca] })

const member = (name: Name, suite = 1, authenticate: Authenticate = trustCa): Promise<Client> => Client.open({
  credential: { type: 'x509', certificates: [certificates[name]] }, signaturePrivateKeys: { [suite]: privateKeys[name] },
  store: memoryStore(), authenticate,
})

const question = (name: keyof typeof certificates, former: keyof typeof certificates | null = null): CredentialQuestion => ({
  role: former ? 'successor' : 'member',
  index: 0,
  credential: { type: 'x509', certificates: [certificates[name]] },
  signatureKey: keyOf(name),
  former: former && { type: 'x509', certificates: [certificates[former]] },
})

/** The raw Ed25519 key at the end of a certificate's SubjectPublicKeyInfo. */
function keyOf(name: keyof typeof certificates): Uint8Array {
  const der = Buffer.from(certificates[name])
  const at = der.indexOf(Buffer.from('302a300506032b6570032100', 'hex')) + 12
  return new Uint8Array(der.subarray(at, at + 32))
}

const verdictOn = async (authenticate: Authenticate, one: CredentialQuestion): Promise<unknown> => (await authenticate([one]))[0]

test('members with chains make a group', async () => {
  const [alice, bob] = [await member('alice'), await member('bob')]
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  agree(group, bobs)
  expect((await bobs.receive(await group.send('x'))).kind).toBe('message')
  for await (const { credential } of group.members({ from: 1 })) {
    expect(credential).toEqual({ type: 'x509', certificates: [certificates.bob] })
  }
})

test('P-256 keys serve suite 2', async () => {
  const alice = await member('aliceP256', 2)
  const group = await alice.createGroup()
  expect(group.suite).toBe(2)
  await fails((await member('bob')).join(new Uint8Array(0)), 'MALFORMED')
})

test('who was issued by nobody we trust is refused', async () => {
  const alice = await member('alice')
  const mallory = await member('bobByNobody')
  const group = await alice.createGroup()
  await fails(group.commit({ add: [await keyPackage(mallory)] }), 'CREDENTIAL_REJECTED')
})

test('certificates that all members have are given with the policy, and read', async () => {
  const options = (known: Uint8Array): Parameters<typeof Client.open>[0] => ({
    credential: { type: 'x509', certificates: [certificates.alice] }, signaturePrivateKeys: { 1: privateKeys.alice },
    store: memoryStore(), authenticate: trustCa, policy: { knownCertificates: [known] },
  })
  const group = await (await Client.open(options(certificates.ca))).createGroup()
  expect(group.memberCount).toBe(1)
  await fails(Client.open(options(certificates.ca.slice(1))), 'INVALID_CREDENTIAL')
})

test('a chain with a gap is a credential to those who know what is missing', async () => {
  const carol = (known: readonly Uint8Array[]): Promise<Client> => Client.open({
    credential: { type: 'x509', certificates: [certificates.carol, certificates.root] },
    signaturePrivateKeys: { 1: privateKeys.carol }, store: memoryStore(), authenticate: trustAnyCredential,
    policy: { knownCertificates: known },
  })
  await fails(carol([]), 'INVALID_CREDENTIAL')
  const member = await carol([certificates.intermediate])
  const knowing = await open('alice', { policy: { knownCertificates: [certificates.intermediate] } })
  agree(await knowing.createGroup().then(async (group) => (await addTo(group, member), group)), (await member.group(member.groups()[0]!.id)))
  const ignorant = await (await open('bob')).createGroup()
  await fails(ignorant.commit({ add: [await keyPackage(member)] }), 'INVALID_CREDENTIAL')
})

test('verdicts', async () => {
  expect(await verdictOn(trustCa, question('alice'))).toBe('accept')
  expect(await verdictOn(trustCa, question('bobByNobody'))).toBe('reject')
  expect(await verdictOn(trustCa, { ...question('alice'), signatureKey: keyOf('bob') })).toBe('reject')
  expect(await verdictOn(trustCa, { ...question('alice'), credential: { type: 'basic', identity: Buffer.from('alice') } })).toBe('reject')
  expect(await verdictOn(trustCa, { ...question('alice'), credential: { type: 'x509', certificates: [Uint8Array.of(1)] } })).toBe('reject')
  expect(await verdictOn(trustCa, { ...question('alice'), credential: { type: 'x509', certificates: [] } })).toBe('reject')
  expect(await verdictOn(trustCa, question('bob', 'bob'))).toBe('accept')
  expect(await verdictOn(trustCa, question('bob', 'alice'))).toBe('reject-succession')
  const later = x509Authenticator({ anchors: [certificates.ca], clock: () => 8_000_000_000 })
  expect(await verdictOn(later, question('alice'))).toBe('reject')
  const none = x509Authenticator({ anchors: [certificates.ca], permit: ([leaf]) => leaf?.subject.includes('CN=alice') ?? false })
  expect(await verdictOn(none, question('alice'))).toBe('accept')
  expect(await verdictOn(none, question('bob'))).toBe('reject-policy')
  const itself = x509Authenticator({ anchors: [certificates.bobByNobody] })
  expect(await verdictOn(itself, question('bobByNobody'))).toBe('accept')
  const chain: CredentialQuestion = { ...question('alice'), credential: { type: 'x509', certificates: [certificates.alice, certificates.ca] } }
  expect(await verdictOn(trustCa, chain)).toBe('accept')
  const wrong: CredentialQuestion = { ...chain, credential: { type: 'x509', certificates: [certificates.alice, certificates.bob] } }
  expect(await verdictOn(trustCa, wrong)).toBe('reject')
})

test('arguments are checked', async () => {
  expect(() => x509Authenticator({ anchors: [] })).toThrow(expect.objectContaining({ name: 'TypeError' }))
  expect(() => x509Authenticator({ anchors: [Uint8Array.of(1)] })).toThrow('options.anchors[0]')
  const options = { store: memoryStore(), authenticate: trustCa }
  const credential = { type: 'x509', certificates: [certificates.alice] } as const
  await misused(Client.open({ ...options, credential, suites: [1] }), 'TypeError', 'options.signaturePrivateKeys[1]')
  await misused(Client.open({ ...options, credential: { type: 'x509', certificates: [] } }), 'TypeError', 'options.credential.certificates')
  await misused(Client.open({ ...options, credential, identity: 'x' }), 'TypeError', 'options.identity')
  await fails(Client.open({ ...options, credential, signaturePrivateKeys: { 1: privateKeys.bob } }), 'INVALID_CREDENTIAL')
})
