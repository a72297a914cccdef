// A bot that survives being killed: all it needs is its store. Run without arguments this program is alice, and the
// service that carries messages; it runs itself again as the bot, kills that in the middle of its work, and starts it anew.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client, type Group, isMlsError, memoryStore, sqliteStore, trustAnyCredential } from 'node-mls'

interface Request {
  readonly number: number
  readonly kind: 'publish' | 'join' | 'message'
  readonly bytes: Uint8Array
}

/**
 * Reply: the bot is done with a request; the bytes are a key package, an answer for the group, or nothing. With number 0 it
 * is the answer to something that the bot received in its former life.
 */
interface Reply {
  readonly number: number
  readonly bytes: Uint8Array | null
}

/** runBot is the bot's process. A real bot would check credentials, and not trust all. */
async function runBot(file: string): Promise<void> {
  const store = sqliteStore(file)
  const opening = Client.open({ identity: 'echo@example.org/bot', store, authenticate: trustAnyCredential, durableEvents: true })
  const reply = (number: number, bytes: Uint8Array | null) => process.send?.({ number, bytes } satisfies Reply)
  const ready = opening.then((bot) => answerMissed(bot, (bytes) => reply(0, bytes)))
  process.on('message', async (request: Request) => {
    await ready
    await handle(await opening, request, (bytes) => reply(request.number, bytes))
  })
  await once(process, 'disconnect')
  await (await opening).close()
  await store.close()
}

const answerTo = (group: Group, data: Uint8Array) => group.send(`You said: ${Buffer.from(data).toString()}`)

/** answerMissed answers what was received before the bot was killed, and was not answered. */
async function answerMissed(bot: Client, reply: (bytes: Uint8Array) => void): Promise<void> {
  for await (const event of bot.unacknowledged()) {
    if (event.kind === 'message' && event.group) reply(await answerTo(event.group, event.data))
    await event.ack()
  }
}

async function handle(bot: Client, { kind, bytes }: Request, reply: (bytes: Uint8Array | null) => void): Promise<void> {
  if (kind === 'publish') return reply((await bot.keyPackages.create())[0]?.message ?? null)
  if (kind === 'join') return reply((await bot.join(bytes)) && null)
  try {
    const received = await bot.receive(bytes)
    reply(received.kind === 'message' ? await answerTo(received.group, received.data) : null)
    // From here on it is not told again.
    if (received.kind === 'message' || received.kind === 'commit') await received.ack?.()
  } catch (error) {
    // It comes again: the bot was killed after it had received it, and has answered it already.
    if (!isMlsError(error) || error.fault !== 'stale') throw error
    reply(null)
  }
}

/** Service keeps each request until the bot is done with it, and gives it to the bot again after a restart. */
class Service {
  readonly #waiting = new Map<number, { readonly request: Request; readonly done: (bytes: Uint8Array | null) => void }>()
  #count = 0
  #bot: ChildProcess

  constructor(private readonly file: string, private readonly late: (answer: Uint8Array) => void) {
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
      if (number === 0 && bytes) this.late(bytes)
      this.#waiting.get(number)?.done(bytes)
      this.#waiting.delete(number)
    })
    return bot
  }
}

async function main(file: string): Promise<void> {
  const late: Uint8Array[] = []
  const service = new Service(file, (answer) => late.push(answer))
  const alice = await Client.open({ identity: 'alice@example.org', store: memoryStore(), authenticate: trustAnyCredential })
  const group = await alice.createGroup()
  const keyPackage = await service.ask('publish')
  assert(keyPackage)
  const { welcome } = await (await group.commit({ add: [keyPackage] })).accepted()
  assert(welcome)
  await service.ask('join', welcome)

  const read = async (answer: Uint8Array): Promise<string> => {
    const received = await group.receive(answer)
    assert(received.kind === 'message')
    return Buffer.from(received.data).toString()
  }
  /** say gives what the bot answers; null when it had received this before it was killed: then the answer comes by itself. */
  const say = async (text: string): Promise<string | null> => {
    const answer = await service.ask('message', await group.send(text))
    return answer && read(answer)
  }

  console.log(`alice: hello\n  bot: ${await say('hello')}`)
  const questions = Array.from({ length: 8 }, (_, index) => say(`are you there? (${index + 1})`))
  const commit = await group.commit()
  await commit.accepted()
  const committed = service.ask('message', commit.message)
  await Promise.race(questions)
  await service.killAndRestart()
  await committed
  const answers = new Set([...await Promise.all(questions), ...await Promise.all(late.map(read))])
  answers.delete(null)
  console.log(`the bot was killed, and is back in epoch ${group.epoch}: ${answers.size} of ${questions.length} questions answered`)
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
