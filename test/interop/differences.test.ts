// What the peers do differently from RFC 9420, each shown at the peer itself. Where one of these tests fails after an update,
// the peer has mended it: then the bridge in peers/ or the care in room.ts can go.
import { Client, decode, externalSenders, memoryStore, trustAnyCredential } from 'node-mls'
import { MLS_KEY_PACKAGE } from './peers/mls-message'
import { mlsTs } from './peers/mls-ts'
import { ours } from './peers/ours'
import type { PeerMember } from './peers/peer'
import { tsMls } from './peers/ts-mls'
import { Room } from './room'

const library = () => import('ts-mls')
type Suite = Parameters<Awaited<ReturnType<typeof library>>['getCiphersuiteFromName']>[0]
const ECDSA: readonly (readonly [suite: Suite, size: number])[] = [
  ['MLS_128_DHKEMP256_AES128GCM_SHA256_P256', 32],
  ['MLS_256_DHKEMP521_AES256GCM_SHA512_P521', 66],
  ['MLS_256_DHKEMP384_AES256GCM_SHA384_P384', 48],
]

/** raw is ts-mls without our bridge: the library, a suite, and a key package of `name`. */
async function raw(suiteName: Suite, name: string) {
  const mls = await library()
  const suite = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(suiteName))
  const credential = { credentialType: 'basic' as const, identity: new TextEncoder().encode(name) }
  const now = BigInt(Math.floor(Date.now() / 1000))
  const lifetime = { notBefore: now - 3600n, notAfter: now + 3600n * 24n * 30n }
  const made = await mls.generateKeyPackage(credential, mls.defaultCapabilities(), lifetime, [], suite)
  return { mls, suite, ...made }
}

async function members(peers: readonly (readonly [typeof ours, string])[], suite: number): Promise<PeerMember[]> {
  return Promise.all(peers.map(([peer, name]) => peer.member(name, suite)))
}

