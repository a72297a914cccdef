// A member that is killed at any moment (kill -9), hundreds of times, and goes on from its file.
//
// Alice lives in a process; bob and the delivery service live here and forget nothing. After each kill: the epoch that
// alice said she had is there, what she released was encrypted with keys used once, what she said she received is not
// received again, what she received and could not say is among her unacknowledged events, and she goes on with the group.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, memoryStore, trustAnyCredential, type Group } from '../../lib'
import { patience, seeded, times } from './support/counts'
import { Failed, Killed, Member, type State } from './support/member'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

/** More commits may come between a message and its delivery than a member remembers by default. */
const options = { durableEvents: true, policy: { limits: { maxPastEpochs: 16 } } }

interface Letter {
  readonly text: string
  readonly message: Uint8Array
  acknowledged: boolean
}

class World {
  readonly random = seeded()
  /** The commits of every epoch so far, by the epoch that they ended. */
  readonly #commits = new Map<bigint, Uint8Array>()
  #letters: Letter[] = []
  #alice: Member
  #known: State
  #tasks: Promise<void>[] = []
  /** The delivery service takes one commit after the other. */
  #last: Promise<unknown> = Promise.resolve()
  readonly counts = { kills: 0, released: 0, received: 0, replays: 0, commits: 0, inDoubt: 0, toldAgain: 0 }
  /** What alice was told again, since she had received it and not handled it. */
  #toldAgain = new Set<string>()

  private constructor(readonly store: string, readonly bobs: Group, alice: Member, known: State) {
    this.#alice = alice
    this.#known = known
  }

  static async make(store: string): Promise<World> {
    const bob = await Client.open({ identity: 'bob', store: memoryStore(), authenticate: trustAnyCredential, policy: options.policy })
    const bobs = await bob.createGroup()
    const alice = new Member()
    await alice.open(store, options)
    const commit = await bobs.commit({ add: [await alice.call<Uint8Array>('keyPackage')] })
    const { welcome } = await commit.accepted()
    return new World(store, bobs, alice, await alice.call<State>('join', welcome))
  }

  /** work starts some of everything at once. */
  work(): void {
    for (let i = 0; i < 6; i += 1) {
      this.#tasks.push(this.#start(this.random(), i))
    }
  }

  /** millisecondsOfWork is how long it takes on this machine, as busy as it is now, when nobody is killed. */
  async millisecondsOfWork(): Promise<number> {
    const rounds = 4
    const start = performance.now()
    for (let i = 0; i < rounds; i += 1) {
      this.work()
      await Promise.all(this.#tasks)
    }
    return (performance.now() - start) / rounds
  }

  #start(choice: number, i: number): Promise<void> {
    if (choice < 0.4) return this.#release(this.#alice.call<Uint8Array>('send', `a${i}`))
    if (choice < 0.75) return this.#deliver()
    return choice < 0.9 ? this.#aliceCommits() : this.#bobCommits()
  }

  /** killAndReturn kills alice, opens her again, and checks what she knows. */
  async killAndReturn(): Promise<void> {
    await this.#alice.kill()
    this.counts.kills += 1
    await Promise.all(this.#tasks)
    this.#tasks = []
    this.#alice = new Member()
    const state = await this.#alice.open(this.store, options)
    if (!state) throw new Error('the group is gone')
    expect(state.phase).toBe('active')
    expect(state.epoch).toBeGreaterThanOrEqual(this.#known.epoch)
    this.#toldAgain = new Set(await this.#alice.call<string[]>('unacknowledged'))
    this.counts.toldAgain += this.#toldAgain.size
    await this.#settlePending(state)
    await this.#catchUp()
    await this.#deliverAgain()
  }

  /** end checks that both agree, and that each reads the other. */
  async end(): Promise<void> {
    const state = await this.#alice.call<State>('describe')
    expect(state.epoch).toBe(this.bobs.epoch)
    expect(Buffer.from(state.authenticator)).toEqual(Buffer.from(this.bobs.epochAuthenticator))
    await this.#release(this.#alice.call<Uint8Array>('send', 'the end'))
    await this.#alice.kill()
  }

  /** release gives bob what alice has encrypted; keys that were used before would be consumed already. */
  async #release(sending: Promise<Uint8Array>): Promise<void> {
    const message = await known(sending)
    if (!message) return
    const received = await this.bobs.receive(message)
    expect(received.kind).toBe('message')
    this.counts.released += 1
  }

  async #deliver(): Promise<void> {
    const text = `b${this.#letters.length}-${this.random()}`
    const letter = { text, message: await this.bobs.send(text), acknowledged: false }
    this.#letters.push(letter)
    await this.#give(letter)
  }

