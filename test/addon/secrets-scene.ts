// A life with secrets that are known, and everything of it that a program would print: objects, and errors of every kind that
// is easily had.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Client, isMlsError, memoryStore, proposeExternally, trustAnyCredential, type Group, type KeyWrapper } from '../../lib'
import { addTo, keyPackage, open } from '../api/support/people'
import { errorsOfGroups } from './secrets-group-errors'
import { errorsOfKeys } from './secrets-key-errors'
import { errorsOfStores } from './secrets-store-errors'
import { peerSecrets } from './secrets-peer'
import { printed } from './secrets-search'

/** Scene: known secrets in hex, what was printed, and the codes of the errors among it. */
export interface Scene {
  readonly secrets: Readonly<Record<string, string>>
  readonly texts: readonly string[]
  readonly codes: readonly string[]
  /** What is no secret and was shown, in hex. */
  readonly shown: string
}

/** Exhibit keeps what is shown, and the secrets that must not be. */
export class Exhibit {
  readonly secrets = new Map<string, Uint8Array>()
  readonly texts: string[] = []
  readonly codes = new Set<string>()

  /** secret makes one of 32 bytes, or notes a copy of one. */
  secret(name: string, bytes: Uint8Array = randomBytes(32)): Uint8Array {
    const copy = new Uint8Array(bytes)
    this.secrets.set(name, copy)
    return new Uint8Array(copy)
  }

  show(...values: readonly unknown[]): void {
    this.texts.push(...values.map(printed))
  }

  /** fails has something go wrong with this code, or with a TypeError or RangeError, and shows the error. */
  async fails(code: string, work: () => unknown): Promise<void> {
    let error: unknown
    try {
      await work()
    } catch (thrown) {
      error = thrown
    }
    const found = isMlsError(error) ? error.code : error instanceof Error ? error.name : 'nothing'
    if (found !== code) throw new Error(`${code} was to come, not ${found}`, { cause: error })
    this.codes.add(code)
    this.show(error)
  }
}

/** Cast: people of the scene, and a group of alice's. */
export interface Cast {
  readonly alice: Client
  readonly bob: Client
  readonly group: Group
}

/** wrapperOf is a KMS that lets its secrets be known. */
function wrapperOf(exhibit: Exhibit): KeyWrapper {
  const vault = new Map<string, Uint8Array>()
  return {
    wrap: (key) => {
      const name = randomBytes(16)
      vault.set(name.toString('hex'), exhibit.secret('sealing key', key))
      return name
    },
    unwrap: (name) => vault.get(Buffer.from(name).toString('hex')) ?? new Uint8Array(0),
  }
}

async function castOf(exhibit: Exhibit): Promise<Cast> {
  const alice = await Client.open({
    identity: 'alice', store: memoryStore(), authenticate: trustAnyCredential, encryptionKey: wrapperOf(exhibit),
    signaturePrivateKeys: { 1: exhibit.secret('signature key') }, policy: { sendWithUncommittedProposals: 'allow' },
    psk: (id) => (Buffer.from(id).toString() === 'of the source' ? exhibit.secrets.get('PSK of the source') : null),
  })
  return { alice, bob: await open('bob'), group: await alice.createGroup() }
}

/** live uses every secret as it is to be used. */
async function live(exhibit: Exhibit, { alice, bob, group }: Cast): Promise<void> {
  for (const [name, secret] of Object.entries(await peerSecrets(group))) exhibit.secret(`${name} of an epoch`, secret)
  exhibit.show(await group.use((native) => native.resumption(group.epoch)))
  exhibit.secret('exported secret', await group.export('label', new Uint8Array(0), 48))
  const resuming = await group.commit({ psk: [{ groupId: group.id, epoch: group.epoch }] })
  const sent = exhibit.secret('plaintext sent')
  const read = exhibit.secret('plaintext received', Buffer.from(randomBytes(24).toString('base64')))
  await group.send(sent)
  await group.send(Buffer.from(sent).toString('latin1'))
  await resuming.accepted()
  const others = await alice.createGroup()
  const theirs = await addTo(others, bob)
  await others.receive(await theirs.send(read, { authenticatedData: Uint8Array.of(1) }))
  const psk = exhibit.secret('PSK')
  for (const client of [alice, bob]) await client.psks.put('a psk', psk)
  await bob.psks.put('of the source', exhibit.secret('PSK of the source'))
  const mixed = await others.commit({ psk: ['a psk', 'of the source', { groupId: others.id, epoch: others.epoch }] })
  await mixed.accepted()
  await theirs.receive(mixed.message)
  await proposeExternally({
    suite: 1, groupId: group.id, epoch: 0n, senderIndex: 0, signaturePrivateKey: exhibit.secret('key of an external sender'),
    proposal: { type: 'remove', leafIndex: 1 },
  })
  const pending = await others.commit({ update: { rotateSignatureKey: true } })
  exhibit.show(alice, alice.psks, alice.keyPackages, group, others, pending, alice.groups(), others.epochs(), await keyPackage(alice))
  await pending.accepted()
  await theirs.receive(pending.message)
}

