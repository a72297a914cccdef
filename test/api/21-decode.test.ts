// decode(): any MLSMessage as plain objects.
import { decode, type DecodedMessage } from '../../lib'
import { fails, keyPackage, misused, open, pair } from './support/people'
import { turns } from './support/turns'

const as = <F extends DecodedMessage['wireFormat']>(message: DecodedMessage, format: F): Extract<DecodedMessage, { wireFormat: F }> => {
  expect(message.wireFormat).toBe(format)
  return message as Extract<DecodedMessage, { wireFormat: F }>
}

test('a key package', async () => {
  const decoded = as(await decode(await keyPackage(await open('alice'))), 'key-package')
  expect(decoded).toMatchObject({ suite: 1, leafNode: { source: 'key-package', credential: { type: 'basic', identity: Buffer.from('alice') } } })
  expect(decoded.initKey).toHaveLength(32)
  expect(decoded.signature).toHaveLength(64)
  expect(decoded.leafNode.capabilities.suites).toContain(1)
})

test('a Welcome and a GroupInfo', async () => {
  const { alices } = await pair()
  const [made] = await (await open('carol')).keyPackages.create()
  const commit = await alices.commit({ add: [made!.message] })
  const { welcome } = await commit.accepted()
  const decoded = as(await decode(welcome!), 'welcome')
  expect(decoded.suite).toBe(1)
  expect(decoded.secrets.map((one) => one.newMember)).toEqual([made!.reference])
  const info = as(await decode(await alices.groupInfo()), 'group-info')
  expect(info).toMatchObject({ groupId: alices.id, epoch: 2n, suite: 1, signer: 0, treeHash: alices.treeHash })
  expect(info.extensions.map(({ type }) => type)).toEqual(expect.arrayContaining([2, 4]))  // and GREASE
})

test('private and public messages', async () => {
  const { alices } = await pair()
  const secret = as(await decode(await alices.send('x', { authenticatedData: Uint8Array.of(7) })), 'private-message')
  expect(secret).toMatchObject({ groupId: alices.id, epoch: 1n, contentType: 'application', authenticatedData: Uint8Array.of(7) })
  const open_ = await pair({ policy: { handshake: 'public' } })
  const proposal = as(await decode((await open_.bobs.leave()).message), 'public-message')
  expect(proposal).toMatchObject({
    sender: { type: 'member', leafIndex: 1 }, contentType: 'proposal', proposal: { type: 'remove', leafIndex: 1 },
  })
  expect(proposal.membershipTag).toHaveLength(32)
  const commit = as(await decode((await open_.alices.commit()).message), 'public-message')
  if (commit.contentType !== 'commit') throw new Error('no commit')
  expect(commit.commit.path?.nodes).toHaveLength(1)
  expect(commit.confirmationTag).toHaveLength(32)
})

test('what is none', async () => {
  await fails(decode(new Uint8Array(0)), 'MALFORMED')
  await fails(decode(Uint8Array.of(0, 2, 0, 1)), 'UNSUPPORTED_VERSION')
  await fails(decode(Uint8Array.of(0, 1, 0, 9)), 'UNSUPPORTED_WIRE_FORMAT')
  await misused(decode('x' as never), 'TypeError', 'message')
})

/** variable gives a vector of variable size (RFC 9420 §2.1.2). */
function variable(...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts)
  const length = Buffer.alloc(4)
  length.writeUInt32BE((0x8000_0000 | body.length) >>> 0)
  return Buffer.concat([body.length < 64 ? Uint8Array.of(body.length) : length, body])
}

test('a Welcome for very many is built in several turns', async () => {
  const count = 30_000
  const secrets = Array.from({ length: count }, (_, i) => Buffer.concat([
    variable(new Uint8Array(32).fill(i)), variable(new Uint8Array(32)), variable(new Uint8Array(48))]))
  const message = Buffer.concat([Uint8Array.of(0, 1, 0, 3, 0, 1), variable(...secrets), variable(new Uint8Array(50))])
  let decoded: DecodedMessage | null = null
  expect(await turns(async () => (decoded = await decode(message)))).toBeGreaterThan(3)
  const { secrets: found } = as(decoded as unknown as DecodedMessage, 'welcome')
  expect(found).toHaveLength(count)
  expect(found[70]?.newMember).toEqual(new Uint8Array(32).fill(70))
})

test('a commit and a Welcome with very many ciphertexts are read whole', async () => {
  const count = 600
  const alice = await open('alice', { policy: { handshake: 'public' } })
  const group = await alice.createGroup()
  const others = await Promise.all(Array.from({ length: count }, async (_, i) => {
    const other = await open(`member-${i}`)
    const made = await keyPackage(other)
    await other.close()
    return made
  }))
  const adding = await group.commit({ add: others, path: 'when-required' })
  const { welcome } = await adding.accepted()
  const sealing = await group.commit()
  const decoded: DecodedMessage[] = []
  decoded.push(await decode(adding.message), await decode(welcome!), await decode(sealing.message))
  const [added, welcomed, sealed] = decoded
  const first = as(added!, 'public-message')
  if (first.contentType !== 'commit') throw new Error('no commit')
  expect(first.commit.proposals).toEqual(others.map((one) =>
    ({ proposal: expect.objectContaining({ type: 'add', keyPackage: one }) as unknown })))
  expect(as(welcomed!, 'welcome').secrets.filter(({ newMember }) => newMember.length === 32)).toHaveLength(count)
  const second = as(sealed!, 'public-message')
  if (second.contentType !== 'commit') throw new Error('no commit')
  const secrets = second.commit.path!.nodes.flatMap((node) => node.encryptedPathSecrets)
  expect(secrets).toHaveLength(count)
  for (const { kemOutput, ciphertext } of secrets) expect([kemOutput.length, ciphertext.length]).toEqual([32, 48])
})
