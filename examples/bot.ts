// A bot that survives restarts: all it needs is its store. It missed messages while it was away, and catches up.
import assert from 'node:assert/strict'
import { Client, type Store, memoryStore, trustAnyCredential } from 'node-mls'

class Bot {
  private constructor(private readonly client: Client) {}

  /** start opens the bot from its store, or begins it. A real bot would check credentials, and not trust all. */
  static async start(store: Store): Promise<Bot> {
    return new Bot(await Client.open({ identity: 'echo@example.org/bot', store, authenticate: trustAnyCredential }))
  }

  /** publish gives a key package, so that somebody can add the bot to a group. */
  async publish(): Promise<Uint8Array> {
    const [keyPackage] = await this.client.keyPackages.create()
    assert(keyPackage)
    return keyPackage.message
  }

  async join(welcome: Uint8Array): Promise<void> {
    await this.client.join(welcome)
  }

  /** handle takes one message of any of its groups and gives the answer to send there, if there is one. */
  async handle(message: Uint8Array): Promise<Uint8Array | null> {
    const received = await this.client.receive(message)
    if (received.kind !== 'message') return null
    return received.group.send(`You said: ${Buffer.from(received.data).toString()}`)
  }

  /** stop ends the bot. Killing the process would do as well: what was promised is in the store. */
  async stop(): Promise<void> {
    await this.client.close()
  }
}

async function main(): Promise<void> {
  // In memory, this store outlives the bot but not the process.
  const store = memoryStore()
  let bot = await Bot.start(store)
  const alice = await Client.open({ identity: 'alice@example.org', store: memoryStore(), authenticate: trustAnyCredential })
  const group = await alice.createGroup()
  const { welcome } = await (await group.commit({ add: [await bot.publish()] })).accepted()
  assert(welcome)
  await bot.join(welcome)

  const say = async (text: string): Promise<void> => {
    const answer = await bot.handle(await group.send(text))
    assert(answer)
    const received = await group.receive(answer)
    assert(received.kind === 'message')
    console.log(`alice: ${text}\n  bot: ${Buffer.from(received.data).toString()}`)
  }

  await say('hello')
  await bot.stop()
  console.log('the bot is away')
  const missed: Uint8Array[] = [await group.send('are you there?')]
  const commit = await group.commit()
  await commit.accepted()
  missed.push(commit.message)
  bot = await Bot.start(store)
  for (const message of missed) {
    const answer = await bot.handle(message)
    if (answer) await group.receive(answer)
  }
  console.log(`the bot is back, in epoch ${group.epoch}`)
  await say('good to see you again')
  await bot.stop()
  await alice.close()
}

void main()
