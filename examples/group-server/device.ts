// A device that is, or may become, a member: one client, and its group once it has joined.
import { Client, type Group, type Store } from 'node-mls'
import type { Directory } from './directory'
import type { Identity } from './roster'

export class Device {
  readonly #client: Client
  #group: Group | null = null

  private constructor(readonly identity: Identity, client: Client) {
    this.#client = client
  }

  /** open begins a device in the store, or opens it again. */
  static async open(identity: Identity, store: Store, { authenticate }: Directory): Promise<Device> {
    return new Device(identity, await Client.open({ identity, store, authenticate }))
  }

  /** reopen opens a device and its group from what the store holds, as after a restart. */
  static async reopen(identity: Identity, groupId: Uint8Array, store: Store, directory: Directory): Promise<Device> {
    const device = await Device.open(identity, store, directory)
    device.#group = await device.#client.group(groupId)
    return device
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

  async close(): Promise<void> {
    await this.#client.close()
  }
}
