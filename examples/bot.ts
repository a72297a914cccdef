// A bot that survives being killed: all it needs is its store. Run without arguments this program is alice, and the
// service that carries messages; it runs itself again as the bot, kills that in the middle of its work, and starts it anew.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client, isMlsError, memoryStore, sqliteStore, trustAnyCredential } from 'node-mls'

interface Request {
  readonly number: number
  readonly kind: 'publish' | 'join' | 'message'
  readonly bytes: Uint8Array
}

/** Reply: the bot is done with a request; the bytes are a key package, an answer for the group, or nothing. */
interface Reply {
  readonly number: number
  readonly bytes: Uint8Array | null
}

/** runBot is the bot's process. A real bot would check credentials, and not trust all. */
async function runBot(file: string): Promise<void> {
  const store = sqliteStore(file)
  const opening = Client.open({ identity: 'echo@example.org/bot', store, authenticate: trustAnyCredential })
  process.on('message', async (request: Request) => {
    const bytes = await handle(await opening, request)
    process.send?.({ number: request.number, bytes } satisfies Reply)
  })
  await once(process, 'disconnect')
  await (await opening).close()
  await store.close()
}

async function handle(bot: Client, { kind, bytes }: Request): Promise<Uint8Array | null> {
  if (kind === 'publish') return (await bot.keyPackages.create())[0]?.message ?? null
  if (kind === 'join') return (await bot.join(bytes)) && null
  try {
    const received = await bot.receive(bytes)
    return received.kind === 'message' ? await received.group.send(`You said: ${Buffer.from(received.data).toString()}`) : null
  } catch (error) {
    // It comes again, because the bot was killed before it could say that it was done.
    if (isMlsError(error) && error.fault === 'stale') return null
    throw error
  }
}

/** Service keeps each request until the bot is done with it, and gives it to the bot again after a restart. */
class Service {
  readonly #waiting = new Map<number, { readonly request: Request; readonly done: (bytes: Uint8Array | null) => void }>()
  #count = 0
  #bot: ChildProcess

  constructor(private readonly file: string) {
    this.#bot = this.#start()
  }

  ask(kind: Request['kind'], bytes: Uint8Array = new Uint8Array(0)): Promise<Uint8Array | null> {
    const request = { number: ++this.#count, kind, bytes }
    this.#bot.send(request)
    return new Promise((done) => this.#waiting.set(request.number, { request, done }))
  }

  async killAndRestart(): Promise<void> {
    this.#bot.kill('SIGKILL')
    await once(this.#bot, 'exit')
    this.#bot = this.#start()
    for (const { request } of this.#waiting.values()) this.#bot.send(request)
  }

  async stop(): Promise<void> {
    this.#bot.disconnect()
    await once(this.#bot, 'exit')
  }

  #start(): ChildProcess {
    const bot = fork(__filename, [this.file], { serialization: 'advanced' })
    bot.on('message', ({ number, bytes }: Reply) => {
      this.#waiting.get(number)?.done(bytes)
      this.#waiting.delete(number)
    })
    return bot
  }
}

async function main(file: string): Promise<void> {
  const service = new Service(file)
  const alice = await Client.open({ identity: 'alice@example.org', store: memoryStore(), authenticate: trustAnyCredential })
  const group = await alice.createGroup()
  const keyPackage = await service.ask('publish')
  assert(keyPackage)
  const { welcome } = await (await group.commit({ add: [keyPackage] })).accepted()
  assert(welcome)
  await service.ask('join', welcome)

  /** say gives what the bot answers; null when it had read this before it was killed, and its answer is lost. */
  const say = async (text: string): Promise<string | null> => {
    const answer = await service.ask('message', await group.send(text))
    if (!answer) return null
    const received = await group.receive(answer)
    assert(received.kind === 'message')
    return Buffer.from(received.data).toString()
  }

  console.log(`alice: hello\n  bot: ${await say('hello')}`)
  const questions = Array.from({ length: 8 }, (_, index) => say(`are you there? (${index + 1})`))
  const commit = await group.commit()
  await commit.accepted()
  const committed = service.ask('message', commit.message)
  await Promise.race(questions)
  await service.killAndRestart()
  await committed
  const answers = (await Promise.all(questions)).filter((answer) => answer !== null)
  console.log(`the bot was killed, and is back in epoch ${group.epoch}: ${answers.length} of ${questions.length} questions answered`)
  console.log(`alice: good to see you again\n  bot: ${await say('good to see you again')}`)
  await service.stop()
  await alice.close()
}

const [, , file] = process.argv
if (file) {
  void runBot(file)
} else {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-bot-'))
  void main(path.join(folder, 'bot.db')).finally(() => fs.rmSync(folder, { recursive: true }))
}
