// Delivery among the live members: everything that is sent comes to everyone, in one order, and is compared.
import type { Received } from 'node-mls'
import type { ChatMessage } from './chat'
import type { Device } from './device'
import { WRITERS, sideBySide } from './side-by-side'

interface Sent extends ChatMessage {
  readonly sender: Device
  readonly message: Uint8Array
}

/** Counts: what was delivered so far; it can be sent to another process. */
export interface Counts {
  received: number
  messageBytes: number
  commitBytes: number
  welcomeBytes: number
  /** What did not come out as it went in, one line each. */
  readonly mismatches: string[]
}

const nothing = (): Counts => ({ received: 0, messageBytes: 0, commitBytes: 0, welcomeBytes: 0, mismatches: [] })

export class Delivery {
  readonly members: Device[] = []

  /** Goes on counting from what another one counted. */
  constructor(readonly counts: Counts = nothing()) {}

  member(identity: string): Device | undefined {
    return this.members.find((member) => member.identity === identity)
  }

  /** talk lets members say their lines in this order, and everyone receive them, the speakers included. */
  async talk(lines: readonly ChatMessage[]): Promise<void> {
    const sent = await Promise.all(lines.map((line) => this.#say(line)))
    await sideBySide(this.members, (member) => this.#hear(member, sent), WRITERS)
  }

  async #say(line: ChatMessage): Promise<Sent> {
    const sender = this.member(line.from)
    if (!sender) throw new Error(`${line.from} is not live`)
    const message = await sender.group.send(line.text)
    this.counts.messageBytes += message.length
    return { ...line, sender, message }
  }

  async #hear(member: Device, sent: readonly Sent[]): Promise<void> {
    const results = await member.group.receiveMany(sent.map(({ message }) => message))
    for (const [index, line] of sent.entries()) {
      const result = results[index]
      if (line.sender === member) this.#check(result?.kind === 'own', `${member.identity} did not know its own message`)
      else if (result?.kind === 'message') this.#compare(member, line, result)
      else this.#check(false, `${member.identity} could not read ${line.from}: ${describe(result)}`)
    }
    this.counts.received += sent.length
  }

  #compare(member: Device, { sender, text }: Sent, received: Extract<Received, { kind: 'message' }>): void {
    const same = Buffer.from(received.data).toString() === text && received.sender === sender.group.leafIndex
    this.#check(same, `${member.identity} read something else than ${sender.identity} wrote`)
  }

  /** announce brings a commit to everyone but its committer. Who is removed by it leaves. */
  async announce(committer: Device, commit: Uint8Array, removed: readonly Device[] = []): Promise<void> {
    this.counts.commitBytes += commit.length
    await sideBySide(this.members, async (member) => {
      if (member === committer) return
      const result = await member.group.receive(commit)
      const fits = result.kind === 'commit' && result.selfRemoved === removed.includes(member)
      this.#check(fits, `${member.identity} received ${result.kind} instead of the commit that was made`)
    }, WRITERS)
    for (const member of removed) this.members.splice(this.members.indexOf(member), 1)
  }

  /**
   * agree compares the epoch authenticators: equal only if members agree on everything (RFC 9420 §8.7).
   * @param former that of this epoch, where it is known
   */
  agree(former?: string): string {
    const authenticators = new Map<string, Device>()
    for (const member of this.members) authenticators.set(Buffer.from(member.group.epochAuthenticator).toString('hex'), member)
    this.#check(authenticators.size === 1, `${authenticators.size} different epoch authenticators`)
    const [authenticator = ''] = authenticators.keys()
    this.#check(former === undefined || former === authenticator, 'the epoch authenticator is not that of before the restart')
    return authenticator
  }

  #check(condition: boolean, mismatch: string): void {
    if (!condition) this.counts.mismatches.push(mismatch)
  }
}

function describe(result: Awaited<ReturnType<Device['group']['receiveMany']>>[number] | undefined): string {
  return result?.kind === 'error' ? result.error.message : `received ${result?.kind ?? 'nothing'}`
}