  async #give(letter: Letter): Promise<void> {
    try {
      const event = await known(this.#alice.call<{ kind: string; text: string }>('receive', letter.message))
      if (!event) return
      expect({ ...event, again: letter.acknowledged }).toEqual({ kind: 'message', text: letter.text, again: false })
      letter.acknowledged = true
      this.counts.received += 1
    } catch (error) {
      // It was stored, and she died before she could say so; or she has it and is given it again.
      if (!(error instanceof Failed) || error.code !== 'KEY_CONSUMED') throw error
      this.counts.replays += 1
      if (!letter.acknowledged) expect(this.#toldAgain).toContain(letter.text)
      letter.acknowledged = true
    }
  }

  async #aliceCommits(): Promise<void> {
    const message = await known(this.#alice.call<Uint8Array>('commit'))
    if (!message) return
    const taken = await this.#inOrder(async () => {
      const epoch = this.bobs.epoch
      const received = await this.bobs.receive(message).catch(() => null)
      if (received) this.#commits.set(epoch, message)
      return received !== null
    })
    if (!taken) return void await known(this.#alice.call('reject', message))
    this.counts.commits += 1
    const state = await known(this.#alice.call<State>('accept', message))
    if (state) this.#known = state
  }

  async #bobCommits(): Promise<void> {
    const message = await this.#inOrder(async () => {
      const epoch = this.bobs.epoch
      const commit = await this.bobs.commit()
      await commit.accepted()
      this.#commits.set(epoch, commit.message)
      return commit.message
    })
    this.counts.commits += 1
    await known(this.#alice.call('receive', message).catch(tolerated))
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  /** settlePending: of the commits that alice finds, the delivery service took one or none. */
  async #settlePending({ epoch, pending }: State): Promise<void> {
    for (const message of pending) {
      const taken = this.#commits.get(epoch)
      if (taken && Buffer.from(taken).equals(message)) {
        this.counts.inDoubt += 1
        await this.#alice.call('accept', message)
        return
      }
      await this.#alice.call('reject', message)
    }
  }

  /** catchUp gives alice the commits that she has missed, and expects both to agree. */
  async #catchUp(): Promise<void> {
    let state = await this.#alice.call<State>('describe')
    while (state.epoch < this.bobs.epoch) {
      await this.#alice.call('receive', this.#commits.get(state.epoch))
      const next = await this.#alice.call<State>('describe')
      expect(next.epoch).toBe(state.epoch + 1n)
      state = next
    }
    expect(Buffer.from(state.authenticator)).toEqual(Buffer.from(this.bobs.epochAuthenticator))
    this.#known = state
  }

  /** deliverAgain gives what alice did not say that she has, and some of what she did. */
  async #deliverAgain(): Promise<void> {
    const letters = this.#letters
    this.#letters = []
    await Promise.all(letters.map((letter) => this.#give(letter)))
    for (const letter of letters) expect(letter.acknowledged).toBe(true)
  }
}

/** known is what an operation came to, or undefined when the process died first. */
async function known<T>(done: Promise<T>): Promise<T | undefined> {
  try {
    return await done
  } catch (error) {
    if (error instanceof Killed) return undefined
    throw error
  }
}

/** What a race of two commits may come to. */
function tolerated(error: unknown): undefined {
  if (error instanceof Failed && ['WRONG_EPOCH', 'FUTURE_EPOCH'].includes(error.code)) return undefined
  throw error
}

/** live lets alice live on a store, and die so many times. */
async function live(store: string, kills: number): Promise<void> {
  const rejections: unknown[] = []
  const note = (reason: unknown): void => void rejections.push(reason)
  process.on('unhandledRejection', note)
  const world = await World.make(store)
  let whole = 0
  for (let i = 0; i < kills; i += 1) {
    if (i % 20 === 0) whole = await world.millisecondsOfWork()
    world.work()
    await sleep(world.random() * 1.5 * whole)
    await world.killAndReturn()
    expect(rejections).toEqual([])
  }
  await world.end()
  process.off('unhandledRejection', note)
  const { counts } = world
  process.stdout.write(`${JSON.stringify(counts)}\n`)
  expect(counts.released).toBeGreaterThan(counts.kills)
}

test('killed at any moment, a member on SQLite goes on', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))
  await live(path.join(folder, 'alice.db'), times(140, 1000))
  fs.rmSync(folder, { recursive: true })
}, patience(600_000))

test('killed at any moment, a member on PostgreSQL goes on', async () => {
  const server = await startPostgres()
  try {
    await live(server.url, times(60, 1000))
  } finally {
    await server.stop()
  }
}, patience(600_000))
