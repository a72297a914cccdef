// RFC 9420 §12.1.8: proposals from outside, as an application makes and judges them.
import { generateKeyPairSync } from 'node:crypto'
import { decode, externalSenders, proposeExternally, type Authenticate } from '../../../lib'
import { addTo, fails, misused, open, pair } from '../../api/support/people'

const raw = (value: string | undefined): Uint8Array => new Uint8Array(Buffer.from(value ?? '', 'base64url'))

test('R12.1.8-02: the application refuses who asks to be added', async () => {
  const authenticate: Authenticate = (batch) => batch.map(({ credential }) =>
    (credential.type === 'basic' && Buffer.from(credential.identity).toString() === 'mallory' ? 'reject-policy' : 'accept'))
  const { alices } = await pair({ authenticate })
  const asking = async (name: string): Promise<Uint8Array> => {
    const client = await open(name)
    const [made] = await client.keyPackages.create()
    return client.proposeOwnAdd(made!.reference, alices.id, alices.epoch)
  }
  await fails(alices.receive(await asking('mallory')), 'POLICY')
  expect(alices.proposals).toEqual([])
  await alices.receive(await asking('carol'))
  expect(alices.proposals).toHaveLength(1)
  const closed = await pair({ policy: { newMemberProposals: 'refuse' } })
  const carol = await open('carol')
  const [made] = await carol.keyPackages.create()
  const message = await carol.proposeOwnAdd(made!.reference, closed.alices.id, closed.alices.epoch)
  await fails(closed.alices.receive(message), 'NOT_AUTHORIZED')
  expect(closed.alices.proposals).toEqual([])
})

test('R12.1.8-03: an external proposal is a PublicMessage, though the group encrypts its own', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const sender = {
    signatureKey: raw(publicKey.export({ format: 'jwk' }).x), credential: { type: 'basic', identity: Buffer.from('server') } as const,
  }
  const alice = await open('alice', { policy: { handshake: 'private' } })
  const group = await alice.createGroup({ extensions: [externalSenders([sender])] })
  const bobs = await addTo(group, await open('bob'))
  const options = {
    suite: 1, groupId: group.id, epoch: group.epoch, senderIndex: 0, signaturePrivateKey: raw(privateKey.export({ format: 'jwk' }).d),
    proposal: { type: 'remove', leafIndex: bobs.leafIndex },
  } as const
  await misused(proposeExternally({ ...options, handshake: 'private' } as never), 'TypeError', 'handshake is not an option')
  const message = await proposeExternally(options)
  expect(await decode(message)).toMatchObject({ wireFormat: 'public-message' })
  expect(await group.receive(message)).toMatchObject({ kind: 'proposal', sender: { type: 'external', index: 0 } })
  const carol = await open('carol', { policy: { handshake: 'private' } })
  const [made] = await carol.keyPackages.create()
  expect(await decode(await carol.proposeOwnAdd(made!.reference, group.id, group.epoch))).toMatchObject({ wireFormat: 'public-message' })
})
