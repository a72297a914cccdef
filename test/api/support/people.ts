// People of the tests: clients with short names, and groups of them.
import { Client, memoryStore, trustAnyCredential, type ClientOptions, type Group } from '../../../lib'

/** open opens a client in a store of its own, trusting everybody, unless told otherwise. */
export const open = (name: string, options: Partial<ClientOptions> = {}): Promise<Client> =>
  Client.open({ identity: name, store: memoryStore(), authenticate: trustAnyCredential, ...options })

/** keyPackage makes one key package, an MLSMessage. */
export async function keyPackage(client: Client): Promise<Uint8Array> {
  const [made] = await client.keyPackages.create()
  if (!made) throw new Error('no key package')
  return made.message
}

/** welcome adds a client to a group, and gives its view; others of the group are given the commit. */
export async function addTo(group: Group, client: Client, others: readonly Group[] = []): Promise<Group> {
  const commit = await group.commit({ add: [await keyPackage(client)] })
  const { welcome } = await commit.accepted()
  for (const other of others) await other.receive(commit.message)
  if (!welcome) throw new Error('no welcome')
  return client.join(welcome)
}

export interface Together {
  readonly clients: readonly Client[]
  readonly groups: readonly Group[]
}

/** together makes a group of clients with these names; the first one made it. */
export async function together(names: readonly string[], options: Partial<ClientOptions> = {}): Promise<Together> {
  const clients = await Promise.all(names.map((name) => open(name, options)))
  const [first, ...rest] = clients
  if (!first) throw new Error('nobody')
  const group = await first.createGroup()
  if (rest.length === 0) return { clients, groups: [group] }
  const commit = await group.commit({ add: await Promise.all(rest.map(keyPackage)) })
  const { welcome } = await commit.accepted()
  const joined = await Promise.all(rest.map((client) => client.join(welcome as Uint8Array)))
  return { clients, groups: [group, ...joined] }
}

/** pair is together for two. */
export async function pair(options: Partial<ClientOptions> = {}): Promise<{
  alice: Client; bob: Client; alices: Group; bobs: Group
}> {
  const { clients: [alice, bob], groups: [alices, bobs] } = await together(['alice', 'bob'], options)
  return { alice: alice as Client, bob: bob as Client, alices: alices as Group, bobs: bobs as Group }
}

/** agree expects all views to be in the same epoch with the same secrets. */
export function agree(...groups: readonly Group[]): void {
  const [first] = groups
  for (const group of groups) {
    expect(group.epoch).toBe(first?.epoch)
    expect(group.epochAuthenticator).toEqual(first?.epochAuthenticator)
  }
}

/** fails expects a rejection with this code. */
export const fails = (work: Promise<unknown>, code: string): Promise<void> =>
  expect(work).rejects.toMatchObject({ name: 'MlsError', code })

/** misused expects a rejection with a TypeError or RangeError that names the argument. */
export const misused = (work: Promise<unknown>, name: 'TypeError' | 'RangeError', argument: string): Promise<void> =>
  expect(work).rejects.toMatchObject({ name, message: expect.stringContaining(argument) as string })

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
