// A bridge: one client that is a member of two groups and carries what is said in one into the other.
import assert from 'node:assert/strict'
import { Client, type Group, memoryStore, trustAnyCredential } from 'node-mls'

/** Deliver brings a message to the other members of a group. */
type Deliver = (group: Group, message: Uint8Array) => Promise<void>

/** connect carries messages between two groups of one client until the returned function is called. */
function connect(client: Client, one: Group, two: Group, deliver: Deliver): () => void {
  return client.on('message', ({ group, sender, data }) => {
    const target = group.key === one.key ? two : one
    void forward(group, sender, data, target, deliver)
  })
}

async function forward(source: Group, sender: number, data: Uint8Array, target: Group, deliver: Deliver): Promise<void> {
  const text = `${await nameOf(source, sender)}: ${Buffer.from(data).toString()}`
  await deliver(target, await target.send(text))
}

/** nameOf gives who is at a leaf. */
async function nameOf(group: Group, leafIndex: number): Promise<string> {
  for await (const { credential } of group.members({ from: leafIndex, pageSize: 1 })) {
    return credential.type === 'basic' ? Buffer.from(credential.identity).toString() : 'somebody'
  }
  return 'somebody'
}

const open = (identity: string): Promise<Client> => Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential })

/** meet makes a group of a person, who adds the bridge, and gives the group as each of the two has it. */
async function meet(person: Client, bridge: Client): Promise<[Group, Group]> {
  const group = await person.createGroup()
  const [keyPackage] = await bridge.keyPackages.create()
  assert(keyPackage)
  const { welcome } = await (await group.commit({ add: [keyPackage.message] })).accepted()
  assert(welcome)
  return [group, await bridge.join(welcome)]
}

async function main(): Promise<void> {
  const [alice, bob, bridge] = await Promise.all(['alice', 'bob', 'bridge'].map(open))
  assert(alice && bob && bridge)
  const [north, northSide] = await meet(alice, bridge)
  const [south, southSide] = await meet(bob, bridge)

  const heard = new Map<string, (text: string) => void>()
  const disconnect = connect(bridge, northSide, southSide, async (group, message) => {
    const person = group.key === north.key ? north : south
    const received = await person.receive(message)
    assert(received.kind === 'message')
    heard.get(person.key)?.(Buffer.from(received.data).toString())
  })
  const hears = (group: Group) => new Promise<string>((resolve) => heard.set(group.key, resolve))

  const atBob = hears(south)
  await bridge.receive(await north.send('is anyone in the south?'))
  console.log(`bob reads    "${await atBob}"`)
  const atAlice = hears(north)
  await bridge.receive(await south.send('yes, hello!'))
  console.log(`alice reads  "${await atAlice}"`)

  disconnect()
  await Promise.all([alice, bob, bridge].map((client) => client.close()))
}

void main()
