// Errors about keys: wrong ones, of wrong kinds, and in wrong places; and about who may be believed.
import { Client, memoryStore, proposeExternally, trustAnyCredential, type Authenticate } from '../../lib'
import { addTo, keyPackage, open } from '../api/support/people'
import type { Cast, Exhibit } from './secrets-scene'

/** errorsOfKeys gives secrets where they do not fit. */
export async function errorsOfKeys(exhibit: Exhibit, { alice, group }: Cast): Promise<void> {
  const key = exhibit.secret('a misplaced key')
  const hex = Buffer.from(key).toString('hex')
  const options = { identity: 'alice', authenticate: trustAnyCredential }
  const opening = (more: object) => () => Client.open({ ...options, store: memoryStore(), ...more })
  await exhibit.fails('INVALID_KEY', opening({ signaturePrivateKeys: { 1: key.subarray(1) } }))
  await exhibit.fails('INVALID_KEY', opening({ signaturePrivateKeys: { 2: new Uint8Array(32).fill(255) } }))
  await exhibit.fails('TypeError', opening({ signaturePrivateKeys: { 1: hex } }))
  await exhibit.fails('TypeError', opening({ signaturePrivateKeys: { 1: [...key] } }))
  await exhibit.fails('TypeError', opening({ signaturePrivateKeys: hex }))
  await exhibit.fails('TypeError', opening({ encryptionKey: hex }))
  await exhibit.fails('RangeError', opening({ encryptionKey: key.subarray(1) }))
  await exhibit.fails('WRONG_ENCRYPTION_KEY', opening({ encryptionKey: { wrap: () => { throw new Error('no KMS') }, unwrap: () => key } }))
  await exhibit.fails('INVALID_CREDENTIAL', opening({ policy: { knownCertificates: [key] } }))
  await exhibit.fails('RangeError', () => alice.changeEncryptionKey(key.subarray(2)))
  await exhibit.fails('TypeError', () => alice.changeEncryptionKey(hex as never))
  await exhibit.fails('TypeError', () => alice.psks.put('x', hex as never))
  await exhibit.fails('TypeError', () => alice.psks.put('x', [...key] as never))
  await exhibit.fails('MISSING_PSK', () => group.commit({ psk: ['a psk', 'another'] }))
  await exhibit.fails('TypeError', () => group.send([...key] as never))

  const sealed = memoryStore()
  await (await Client.open({ ...options, store: sealed, encryptionKey: key })).close()
  await exhibit.fails('WRONG_ENCRYPTION_KEY', () => Client.open({ ...options, store: sealed }))
  await exhibit.fails('WRONG_ENCRYPTION_KEY', () => Client.open({ ...options, store: sealed, encryptionKey: exhibit.secret('a wrong key') }))

  const [made] = await alice.keyPackages.create()
  const keys = { initPrivateKey: key, encryptionPrivateKey: exhibit.secret('a wrong encryption key'), signaturePrivateKey: exhibit.secret('a wrong signature key') }
  await exhibit.fails('MALFORMED', () => alice.keyPackages.import({ keyPackage: new Uint8Array(1), ...keys }))
  // Keys of another package, whether they are refused here or when somebody joins by them.
  const joining = async (): Promise<unknown> => {
    await alice.keyPackages.import({ keyPackage: made!.message, ...keys })
    const { welcome } = await (await (await (await open('inviting')).createGroup()).commit({ add: [made!.message] })).accepted()
    return alice.join(welcome!)
  }
  exhibit.show(await joining().catch((error: unknown) => error))
  await exhibit.fails('TypeError', () => alice.keyPackages.import({ keyPackage: made!.message, ...keys, initPrivateKey: hex as never }))
  const proposal = { suite: 1, groupId: group.id, epoch: 0n, senderIndex: 0, signaturePrivateKey: key, proposal: { type: 'remove', leafIndex: 0 } } as const
  await exhibit.fails('INVALID_KEY', () => proposeExternally({ ...proposal, signaturePrivateKey: key.subarray(1) }))
  await exhibit.fails('TypeError', () => proposeExternally({ ...proposal, signaturePrivateKey: hex as never }))
  await exhibit.fails('UNSUPPORTED_CIPHERSUITE', () => proposeExternally({ ...proposal, suite: 99 }))
  await errorsOfTrust(exhibit)
}

/** errorsOfTrust: what `authenticate` and `psk` give. */
async function errorsOfTrust(exhibit: Exhibit): Promise<void> {
  let judge: Authenticate = (batch) => batch.map(() => true)
  const psk = exhibit.secret('a PSK of the source that is none')
  const alice = await open('alice', {
    authenticate: (batch) => judge(batch), answerTimeout: 20, psk: () => Buffer.from(psk).toString('hex') as never,
  })
  const group = await alice.createGroup()
  await exhibit.fails('MISSING_PSK', () => group.commit({ psk: ['of the source'] }))
  const verdicts = [
    ['CREDENTIAL_REJECTED', 'reject'], ['CREDENTIAL_SUCCESSION', 'reject-succession'], ['POLICY', 'reject-policy'], ['AS_FAILED', 'no-answer'],
  ] as const
  const carol = await open('carol')
  const add = async (): Promise<unknown> => group.commit({ add: [await keyPackage(carol)] })
  for (const [code, verdict] of verdicts) {
    judge = (batch) => batch.map(() => verdict)
    await exhibit.fails(code, add)
  }
  judge = () => { throw new Error('no directory') }
  await exhibit.fails('AS_FAILED', add)
  judge = () => new Promise(() => {})
  await exhibit.fails('ANSWER_TIMEOUT', add)
  judge = async (batch) => {
    await exhibit.fails('REENTRANT', () => group.send('from inside'))
    return batch.map(() => true)
  }
  await add()
  judge = (batch) => batch.map(() => true)
  await addTo(group, carol)
  await Promise.all([alice.close(), carol.close()])
}
