// Delivery among the live members: everything that is sent comes to everyone, in one order, and is compared.
import type { Received } from 'node-mls'
import type { ChatMessage } from './chat'
import type { Device } from './device'

interface Sent extends ChatMessage {
  readonly sender: Device
  readonly message: Uint8Array
}

export class Delivery {
  readonly members: Device[] = []
  /** What did not come out as it went in, one line each. */
  readonly mismatches: string[] = []
  received = 0
  messageBytes = 0
  commitBytes = 0
  welcomeBytes = 0

  member(identity: string): Device | undefined {
    return this.members.find((member) => member.identity === identity)
  }

  /** talk lets members say their lines in this order, and everyone receive them, the speakers included. */
  async talk(lines: readonly ChatMessage[]): Promise<void> {
    const sent = await Promise.all(lines.map((line) => this.#say(line)))
    await Promise.all(this.members.map((member) => this.#hear(member, sent)))
  }

  async #say(line: ChatMessage): Promise<Sent> {
    const sender = this.member(line.from)
    if (!sender) throw new Error(`${line.from} is not live`)
    const message = await sender.group.send(line.text)
    this.messageBytes += message.length
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
    this.received += sent.length
  }

  #compare(member: Device, { sender, text }: Sent, received: Extract<Received, { kind: 'message' }>): void {
    const same = Buffer.from(received.data).toString() === text && received.sender === sender.group.leafIndex
    this.#check(same, `${member.identity} read something else than ${sender.identity} wrote`)
  }

  /** announce brings a commit to everyone but its committer. Who is removed by it leaves. */
  async announce(committer: Device, commit: Uint8Array, removed: readonly Device[] = []): Promise<void> {
    this.commitBytes += commit.length
    await Promise.all(
      this.members.map(async (member) => {
        if (member === committer) return
        const result = await member.group.receive(commit)
        const fits = result.kind === 'commit' && result.selfRemoved === removed.includes(member)
        this.#check(fits, `${member.identity} received ${result.kind} instead of the commit that was made`)
      }),
    )
    for (const member of removed) this.members.splice(this.members.indexOf(member), 1)
  }

  /** agree compares the epoch authenticators: equal only if members agree on everything (RFC 9420 §8.7). */
  agree(): string {
    const authenticators = new Map<string, Device>()
    for (const member of this.members) authenticators.set(Buffer.from(member.group.epochAuthenticator).toString('hex'), member)
    this.#check(authenticators.size === 1, `${authenticators.size} different epoch authenticators`)
    return [...authenticators.keys()][0] ?? ''
  }

  #check(condition: boolean, mismatch: string): void {
    if (!condition) this.mismatches.push(mismatch)
  }
}

function describe(result: Awaited<ReturnType<Device['group']['receiveMany']>>[number] | undefined): string {
  return result?.kind === 'error' ? result.error.message : `received ${result?.kind ?? 'nothing'}`
}
