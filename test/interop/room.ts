// A room: the members of one group, of any implementations, and the delivery between them. After every step each member
// must be in the same epoch with the same secrets.
import assert from 'node:assert/strict'
import { Leaves } from './leaves'
import type { PeerChange, PeerMember } from './peers/peer'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export class Room {
  readonly members: PeerMember[] = []
  /** Those who were added and have not renewed their keys: RFC 9420 §4.1.2 calls their leaves unmerged. */
  readonly #unmerged = new Set<PeerMember>()
  readonly #leaves = new Leaves<PeerMember>()

  static async create(id: string, founder: PeerMember): Promise<Room> {
    await founder.createGroup(id)
    const room = new Room()
    room.#enter(founder)
    return room
  }

  /**
   * add lets one member add others: in one commit, or in one each where its implementation can do no more at once, or
   * where theirs do not take every tree.
   */
  async add(committer: PeerMember, newcomers: readonly PeerMember[]): Promise<void> {
    const careful = newcomers.some(({ peer }) => !peer.abilities.has('any-tree'))
    if (careful) await this.#merge()
    const oneByOne = newcomers.length > 1 && (careful || !committer.peer.abilities.has('update'))
    if (oneByOne) {
      for (const newcomer of newcomers) await this.add(committer, [newcomer])
      return
    }
    const add = await Promise.all(newcomers.map((newcomer) => newcomer.makeKeyPackage()))
    const made = await committer.commit({ add, ...(careful && { path: 'when-required' }) })
    await this.#deliver(committer, made.messages)
    assert(made.welcome !== null)
    const tree = await committer.tree()
    for (const newcomer of newcomers) await newcomer.join(made.welcome, tree)
    for (const newcomer of newcomers) {
      this.#unmerged.add(newcomer)
      this.#enter(newcomer)
    }
    await this.agree()
  }

  /** mayRemove says whether the tree that these leave behind is one that all who stay can work with. */
  mayRemove(gone: readonly PeerMember[]): boolean {
    const stay = this.members.filter((member) => !gone.includes(member))
    return stay.every(({ peer }) => peer.abilities.has('any-tree')) || !this.#leaves.emptiesHalf(gone)
  }

  /** change commits without newcomers. Members that it removes must notice, and leave the room. */
  async change(committer: PeerMember, change: Omit<PeerChange, 'add'>): Promise<void> {
    await this.#change(committer, change, change.remove ?? [])
  }

  /** leave lets a member propose its own removal, and another commit that. */
  async leave(leaver: PeerMember, committer: PeerMember): Promise<void> {
    await this.#deliver(leaver, [await leaver.leave()])
    await this.#change(committer, {}, [leaver.name])
  }

  async #change(committer: PeerMember, change: Omit<PeerChange, 'add'>, gone: readonly string[]): Promise<void> {
    const made = await committer.commit(change)
    assert.equal(made.welcome, null)
    // RFC 9420 §12.4: PSKs alone need no new keys, and some then make none.
    if (!change.psk) this.#unmerged.delete(committer)
    const removed = await this.#deliver(committer, made.messages)
    assert.deepEqual(removed.map((member) => member.name).sort(), [...gone].sort())
    this.#leaves.remove(removed)
    for (const member of removed) {
      this.members.splice(this.members.indexOf(member), 1)
      this.#unmerged.delete(member)
      await member.close()
    }
    await this.agree()
  }

  async joinExternally(newcomer: PeerMember, informant: PeerMember): Promise<void> {
    if (!newcomer.peer.abilities.has('any-tree')) await this.#merge()
    const commit = await newcomer.joinExternally(await informant.groupInfo())
    await this.#deliver(newcomer, [commit])
    this.#enter(newcomer)
    await this.agree()
  }

  /** say sends one message, which every other member must read. */
  async say(sender: PeerMember, text: string): Promise<void> {
    const message = await sender.send(Buffer.from(text))
    for (const member of this.members) {
      if (member === sender) continue
      const event = await member.receive(message)
      assert.equal(event.kind, 'message')
      assert.equal(event.kind === 'message' && Buffer.from(event.data).toString(), text)
    }
  }

  /** agree checks that all members are in one epoch and hold the same secrets. */
  async agree(): Promise<void> {
    const views = await Promise.all(
      this.members.map(async (member) => ({
        member,
        epoch: await member.epoch(),
        exported: hex(await member.exportSecret('room', Buffer.from('agree'), 32)),
        authenticator: await member.epochAuthenticator(),
      })),
    )
    const [first] = views
    const authenticator = views.find((view) => view.authenticator !== null)?.authenticator
    for (const view of views) {
      const who = `${view.member.peer.name} ${view.member.name}`
      assert.equal(view.epoch, first?.epoch, `${who}: epoch`)
      assert.equal(view.exported, first?.exported, `${who}: exported secret`)
      if (view.authenticator && authenticator) assert.equal(hex(view.authenticator), hex(authenticator), `${who}: epoch authenticator`)
    }
  }

  async close(): Promise<void> {
    for (const member of this.members.splice(0)) await member.close()
  }

  #enter(member: PeerMember): void {
    this.members.push(member)
    this.#leaves.add(member)
  }

  /** merge lets everyone renew their keys whose leaf is unmerged, as far as they can. */
  async #merge(): Promise<void> {
    for (const member of [...this.#unmerged]) {
      if (member.peer.abilities.has('update')) await this.change(member, {})
    }
  }

  /** deliver hands messages to all but their sender and gives those who learnt that they were removed. */
  async #deliver(sender: PeerMember, messages: readonly Uint8Array[]): Promise<PeerMember[]> {
    const removed: PeerMember[] = []
    for (const member of this.members) {
      if (member === sender) continue
      for (const message of messages) {
        const event = await member.receive(message)
        if (event.kind === 'commit' && event.removed) removed.push(member)
      }
    }
    return removed
  }
}
