// node-mls itself as a peer, through its public API: a client with a store in memory, in at most one group.
import { Client, type Group, memoryStore, trustAnyCredential } from 'node-mls'
import type { Peer, PeerChange, PeerCommit, PeerEvent, PeerMember } from './peer'

export const ours: Peer = {
  name: 'node-mls',
  suites: [1, 2, 3, 4, 5, 6, 7],
  abilities: new Set(['update', 'remove', 'psk', 'external-join', 'leave', 'any-tree'] as const),
  async member(name, suite) {
    const client = await Client.open({ identity: name, suites: [suite], store: memoryStore(), authenticate: trustAnyCredential })
    return new OurMember(name, suite, client)
  },
}

class OurMember implements PeerMember {
  readonly peer = ours
  readonly #client: Client
  #current: Group | null = null

  constructor(
    readonly name: string,
    readonly suite: number,
    client: Client,
  ) {
    this.#client = client
  }

  async makeKeyPackage(): Promise<Uint8Array> {
    const [keyPackage] = await this.#client.keyPackages.create()
    if (keyPackage === undefined) throw new Error('no key package')
    return keyPackage.message
  }

  async createGroup(groupId: string): Promise<void> {
    this.#current = await this.#client.createGroup({ groupId: Buffer.from(groupId), suite: this.suite })
  }

  async commit(change: PeerChange): Promise<PeerCommit> {
    const remove = await Promise.all((change.remove ?? []).map((identity) => this.#leafIndex(identity)))
    const { add = [], psk = [], path = 'always' } = change
    const commit = await this.#group.commit({ add, remove, psk, path })
    const { welcome } = await commit.accepted()
    return { messages: [commit.message], welcome }
  }

  async leave(): Promise<Uint8Array> {
    return (await this.#group.leave()).message
  }

  async join(welcome: Uint8Array, tree: Uint8Array): Promise<void> {
    this.#current = await this.#client.join(welcome, { tree })
  }

  async joinExternally(groupInfo: Uint8Array): Promise<Uint8Array> {
    const join = await this.#client.joinExternally(groupInfo)
    await join.accepted()
    this.#current = join.group
    return join.message
  }

  async send(data: Uint8Array): Promise<Uint8Array> {
    return this.#group.send(data)
  }

  async receive(message: Uint8Array): Promise<PeerEvent> {
    const received = await this.#group.receive(message)
    switch (received.kind) {
      case 'message':
        return { kind: 'message', data: received.data }
      case 'proposal':
        return { kind: 'proposal' }
      case 'commit':
        return { kind: 'commit', removed: received.selfRemoved }
      default:
        throw new Error(`received ${received.kind}`)
    }
  }

  async putPsk(id: string, secret: Uint8Array): Promise<void> {
    await this.#client.psks.put(id, secret)
  }

  async groupInfo(): Promise<Uint8Array> {
    return this.#group.groupInfo()
  }

  async tree(): Promise<Uint8Array> {
    return this.#group.tree()
  }

  async epoch(): Promise<bigint> {
    return this.#group.epoch
  }

  async epochAuthenticator(): Promise<Uint8Array> {
    return this.#group.epochAuthenticator
  }

  async exportSecret(label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    return this.#group.export(label, context, length)
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  get #group(): Group {
    if (this.#current === null) throw new Error(`${this.name} is in no group`)
    return this.#current
  }

  async #leafIndex(identity: string): Promise<number> {
    for await (const { leafIndex, credential } of this.#group.members()) {
      if (credential.type === 'basic' && Buffer.from(credential.identity).toString() === identity) return leafIndex
    }
    throw new Error(`${identity} is no member`)
  }
}
