// MLS++ as a peer: a child process over its public headers (../mlspp), where an MLS++ is installed to build it with.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { contentTypeOf } from './mls-message'
import { type Peer, type PeerChange, type PeerCommit, type PeerEvent, PeerLacks, type PeerMember } from './peer'

const root = path.join(__dirname, '../../..')
const build = path.join(root, 'build/mlspp')
const program = path.join(build, process.platform === 'win32' ? 'mlspp_peer.exe' : 'mlspp_peer')

/** buildMlspp builds the program, and says whether it is there: false where no MLS++ is installed. */
export function buildMlspp(): boolean {
  const cmake = (...args: string[]) => spawnSync('cmake', args, { cwd: root, encoding: 'utf8' })
  if (cmake('-S', 'test/interop/mlspp', '-B', build, '-DCMAKE_BUILD_TYPE=Release').status !== 0) return false
  const found = fs.readFileSync(path.join(build, 'CMakeCache.txt'), 'utf8').match(/^MLSPP_DIR:PATH=(.*)$/m)?.[1]
  if (found === undefined || found.endsWith('NOTFOUND')) return false
  const built = cmake('--build', build)
  if (built.status !== 0) throw new Error(`MLS++ is installed, but the peer does not build:\n${built.stdout}${built.stderr}`)
  return true
}

export const mlspp: Peer = {
  name: 'MLS++',
  suites: [1, 2, 3, 4, 5, 6, 7],
  abilities: new Set(['update', 'remove', 'psk', 'external-join', 'any-tree'] as const),
  async member(name, suite) {
    const member = new MlsppMember(name, suite)
    await member.open()
    return member
  },
}

const toWord = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('hex') || '-'
const fromWord = (word: string): Uint8Array => (word === '-' ? new Uint8Array() : Buffer.from(word, 'hex'))

class MlsppMember implements PeerMember {
  readonly peer = mlspp
  readonly #process: ChildProcessWithoutNullStreams
  readonly #answers: AsyncIterator<string>

  constructor(
    readonly name: string,
    readonly suite: number,
  ) {
    this.#process = spawn(program)
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  async open(): Promise<void> {
    await this.#ask('client', `${this.suite}`, toWord(this.name))
  }

  async makeKeyPackage(): Promise<Uint8Array> {
    return this.#askBytes('key-package')
  }

  async createGroup(groupId: string): Promise<void> {
    await this.#ask('create', toWord(groupId))
  }

  async commit(change: PeerChange): Promise<PeerCommit> {
    const words: string[] = []
    for (const keyPackage of change.add ?? []) words.push('add', toWord(keyPackage))
    for (const identity of change.remove ?? []) words.push('remove', ...(await this.#ask('leaf', toWord(identity))))
    for (const id of change.psk ?? []) words.push('psk', toWord(id))
    const [message = '', welcome = '-'] = await this.#ask('commit', ...words)
    return { messages: [fromWord(message)], welcome: welcome === '-' ? null : fromWord(welcome) }
  }

  /** MLS++ cannot follow its own removal, and the program recognises it only where a commit holds it by value. */
  async leave(): Promise<Uint8Array> {
    throw new PeerLacks('MLS++', 'way to leave')
  }

  async join(welcome: Uint8Array, tree: Uint8Array): Promise<void> {
    await this.#ask('join', toWord(welcome), toWord(tree))
  }

  async joinExternally(groupInfo: Uint8Array): Promise<Uint8Array> {
    return this.#askBytes('join-external', toWord(groupInfo))
  }

  async send(data: Uint8Array): Promise<Uint8Array> {
    return this.#askBytes('send', toWord(data))
  }

  async receive(message: Uint8Array): Promise<PeerEvent> {
    if (contentTypeOf(message) === 'application') return { kind: 'message', data: await this.#askBytes('open', toWord(message)) }
    const [kind] = await this.#ask('handle', toWord(message))
    return kind === 'proposal' ? { kind } : { kind: 'commit', removed: kind === 'removed' }
  }

  async putPsk(id: string, secret: Uint8Array): Promise<void> {
    await this.#ask('psk', toWord(id), toWord(secret))
  }

  async groupInfo(): Promise<Uint8Array> {
    return this.#askBytes('group-info')
  }

  async tree(): Promise<Uint8Array> {
    return this.#askBytes('tree')
  }

  async epoch(): Promise<bigint> {
    return BigInt((await this.#ask('epoch'))[0] ?? '')
  }

  async epochAuthenticator(): Promise<Uint8Array> {
    return this.#askBytes('authenticator')
  }

  async exportSecret(label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    return this.#askBytes('export', toWord(label), toWord(context), `${length}`)
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.stdin.end()
    await ended
  }

  /** ask sends a request and gives the words of its answer. Only one at a time is under way. */
  async #ask(...words: string[]): Promise<string[]> {
    this.#process.stdin.write(`${words.join(' ')}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(`the MLS++ peer ended at "${words[0]}"`)
    const [status, ...results] = value.split(' ')
    if (status !== 'ok') throw new Error(`MLS++ ${this.name}, ${words[0]}: ${results.join(' ')}`)
    return results
  }

  async #askBytes(...words: string[]): Promise<Uint8Array> {
    return fromWord((await this.#ask(...words))[0] ?? '-')
  }
}
