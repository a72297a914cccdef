// mls-ts, OpenMLS compiled to WebAssembly, as a peer. It has suite 3, adds members and exchanges messages. Its key
// packages and trees are bare structures, everything else is MLSMessages already.
import type { Group, MlsClient } from 'mls-ts'
import { MLS_KEY_PACKAGE, type PrivateHeader, contentTypeOf, privateHeader } from './mls-message'
import { type Peer, type PeerChange, type PeerCommit, type PeerEvent, PeerLacks, type PeerMember } from './peer'

export const mlsTs: Peer = {
  name: 'mls-ts',
  suites: [3],
  abilities: new Set(['any-tree'] as const),
  async member(name, suite) {
    if (suite !== 3) throw new RangeError(`mls-ts has no suite ${suite}`)
    const library = await import('mls-ts')
    return new MlsTsMember(name, suite, new library.MlsClient(name))
  },
}

class MlsTsMember implements PeerMember {
  readonly peer = mlsTs
  readonly #client: MlsClient
  #current: Group | null = null

  constructor(
    readonly name: string,
    readonly suite: number,
    client: MlsClient,
  ) {
    this.#client = client
  }

  async makeKeyPackage(): Promise<Uint8Array> {
    return Buffer.concat([MLS_KEY_PACKAGE, this.#client.keyPackage()])
  }

  async createGroup(groupId: string): Promise<void> {
    this.#current = this.#client.createGroup(groupId)
  }

  /** commit adds one member: the library proposes, then commits what it proposed. */
  async commit(change: PeerChange): Promise<PeerCommit> {
    if (change.remove?.length) throw new PeerLacks('mls-ts', 'removal')
    if (change.psk?.length) throw new PeerLacks('mls-ts', 'pre-shared keys')
    const [keyPackage, ...more] = change.add ?? []
    if (keyPackage === undefined) throw new PeerLacks('mls-ts', 'key rotation')
    if (more.length > 0) throw new PeerLacks('mls-ts', 'commits that add several members')
    if (!Buffer.from(keyPackage.subarray(0, MLS_KEY_PACKAGE.length)).equals(MLS_KEY_PACKAGE)) throw new TypeError('not a KeyPackage')
    const made = this.#group.add(keyPackage.subarray(MLS_KEY_PACKAGE.length))
    return { messages: [made.proposal, made.commit], welcome: made.welcome }
  }

  async leave(): Promise<Uint8Array> {
    throw new PeerLacks('mls-ts', 'proposals of its own')
  }

  async join(welcome: Uint8Array, tree: Uint8Array): Promise<void> {
    this.#current = this.#client.joinGroup(welcome, tree, 'joined')
  }

  async joinExternally(): Promise<Uint8Array> {
    throw new PeerLacks('mls-ts', 'external join')
  }

  async send(data: Uint8Array): Promise<Uint8Array> {
    return this.#group.send(data)
  }

  async receive(message: Uint8Array): Promise<PeerEvent> {
    const contentType = contentTypeOf(message)
    const data = this.#group.receive(message)
    if (contentType === 'application') return { kind: 'message', data }
    return contentType === 'commit' ? { kind: 'commit', removed: !this.#canSend() } : { kind: 'proposal' }
  }

  async putPsk(): Promise<void> {
    throw new PeerLacks('mls-ts', 'pre-shared keys')
  }

  async groupInfo(): Promise<Uint8Array> {
    throw new PeerLacks('mls-ts', 'GroupInfo')
  }

  async tree(): Promise<Uint8Array> {
    return this.#group.exportRatchetTree()
  }

  /** epoch reads a message that is made for this and thrown away: the library does not tell. Receivers skip one key. */
  async epoch(): Promise<bigint> {
    return this.#header().epoch
  }

  async epochAuthenticator(): Promise<null> {
    return null
  }

  async exportSecret(label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    return this.#group.exportKey(label, context, length)
  }

  /** close frees the client, which frees its group. */
  async close(): Promise<void> {
    this.#current = null
    this.#client.free()
  }

  /** canSend is false once we were removed; the library tells in no other way. Receivers skip one key. */
  #canSend(): boolean {
    try {
      this.#header()
      return true
    } catch {
      return false
    }
  }

  #header(): PrivateHeader {
    return privateHeader(this.#group.send(new Uint8Array()))
  }

  get #group(): Group {
    if (this.#current === null) throw new Error(`${this.name} is in no group`)
    return this.#current
  }
}
