// The life of one big group until everything restarts: everyone added in one commit, talk, people who leave and come
// back, new keys, someone who joins without being asked.
import { setImmediate as turn } from 'node:timers/promises'
import type { Store } from 'node-mls'
import type { ChatMessage } from './chat'
import { Delivery } from './delivery'
import { Device } from './device'
import { Directory } from './directory'
import type { Identity } from './roster'
import { WRITERS, sideBySide } from './side-by-side'
import type { Stages } from './stages'
import { talk } from './talk'

const SERVER: Identity = 'server@example.org/group-server'
const VISITOR: Identity = 'visitor@example.org/phone'
/** Welcomes that are taken in one turn of the event loop. */
const WELCOMES = 256
const LEAVERS = 5
const ROTATIONS = 5

interface Published {
  readonly message: Uint8Array
  readonly reference: string
}

export interface Input {
  readonly roster: readonly Identity[]
  readonly messages: readonly ChatMessage[]
  /** Those of the roster who join and read along. */
  readonly live: readonly Identity[]
}

/** everybody gives all who may ever be members. */
export const everybody = ({ roster }: Input): readonly Identity[] => [...roster, SERVER, VISITOR]

export class BeforeRestart {
  readonly delivery = new Delivery()
  readonly #directory: Directory
  readonly #published = new Map<Identity, Published>()
  readonly #devices = new Map<Identity, Device>()

  constructor(
    private readonly input: Input,
    private readonly store: Store,
    private readonly stages: Stages,
  ) {
    this.#directory = new Directory(everybody(input))
  }

  /** run lives through it, with a part of the chat log between changes. `delivery` has the counts and what went wrong. */
  async run(part: (index: number) => readonly ChatMessage[]): Promise<void> {
    await this.#publish()
    const added = await this.#addAll()
    await this.#joinAll(added.welcomes, added.tree)
    await this.#talk(part(0))
    await this.#leaveAndReturn()
    await this.#talk(part(1))
    await this.#rotate()
    await this.#visit()
    await this.#talk(part(2))
  }

  get server(): Device {
    const [server] = this.delivery.members
    if (!server) throw new Error('no server')
    return server
  }

  /** publish lets every device of the roster make a key package. Those who are not live are closed again. */
  async #publish(): Promise<void> {
    const { roster } = this.input
    const live = new Set(this.input.live)
    await this.stages.run('key packages', roster.length, async (tell) => {
      await sideBySide(roster, async (identity) => {
        const device = await this.#open(identity)
        await this.#publishOne(device)
        if (live.has(identity)) this.#devices.set(identity, device)
        else await device.close()
        tell(this.#published.size)
      }, WRITERS)
      return { count: roster.length }
    })
  }

  /** addAll puts the whole roster into the group with one commit; Welcomes are small, and the tree comes apart. */
  async #addAll(): Promise<{ welcomes: Map<string, Uint8Array>; tree: Uint8Array }> {
    const server = await this.#open(SERVER)
    await server.createGroup()
    this.delivery.members.push(server)
    const add = this.input.roster.map((identity) => this.#packageOf(identity).message)
    const welcomes = new Map<string, Uint8Array>()
    let tree: Uint8Array | null = null
    await this.stages.run('members added in one commit', add.length, async (tell) => {
      const commit = await server.group.commit({
        add,
        welcomes: 'one-each',
        tree: 'apart',
        onProgress: ({ done, total }) => tell(Math.round((done / Math.max(1, total)) * add.length)),
      })
      const accepted = await commit.accepted()
      tree = accepted.tree
      this.delivery.counts.commitBytes += commit.message.length
      for (const { message, recipients } of accepted.welcomes) {
        this.delivery.counts.welcomeBytes += message.length
        for (const reference of recipients) welcomes.set(hex(reference), message)
        if (welcomes.size % WELCOMES === 0) await turn()
      }
      return { count: add.length, note: `${welcomes.size} Welcomes` }
    })
    if (!tree) throw new Error('no tree')
    return { welcomes, tree }
  }

