// No error, no log and no view of an object holds key material: known secrets are looked for in all that can be printed.
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { Client, memoryStore, trustAnyCredential, type Group } from '../../lib'
import { addTo, keyPackage, open } from '../api/support/people'

/** The forms in which bytes are printed, each of the first twelve of a secret. */
function formsOf(secret: Uint8Array): string[] {
  const head = Buffer.from(secret.subarray(0, 12))
  const list = [...head]
  return [
    head.toString('hex'), head.toString('hex').toUpperCase(), head.toString('base64').slice(0, 15), head.toString('base64url').slice(0, 15),
    list.join(), list.join(', '), list.map((byte) => byte.toString(16).padStart(2, '0')).join(' '), head.toString('latin1'),
  ]
}

/** printed gives everything that a program would print of a value. */
const printed = (value: unknown): string => [
  inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null }), String(value), JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'bigint' ? String(one) : one) ?? '',
  value instanceof Error ? `${value.stack} ${inspect(value.cause, { depth: 12, showHidden: true })}` : '',
].join('\n')

test('the search finds a secret that is shown', () => {
  const secret = new Uint8Array(randomBytes(32))
  for (const shown of [secret, { inside: [Buffer.from(secret)] }, new Error(Buffer.from(secret).toString('base64'))]) {
    expect(formsOf(secret).some((form) => printed(shown).includes(form))).toBe(true)
  }
})

test('errors, logs and objects show no secret', async () => {
  const logged: string[] = []
  const outs = [process.stdout, process.stderr].map((out) => jest.spyOn(out, 'write').mockImplementation((text) => {
    logged.push(String(text))
    return true
  }))
  const secrets = { signature: new Uint8Array(randomBytes(32)), psk: new Uint8Array(randomBytes(32)), encryption: new Uint8Array(randomBytes(32)) }
  const shown: unknown[] = []
  const tried = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      shown.push(await work())
    } catch (error) {
      shown.push(error)
    }
  }
  try {
    const store = memoryStore()
    const options = {
      identity: 'alice', store, authenticate: trustAnyCredential,
      signaturePrivateKeys: { 1: secrets.signature }, encryptionKey: secrets.encryption,
    }
    const alice = await Client.open(options)
    const bob = await open('bob')
    await alice.psks.put('a psk', secrets.psk)
    const group: Group = await alice.createGroup()
    const bobs = await addTo(group, bob)
    shown.push(alice, group, group.pending())
    await tried(() => group.commit({ psk: ['a psk', 'another'] }))
    await tried(() => alice.psks.put('x', 'no bytes' as never))
    await tried(() => Client.open({ ...options, encryptionKey: secrets.psk }))
    await tried(() => Client.open({ ...options, store: memoryStore(), signaturePrivateKeys: { 1: secrets.signature.subarray(1) } }))
    await tried(() => Client.open({ ...options, store: memoryStore(), signaturePrivateKeys: { 2: secrets.signature } }))
    await tried(() => alice.changeEncryptionKey(secrets.signature.subarray(2)))
    await tried(async () => bobs.receive((await group.commit({ psk: ['a psk'] })).message))
    await tried(() => alice.keyPackages.import({
      keyPackage: new Uint8Array(4), initPrivateKey: secrets.signature, encryptionPrivateKey: secrets.encryption, signaturePrivateKey: secrets.psk,
    }))
    const [made] = await alice.keyPackages.create()
    await tried(() => alice.keyPackages.import({
      keyPackage: made!.message, initPrivateKey: secrets.signature, encryptionPrivateKey: secrets.encryption, signaturePrivateKey: secrets.psk,
    }))
    await tried(async () => group.commit({ add: [(await keyPackage(bob)).subarray(1)] }))
    await alice.close()
    await tried(() => group.send('closed'))
    shown.push(alice, group)
  } finally {
    for (const out of outs) out.mockRestore()
  }
  expect(shown.filter((one) => one instanceof Error).length).toBeGreaterThan(8)
  const text = [...shown.map(printed), ...logged].join('\n')
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of formsOf(secret)) expect({ name, found: text.includes(form) }).toEqual({ name, found: false })
  }
})