/** importOne joins with a key package that was made elsewhere: its private keys are given as they are. */
async function importOne(exhibit: Exhibit): Promise<void> {
  const [vector] = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'vectors', 'passive-client-welcome.json'), 'utf8')) as Record<string, string>[]
  const bytes = (name: string): Uint8Array => new Uint8Array(Buffer.from(vector?.[name] ?? '', 'hex'))
  const client = await open('vector', { policy: { lifetimes: 'ignore', limits: { maxLifetime: Infinity } } })
  exhibit.show(await client.keyPackages.import({
    keyPackage: bytes('key_package'), initPrivateKey: exhibit.secret('imported init key', bytes('init_priv')),
    encryptionPrivateKey: exhibit.secret('imported encryption key', bytes('encryption_priv')),
    signaturePrivateKey: exhibit.secret('imported signature key', bytes('signature_priv')),
  }))
  const group = await client.join(bytes('welcome'))
  await group.send('with the imported key')
  exhibit.show(client, client.keyPackages.list(), group)
  await client.close()
}

/** move exports a group, under a key that is known afterwards. */
async function move(exhibit: Exhibit, { alice, group }: Cast): Promise<void> {
  const there = await open('alice')
  const moving = await alice.exportGroup(group.id)
  const parts: Uint8Array[] = []
  for await (const part of moving.parts()) parts.push(part)
  const key = exhibit.secret('key of a transfer', await moving.release())
  const bytes = new Uint8Array(Buffer.concat(parts))
  const damaged = bytes.slice()
  damaged[damaged.length - 1]! ^= 1
  await exhibit.fails('GROUP_MOVED', () => group.send('too late'))
  await exhibit.fails('STORAGE_DAMAGED', () => there.importGroup(damaged, key))
  await exhibit.fails('STORAGE_DAMAGED', () => there.importGroup(bytes.subarray(0, 40), key))
  await exhibit.fails('WRONG_ENCRYPTION_KEY', () => there.importGroup(bytes, exhibit.secret('another key')))
  await exhibit.fails('TypeError', () => there.importGroup(bytes, Buffer.from(key).toString('hex') as never))
  await exhibit.fails('TypeError', () => there.importGroup([[...key]] as never, key))
  await exhibit.fails('RangeError', () => there.importGroup(bytes, key.subarray(1)))
  const version = bytes.slice()
  version[9] = 9
  await exhibit.fails('STORAGE_VERSION', () => there.importGroup(version, key))
  const stranger = await open('somebody')
  await exhibit.fails('WRONG_CLIENT', () => stranger.importGroup(bytes, key))
  const moved = await there.importGroup(bytes, key)
  await moving.finish()
  exhibit.show(moving, moved, there)
  await moved.delete()
  await exhibit.fails('TRANSFER_USED', () => there.importGroup(bytes, key))
  await Promise.all([there.close(), stranger.close()])
}

/** scene lives through all of it. */
export async function scene(): Promise<Scene> {
  const exhibit = new Exhibit()
  const cast = await castOf(exhibit)
  await live(exhibit, cast)
  await importOne(exhibit)
  await errorsOfKeys(exhibit, cast)
  await errorsOfGroups(exhibit)
  await errorsOfStores(exhibit)
  await move(exhibit, cast)
  const { alice, bob, group } = cast
  await alice.changeEncryptionKey(exhibit.secret('encryption key'))
  await alice.close()
  await bob.close()
  await exhibit.fails('GROUP_MOVED', () => group.send('closed'))
  await exhibit.fails('CLOSED', () => alice.createGroup())
  exhibit.show(alice, group)
  const secrets = [...exhibit.secrets].map(([name, secret]) => [name, Buffer.from(secret).toString('hex')] as const)
  return { secrets: Object.fromEntries(secrets), texts: exhibit.texts, codes: [...exhibit.codes].sort(), shown: group.key }
}