describe('ts-mls', () => {
  test.each(ECDSA)('%s: its own ECDSA keys are compressed points, which we refuse (RFC 9420 §5.1.1)', async (name, size) => {
    const { mls, publicPackage } = await raw(name, 'bob')
    const { signaturePublicKey } = publicPackage.leafNode
    expect(signaturePublicKey).toHaveLength(1 + size)
    expect([2, 3]).toContain(signaturePublicKey[0])
    const message = mls.encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage: publicPackage })
    const number = { 32: 2, 66: 5, 48: 7 }[size] ?? 0
    const alice = await Client.open({ identity: 'alice', suites: [number], store: memoryStore(), authenticate: trustAnyCredential })
    const group = await alice.createGroup()
    await expect(group.commit({ add: [message] })).rejects.toMatchObject({ name: 'MlsError' })
    await alice.close()
  })

  test('its external_pub is the bare key, without the length of a vector (RFC 9420 §12.4.3.2)', async () => {
    const { mls, suite, publicPackage, privatePackage } = await raw('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519', 'alice')
    const state = await mls.createGroup(new TextEncoder().encode('group'), publicPackage, privatePackage, [], suite)
    const groupInfo = await mls.createGroupInfoWithExternalPubAndRatchetTree(state, [], suite)
    const found = groupInfo.extensions.find(({ extensionType }) => extensionType === 'external_pub')
    expect(found?.extensionData).toHaveLength(32)
    const message = mls.encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo })
    const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential })
    await expect(bob.joinExternally(message)).rejects.toMatchObject({ name: 'MlsError', fault: 'malformed' })
    await bob.close()
  })

  test('external_senders is one sender to it and not a vector of them (RFC 9420 §12.1.8.1)', async () => {
    const { encodeExternalSender } = await library()
    const [signaturePublicKey, identity] = [new Uint8Array(32).fill(1), new TextEncoder().encode('server')]
    const theirs = encodeExternalSender({ signaturePublicKey, credential: { credentialType: 'basic', identity } })
    const { data } = externalSenders([{ signatureKey: signaturePublicKey, credential: { type: 'basic', identity } }])
    expect(Buffer.from(data)).toEqual(Buffer.concat([Buffer.of(theirs.length), theirs]))
  })

  test('processMessage finds no PSKs for a commit in a PrivateMessage; processPrivateMessage does', async () => {
    const { mls, suite, publicPackage, privatePackage } = await raw('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519', 'bob')
    const alice = await ours.member('alice', 1)
    await alice.createGroup('group')
    const keyPackage = mls.encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage: publicPackage })
    const { welcome } = await alice.commit({ add: [keyPackage] })
    const decoded = welcome && mls.decodeMlsMessage(welcome, 0)?.[0]
    if (decoded?.wireformat !== 'mls_welcome') throw new Error('no Welcome')
    const bob = await mls.joinGroup(decoded.welcome, publicPackage, privatePackage, mls.emptyPskIndex, suite)
    await alice.putPsk('shared', Buffer.alloc(32, 7))
    const [commit = new Uint8Array()] = (await alice.commit({ psk: ['shared'] })).messages
    const message = mls.decodeMlsMessage(commit, 0)?.[0]
    if (message?.wireformat !== 'mls_private_message') throw new Error('not a PrivateMessage')
    const index = { findPsk: () => new Uint8Array(32).fill(7) }
    await expect(mls.processMessage(message, bob, index, mls.acceptAll, suite)).rejects.toThrow(/psk/i)
    const { newState } = await mls.processPrivateMessage(bob, message.privateMessage, index, suite)
    expect(Buffer.from(newState.keySchedule.epochAuthenticator)).toEqual(Buffer.from((await alice.epochAuthenticator()) ?? []))
    await alice.close()
  })

  // room.ts keeps such trees from ts-mls; here nothing does.
  test('a newcomer refuses a valid tree whose parents list different unmerged leaves (RFC 9420 §12.4.3.1)', async () => {
    const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']
    const [alice, ...others] = await members(names.map((name) => [ours, name] as const), 1)
    const grace = await tsMls.member('grace', 1)
    if (!alice) throw new Error('unreachable')
    await alice.createGroup('unmerged')
    const there: PeerMember[] = []
    const add = async (newcomer: PeerMember): Promise<void> => {
      const made = await alice.commit({ add: [await newcomer.makeKeyPackage()], path: 'when-required' })
      for (const member of there) for (const message of made.messages) await member.receive(message)
      await newcomer.join(made.welcome ?? new Uint8Array(), await alice.tree())
      there.push(newcomer)
    }
    for (const other of others.slice(0, 4)) await add(other)
    // Alice's new path has no dave. Frank then takes his leaf: unmerged above alice and frank, and at the root; grace at the root alone.
    const { messages } = await alice.commit({ remove: ['dave'] })
    for (const member of there) for (const message of messages) await member.receive(message)
    there.splice(2, 1)
    for (const frank of others.slice(4)) await add(frank)
    // We take such a tree.
    await add(await ours.member('heidi', 1))
    await expect(add(grace)).rejects.toThrow(/unmerged_leaves/)
    for (const member of [alice, ...there]) await member.close()
  })

  test('it derives another commit secret when the left half of the tree is empty (RFC 9420 §12.4.1)', async () => {
    const [alice, bob, carol, dave] = await members([[ours, 'alice'], [ours, 'bob'], [tsMls, 'carol'], [ours, 'dave']], 1)
    if (!alice || !bob || !carol || !dave) throw new Error('unreachable')
    const room = await Room.create('half', alice)
    await room.add(alice, [bob])
    await room.add(alice, [carol])
    await room.add(alice, [dave])
    await expect(room.change(dave, { remove: ['alice', 'bob'] })).rejects.toThrow(/confirmation/i)
  })
})

describe('mls-ts', () => {
  test('its key packages are bare (RFC 9420 §6)', async () => {
    const { MlsClient } = await import('mls-ts')
    const client = new MlsClient('bob')
    const bare = client.keyPackage()
    await expect(decode(bare)).rejects.toMatchObject({ name: 'MlsError' })
    expect((await decode(Buffer.concat([MLS_KEY_PACKAGE, bare]))).wireFormat).toBe('key-package')
    client.free()
  })

  test('it has no removal, rotation, PSKs, external join or leaving: these are all of its methods', async () => {
    const { Group, MlsClient } = await import('mls-ts')
    const methods = (one: { readonly prototype: object }): string[] => Object.getOwnPropertyNames(one.prototype).sort()
    expect(methods(Group)).toEqual(['add', 'constructor', 'exportKey', 'exportRatchetTree', 'free', 'receive', 'receiveText', 'send'])
    expect(methods(MlsClient)).toEqual(['constructor', 'createGroup', 'free', 'group', 'joinGroup', 'keyPackage', 'provider', 'save'])
    expect([...mlsTs.abilities]).toEqual(['any-tree'])
  })
})
