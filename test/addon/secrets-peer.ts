// A peer of another implementation in a group of ours, which gives the secrets of the epoch that nobody else tells.
import type { Group } from '../../lib'

/** peerSecrets adds a member by ts-mls to a group of suite 1, and gives the secrets of the epoch in which it came, by name. */
export async function peerSecrets(group: Group): Promise<Record<string, Uint8Array>> {
  const mls = await import('ts-mls')
  const { decodeRatchetTree } = await import('ts-mls/ratchetTree.js')
  const suite = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'))
  const now = BigInt(Math.floor(Date.now() / 1000))
  const { publicPackage, privatePackage } = await mls.generateKeyPackage(
    { credentialType: 'basic', identity: Buffer.from('peer') }, mls.defaultCapabilities(), { notBefore: now - 60n, notAfter: now + 3600n }, [], suite)
  const add = [mls.encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage: publicPackage })]
  const { welcome } = await (await group.commit({ add })).accepted()
  const decoded = mls.decodeMlsMessage(welcome ?? new Uint8Array(0), 0)?.[0]
  if (decoded?.wireformat !== 'mls_welcome') throw new Error('not a Welcome')
  const state = await mls.joinGroup(
    decoded.welcome, publicPackage, privatePackage, mls.emptyPskIndex, suite, decodeRatchetTree(await group.tree(), 0)?.[0])
  const { epochAuthenticator, ...secrets } = state.keySchedule
  if (Buffer.compare(epochAuthenticator, group.epochAuthenticator) !== 0) throw new Error('the peer is in another epoch')
  return secrets
}
