// A device that is, or may become, a member: one client with its own store, and its group once it has joined.
import { Client, type Group, type Store } from 'node-mls'
import type { Directory } from './directory'
import type { Identity } from './roster'

export class Device {
  #client: Client
  #group: Group | null = null

  private constructor(
    readonly identity: Identity,
    private readonly store: Store,
    private readonly directory: Directory,
    client: Client,
  ) {
    this.#client = client
  }

  static async open(identity: Identity, store: Store, directory: Directory): Promise<Device> {
    return new Device(identity, store, directory, await openClient(identity, store, directory))
  }

  /** keyPackage makes one to publish: an MLSMessage, and the reference by which a Welcome names it. */
  async keyPackage(): Promise<{ readonly message: Uint8Array; readonly reference: Uint8Array }> {
    const [made] = await this.#client.keyPackages.create()
    if (!made) throw new Error('no key package')
    return made
  }

  async createGroup(): Promise<void> {
    this.#group = await this.#client.createGroup()
  }

  async join(welcome: Uint8Array, tree: Uint8Array): Promise<void> {
    this.#group = await this.#client.join(welcome, { tree })
  }

  /** joinExternally gives the commit for the others, which the delivery service here always takes. */
  async joinExternally(groupInfo: Uint8Array): Promise<Uint8Array> {
    const join = await this.#client.joinExternally(groupInfo)
    await join.accepted()
    this.#group = join.group
    return join.message
  }

  get group(): Group {
    if (!this.#group) throw new Error(`${this.identity} is in no group`)
    return this.#group
  }

  /** reopen closes the client and opens it anew from what its store holds, as after a restart of the process. */
  async reopen(): Promise<void> {
    const { id } = this.group
    await this.#client.close()
    this.#client = await openClient(this.identity, this.store, this.directory)
    this.#group = await this.#client.group(id)
  }

  async close(): Promise<void> {
    await this.#client.close()
  }
}

function openClient(identity: Identity, store: Store, directory: Directory): Promise<Client> {
  return Client.open({ identity, store, authenticate: directory.authenticate })
}
