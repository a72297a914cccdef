// What the examples of docs/api.md and of lib/ may use without making it: two people in a group, and a world around them.
import { Client, memoryStore, trustAnyCredential, type Credential, type Group, type Welcomes } from '../../lib'

/** People: what the examples of the documents may use, as docs/api.md says at its top. */
export interface People {
  readonly alice: Client
  readonly bob: Client
  readonly carol: Client
  /** Alice's and bob's view of one group. */
  readonly group: Group
  readonly bobs: Group
  /** The delivery service takes a message. */
  readonly deliver: (message: Uint8Array, to?: readonly Uint8Array[]) => Promise<boolean>
}

/** Prelude: what `@example`s use besides. */
export interface Prelude extends People {
  readonly client: Client
  /** A message of bob's to the group. */
  readonly bytes: Uint8Array
  /** Carol's key package. */
  readonly keyPackage: Uint8Array
  readonly bobKeyPackage: Uint8Array
  /** For bob, to a group that he is not in yet. */
  readonly welcome: Uint8Array
  readonly groupInfo: Uint8Array
  readonly accepted: { readonly welcomes: Welcomes }
  readonly secret: Uint8Array
  readonly newcomer: string
  readonly sendTo: (name: string, welcome: Uint8Array | null) => Promise<void>
  readonly show: (data: Uint8Array) => void
  readonly directory: { keysOf(credentials: readonly Credential[]): Promise<string[][]> }
}

const open = (identity: string): Promise<Client> =>
  Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential })

async function publish(client: Client): Promise<Uint8Array> {
  const [made] = await client.keyPackages.create()
  if (!made) throw new Error('no key package')
  return made.message
}

/** makePrelude makes new people, and with `all` what `@example`s use; `close` ends them. */
export async function makePrelude(all: boolean): Promise<{ readonly prelude: Prelude; readonly close: () => Promise<unknown> }> {
  const clients = await Promise.all([open('alice'), open('bob'), open('carol')])
  const [alice, bob, carol] = clients
  const start = async (): Promise<[Group, Uint8Array, Welcomes]> => {
    const group = await alice.createGroup()
    const { welcome, welcomes } = await (await group.commit({ add: [await publish(bob)] })).accepted()
    return [group, welcome as Uint8Array, welcomes]
  }
  const [group, invitation] = await start()
  const bobs = await bob.join(invitation)
  const people: People = { alice, bob, carol, group, bobs, deliver: async () => true }
  const close = (): Promise<unknown> => Promise.all(clients.map((client) => client.close()))
  if (!all) return { prelude: people as Prelude, close }
  const [, welcome, welcomes] = await start()
  const prelude: Prelude = {
    ...people,
    client: alice,
    bytes: await bobs.send('hello'),
    keyPackage: await publish(carol),
    bobKeyPackage: await publish(bob),
    welcome,
    groupInfo: await group.groupInfo(),
    accepted: { welcomes },
    secret: new Uint8Array(32).fill(1),
    newcomer: 'carol',
    sendTo: async () => {},
    show: () => {},
    directory: { keysOf: async (credentials) => credentials.map(() => []) },
  }
  return { prelude, close }
}
