// The vectors again, through the public API: every message decodes, and a passive client keeps up.
import { Client, decode, memoryStore, trustAnyCredential, type Group } from '../../lib'
import { findVectors, fromHex } from './support/vectors'

const formats = {
  mls_welcome: 'welcome', mls_group_info: 'group-info', mls_key_package: 'key-package', private_message: 'private-message',
  public_message_application: 'public-message', public_message_proposal: 'public-message', public_message_commit: 'public-message',
} as const

interface PassiveClient {
  readonly cipher_suite: number
  readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[]
  readonly key_package: string
  readonly init_priv: string
  readonly encryption_priv: string
  readonly signature_priv: string
  readonly welcome: string
  readonly ratchet_tree: string | null
  readonly initial_epoch_authenticator: string
  readonly epochs: readonly { readonly proposals: readonly string[]; readonly commit: string; readonly epoch_authenticator: string }[]
}

/** Some vectors for P-521 give scalars without their leading zero; ours have 66 bytes (RFC 9180 §7.1.2). */
const privateKey = (suite: number, hex: string): Uint8Array => fromHex(suite === 5 ? hex.padStart(132, '0') : hex)

async function join(vector: PassiveClient): Promise<{ client: Client; group: Group }> {
  const client = await Client.open({
    identity: 'vector', suites: [vector.cipher_suite], store: memoryStore(), authenticate: trustAnyCredential,
    // Their lifetimes are long past, or without end.
    policy: { lifetimes: 'ignore', limits: { maxLifetime: Infinity } },
  })
  for (const { psk_id: id, psk } of vector.external_psks) await client.psks.put(fromHex(id), fromHex(psk))
  await client.keyPackages.import({
    keyPackage: fromHex(vector.key_package),
    initPrivateKey: privateKey(vector.cipher_suite, vector.init_priv),
    encryptionPrivateKey: privateKey(vector.cipher_suite, vector.encryption_priv),
    signaturePrivateKey: privateKey(vector.cipher_suite, vector.signature_priv),
  })
  const tree = vector.ratchet_tree === null ? {} : { tree: fromHex(vector.ratchet_tree) }
  return { client, group: await client.join(fromHex(vector.welcome), tree) }
}

const authenticator = (group: Group): string => Buffer.from(group.epochAuthenticator).toString('hex')

async function follow(vector: PassiveClient): Promise<void> {
  const { client, group } = await join(vector)
  expect(authenticator(group)).toBe(vector.initial_epoch_authenticator)
  for (const { proposals, commit, epoch_authenticator: expected } of vector.epochs) {
    for (const received of await group.receiveMany([...proposals, commit].map(fromHex))) {
      if (received.kind === 'error') throw received.error
    }
    expect(authenticator(group)).toBe(expected)
  }
  await client.close()
}

const official = process.env['NODE_MLS_VECTORS'] ? 'official and own' : 'own (NODE_MLS_VECTORS is not set: official ones skipped)'

test(`messages decode: ${official}`, async () => {
  let count = 0
  for (const { cases } of findVectors('messages')) {
    for (const vector of cases as readonly Record<keyof typeof formats, string>[]) {
      for (const [name, wireFormat] of Object.entries(formats)) {
        const decoded = await decode(fromHex(vector[name as keyof typeof formats]))
        expect(decoded.wireFormat).toBe(wireFormat)
        count += 1
      }
    }
  }
  expect(count).toBeGreaterThan(0)
})

test.each(['passive-client-welcome', 'passive-client-handling-commit', 'passive-client-random'])(`%s: ${official}`, async (kind) => {
  const files = findVectors(kind)
  expect(files.length).toBeGreaterThan(0)
  for (const { cases } of files) for (const vector of cases as readonly PassiveClient[]) await follow(vector)
}, 120_000)
