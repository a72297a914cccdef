// Who takes part: a victim, whom all the forgeries are given to, two friends in its groups, strangers, and one who makes
// a group under the id of another.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { memoryStore, type Client, type ClientOptions, type ExternalSender, type Group } from '../../lib'
import { keyPackage, open } from '../api/support/people'
import { toldStore, type ToldStore } from '../api/support/stores'

export interface People {
  readonly suite: number
  /** Of the victim; it keeps every atom that was given. */
  readonly store: ToldStore
  readonly victim: Client
  /** The victim in a store from which its groups move to the other. */
  readonly elsewhere: Client
  /** Sends its handshakes as public messages. */
  readonly alice: Client
  /** Encrypts them. */
  readonly carol: Client
  readonly dave: Client
  readonly erin: Client
  /** Public handshakes. */
  readonly frank: Client
  /** Public handshakes. */
  readonly mallory: Client
  readonly all: readonly Client[]
}

export async function peopleOf(suite: number): Promise<People> {
  const store = toldStore(memoryStore())
  const all: Client[] = []
  const openOne = async (name: string, handshake: 'private' | 'public', more: Partial<ClientOptions> = {}): Promise<Client> => {
    const client = await open(name, { suites: [suite], policy: { handshake, sendWithUncommittedProposals: 'allow' }, ...more })
    await client.psks.put('paper key', new Uint8Array(32).fill(7))
    all.push(client)
    return client
  }
  return {
    suite, store, all,
    victim: await openOne('victim', 'private', { store, durableEvents: true }),
    elsewhere: await openOne('victim', 'private'),
    alice: await openOne('alice', 'public'),
    carol: await openOne('carol', 'private'),
    dave: await openOne('dave', 'private'),
    erin: await openOne('erin', 'private'),
    frank: await openOne('frank', 'public'),
    mallory: await openOne('mallory', 'public'),
  }
}

/** Invited: a Welcome, the commit that it is of, and the ratchet tree if it came apart. */
export interface Invited {
  readonly welcome: Uint8Array
  readonly message: Uint8Array
  readonly tree: Uint8Array | null
}

/** invite adds a client to a group; `others` of the group receive the commit. */
export async function invite(
  group: Group, client: Client, others: readonly Group[] = [], tree: 'inside' | 'apart' = 'inside',
): Promise<Invited> {
  const commit = await group.commit({ add: [await keyPackage(client)], tree })
  const { welcome, tree: apart } = await commit.accepted()
  for (const other of others) await other.receive(commit.message)
  if (!welcome) throw new Error('no welcome')
  return { welcome, message: commit.message, tree: apart }
}

/** turn goes on to the next epoch, and gives the commit. */
export async function turn(group: Group, others: readonly Group[]): Promise<Uint8Array> {
  const commit = await group.commit()
  await commit.accepted()
  for (const other of others) await other.receive(commit.message)
  return commit.message
}

const raw = (value: string | undefined): Uint8Array => new Uint8Array(Buffer.from(value ?? '', 'base64url'))

function keyPair(suite: number): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (suite) {
    case 1: case 3: return generateKeyPairSync('ed25519')
    case 4: case 6: return generateKeyPairSync('ed448')
    default: return generateKeyPairSync('ec', { namedCurve: suite === 2 ? 'P-256' : suite === 5 ? 'P-521' : 'P-384' })
  }
}

/** Server: who may propose from outside (RFC 9420 §12.1.8.1). */
export interface Server {
  readonly sender: ExternalSender
  readonly signaturePrivateKey: Uint8Array
}

export function serverOf(suite: number): Server {
  const { publicKey, privateKey } = keyPair(suite)
  const { x, y } = publicKey.export({ format: 'jwk' })
  const signatureKey = y === undefined ? raw(x) : new Uint8Array(Buffer.concat([Uint8Array.of(4), raw(x), raw(y)]))
  return {
    sender: { signatureKey, credential: { type: 'basic', identity: Buffer.from('server') } },
    signaturePrivateKey: raw(privateKey.export({ format: 'jwk' }).d),
  }
}
