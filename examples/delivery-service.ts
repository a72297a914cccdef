// A delivery service: it puts messages into one order, lets one commit through per epoch, and reads nothing. It follows
// the group by a Tracker, which sees public handshake messages and has no keys.
import assert from 'node:assert/strict'
import { Client, type Group, Tracker, decode, isMlsError, memoryStore, trustAnyCredential } from 'node-mls'

class DeliveryService {
  readonly log: Uint8Array[] = []
  readonly #tracker = new Tracker({ authenticate: trustAnyCredential })
  #turn: Promise<unknown> = Promise.resolve()

  /** open begins with the GroupInfo of a new group. */
  open(groupInfo: Uint8Array): Promise<void> {
    return this.#tracker.seed(groupInfo)
  }

  /** post takes a message, or says why not. Messages are judged one after another. */
  post(message: Uint8Array): Promise<'taken' | 'stale' | 'invalid'> {
    const posted = this.#turn.then(() => this.#judge(message))
    this.#turn = posted.catch(() => {})
    return posted
  }

  async #judge(message: Uint8Array): Promise<'taken' | 'stale' | 'invalid'> {
    try {
      const { wireFormat } = await decode(message)
      // A private message tells its epoch and hides the rest; members judge it.
      if (wireFormat === 'public-message') await this.#tracker.receive(message)
      else if (wireFormat !== 'private-message') return 'invalid'
    } catch (error) {
      return isMlsError(error, 'WRONG_EPOCH') ? 'stale' : 'invalid'
    }
    this.log.push(message)
    return 'taken'
  }

  get summary(): string {
    return `epoch ${this.#tracker.epoch}, ${this.#tracker.memberCount} members, ${this.log.length} messages`
  }

  close(): Promise<void> {
    return this.#tracker.close()
  }
}

const open = (identity: string): Promise<Client> =>
  // Commits have to be public, or the service could not follow them.
  Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential, policy: { handshake: 'public' } })

async function main(): Promise<void> {
  const service = new DeliveryService()
  const [alice, bob] = await Promise.all([open('alice'), open('bob')])
  const group = await alice.createGroup()
  await service.open(await group.groupInfo())

  const [keyPackage] = await bob.keyPackages.create()
  assert(keyPackage)
  const add = await group.commit({ add: [keyPackage.message] })
  assert.equal(await service.post(add.message), 'taken')
  const { welcome } = await add.accepted()
  assert(welcome)
  const bobs = await bob.join(welcome)
  console.log(`bob joined: ${service.summary}`)

  // Both commit in the same epoch. The service takes the first; the second learns it and follows.
  const [first, second] = [await bobs.commit(), await group.commit()]
  assert.equal(await service.post(first.message), 'taken')
  assert.equal(await service.post(second.message), 'stale')
  await first.accepted()
  await second.rejected()
  await group.receive(first.message)
  console.log(`of two commits one was taken: ${service.summary}`)

  assert.equal(await service.post(await bobs.send('hello')), 'taken')
  assert.equal(await service.post(new Uint8Array([1, 2, 3])), 'invalid')
  const received = await group.receive(service.log.at(-1) ?? new Uint8Array())
  assert(received.kind === 'message')
  assert(sameEpoch(group, bobs))
  console.log(`alice reads "${Buffer.from(received.data).toString()}": ${service.summary}`)
  await Promise.all([alice.close(), bob.close(), service.close()])
}

const sameEpoch = (a: Group, b: Group): boolean => Buffer.compare(a.epochAuthenticator, b.epochAuthenticator) === 0

void main()