  async #joinAll(welcomes: ReadonlyMap<string, Uint8Array>, tree: Uint8Array): Promise<void> {
    const { live } = this.input
    let joined = 0
    await this.stages.run('live members join', live.length, async (tell) => {
      await sideBySide(live, async (identity) => {
        const device = this.#deviceOf(identity)
        const welcome = welcomes.get(this.#packageOf(identity).reference)
        if (!welcome) throw new Error(`no Welcome for ${identity}`)
        await device.join(welcome, tree)
        tell(++joined)
      })
      return { count: live.length }
    })
    this.delivery.members.push(...live.map((identity) => this.#deviceOf(identity)))
    this.delivery.agree()
  }

  #talk(messages: readonly ChatMessage[]): Promise<void> {
    return talk(this.delivery, messages, this.stages)
  }

  /** leaveAndReturn removes a live member and some others in one commit, and adds them again in another. */
  async #leaveAndReturn(): Promise<void> {
    const device = this.delivery.members.at(-1)
    if (!device) throw new Error('nobody is live')
    const live = new Set(this.input.live)
    const others = this.input.roster.filter((identity) => !live.has(identity)).slice(0, LEAVERS - 1)
    const leavers = new Set([device.identity, ...others])
    await this.stages.run('members removed', 0, async () => {
      const commit = await this.server.group.commit({ remove: await this.#leavesOf(leavers) })
      await commit.accepted()
      await this.delivery.announce(this.server, commit.message, [device])
      return { count: leavers.size }
    })
    await this.stages.run('members added again', 0, async () => {
      const returning = await Promise.all([...leavers].map((identity) => this.#returning(identity, device)))
      const commit = await this.server.group.commit({ add: returning.map(({ message }) => message) })
      const { welcome } = await commit.accepted()
      if (!welcome) throw new Error('no Welcome')
      this.delivery.counts.welcomeBytes += welcome.length
      await this.delivery.announce(this.server, commit.message)
      await device.join(welcome, await this.server.group.tree())
      this.delivery.members.push(device)
      return { count: leavers.size }
    })
    this.delivery.agree()
  }

  async #rotate(): Promise<void> {
    const rotating = this.delivery.members.slice(0, ROTATIONS)
    await this.stages.run('key rotations', rotating.length, async (tell) => {
      for (const [index, member] of rotating.entries()) {
        const commit = await member.group.commit({ update: { rotateSignatureKey: true } })
        await commit.accepted()
        await this.delivery.announce(member, commit.message)
        tell(index + 1)
      }
      return { count: rotating.length }
    })
    this.delivery.agree()
  }

  /** visit lets somebody join by an external commit (RFC 9420 §12.4.3.2), with the GroupInfo that the server shows. */
  async #visit(): Promise<void> {
    await this.stages.run('joined by external commit', 0, async () => {
      const visitor = await this.#open(VISITOR)
      const commit = await visitor.joinExternally(await this.server.group.groupInfo())
      await this.delivery.announce(visitor, commit)
      this.delivery.members.push(visitor)
      return { count: 1 }
    })
    this.delivery.agree()
  }

  /** returning gives a fresh key package: of the live device that left, or of one opened for a moment. */
  async #returning(identity: Identity, live: Device): Promise<Published> {
    if (identity === live.identity) return this.#publishOne(live)
    const device = await this.#open(identity)
    const published = await this.#publishOne(device)
    await device.close()
    return published
  }

  async #leavesOf(identities: ReadonlySet<Identity>): Promise<number[]> {
    const leaves: number[] = []
    for await (const { leafIndex, credential } of this.server.group.members()) {
      if (credential.type === 'basic' && identities.has(Buffer.from(credential.identity).toString())) leaves.push(leafIndex)
    }
    return leaves
  }

  async #publishOne(device: Device): Promise<Published> {
    const { message, reference } = await device.keyPackage()
    const published = { message, reference: hex(reference) }
    this.#published.set(device.identity, published)
    return published
  }

  #open(identity: Identity): Promise<Device> {
    return Device.open(identity, this.store, this.#directory)
  }

  #packageOf(identity: Identity): Published {
    const published = this.#published.get(identity)
    if (!published) throw new Error(`no key package of ${identity}`)
    return published
  }

  #deviceOf(identity: Identity): Device {
    const device = this.#devices.get(identity)
    if (!device) throw new Error(`${identity} is not live`)
    return device
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
