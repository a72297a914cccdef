// The bytes of the rules' tests, given to the JavaScript API: what rules_tests wrote down (kit/scene_journal.h), life by life
// and message by message. What was taken there is taken here, what was refused is refused with the same error, and of what
// is refused nothing is stored: not a row changes, no generation and no key package is used.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Client, decode, MlsError, packBatch, trustAnyCredential, type ClientOptions, type Group, type RowChange } from '../../lib'
import { toldStore, type ToldStore } from '../api/support/stores'

/** What a scene's people have in common. */
interface Scene {
  readonly rule: string
  readonly suite: number
  readonly now: number
  readonly lifetimes: 'check' | 'ignore'
  readonly externalCommits: 'refuse' | 'join' | 'resync'
  readonly newMemberProposals: 'refuse' | 'allow'
  readonly customProposals: readonly { type: number; path: 'required' | 'optional'; external: number }[]
  /** Encoded ids without nonce, and values. */
  readonly psks: readonly (readonly [string, string])[]
}

interface Someone extends Scene {
  readonly identity?: string
  /** Instead of an identity. */
  readonly certificates?: readonly string[]
  readonly signatureKey: string
  readonly extensionTypes?: readonly number[]
  readonly proposalTypes?: readonly number[]
  readonly credentialTypes?: readonly number[]
  readonly leafExtensions?: readonly { type: number; data: string }[]
}

interface Package {
  readonly keyPackage: string
  readonly initKey: string
  readonly encryptionKey: string
  readonly signatureKey: string
}

/** Stored: a group as a store has it (docs/store-format.md). */
interface Stored {
  readonly groupId: string
  readonly status: 'joining' | 'active'
  readonly scope: string
  readonly sealingKey: string
  readonly rows: string
}

interface Told {
  readonly rule: string
  readonly now: number
  readonly outcome: string
  readonly message: string
}
type Step = Told & (
  | { readonly kind: 'join'; readonly tree: string }
  | { readonly kind: 'receive' | 'add' }
  | ({ readonly kind: 'succeed' } & Package))

/** Life: somebody with a key package, or in a group, and what came. */
type Life = Someone & { readonly kind: 'life'; readonly steps: readonly Step[] } & (Package | Stored)
interface JoinByCommit extends Someone {
  readonly kind: 'joinByCommit'
  readonly groupInfo: string
  readonly tree: string
  readonly outcome: string
}
interface Decode extends Scene {
  readonly kind: 'decode'
  readonly message: string
  readonly outcome: string
}
/** LeftOut: so many refusals of a scene were not written down. */
interface LeftOut {
  readonly rule: string
  readonly kind: 'leftOut'
  readonly count: number
}
type Line = Life | JoinByCommit | Decode | LeftOut

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

const privateHalf = (of: Package): Parameters<Client['keyPackages']['import']>[0] => ({
  keyPackage: bytes(of.keyPackage),
  initPrivateKey: bytes(of.initKey),
  encryptionPrivateKey: bytes(of.encryptionKey),
  signaturePrivateKey: bytes(of.signatureKey),
})

/** outcomeOf gives the code of what work is refused with, or `taken`. */
async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'taken'
  } catch (error) {
    if (!(error instanceof MlsError)) throw error
    return error.code
  }
}

/** externalId gives the psk_id of an encoded external PreSharedKeyID body, null for another. */
function externalId(hex: string): string | null {
  const id = bytes(hex)
  return id[0] === 1 && (id[1] ?? 64) < 64 ? Buffer.from(id.subarray(2)).toString('hex') : null
}

/** ownOf leaves out GREASE, which a client adds by itself (RFC 9420 §13.5). */
const ownOf = (types: readonly number[] = []): number[] => types.filter((type) => (type & 0x0f0f) !== 0x0a0a)

const whoIs = ({ identity = '', certificates }: Someone): Pick<ClientOptions, 'identity' | 'credential' | 'name'> =>
  (certificates ? { name: 'certified', credential: { type: 'x509', certificates: certificates.map(bytes) } } : { identity: bytes(identity) })

class Person {
  readonly store: ToldStore = toldStore()
  now: number
  #client: Client | undefined

  constructor(readonly self: Someone) {
    this.now = self.now
  }

  async open(): Promise<Client> {
    const { self } = this
    const psks = new Map(self.psks.map(([id, value]) => [externalId(id), bytes(value)]))
    const options: ClientOptions = {
      ...whoIs(self),
      suites: [self.suite],
      signaturePrivateKeys: { [self.suite]: bytes(self.signatureKey) },
      store: this.store,
      authenticate: trustAnyCredential,
      psk: (id) => psks.get(Buffer.from(id).toString('hex')),
      clock: () => this.now,
      extensionTypes: ownOf(self.extensionTypes),
      proposalTypes: ownOf(self.proposalTypes),
      credentialTypes: ownOf(self.credentialTypes).filter((type) => type > 2),
      leafExtensions: self.leafExtensions?.map(({ type, data }) => ({ type, data: bytes(data) })) ?? [],
      policy: {
        lifetimes: self.lifetimes,
        externalCommits: self.externalCommits,
        newMemberProposals: self.newMemberProposals,
        customProposals: self.customProposals.map(({ type, path, external }) => ({ type, path, external: external === 1 })),
      },
    }
    this.#client = await Client.open(options)
    return this.#client
  }

  /** storeGroup puts a group into the store, as the only one that this client has. */
  async storeGroup({ groupId, status, scope: hex, sealingKey, rows }: Stored): Promise<void> {
    const scope = bytes(hex)
    const put = (key: readonly number[], value: Uint8Array): RowChange => ({ kind: 'put', key: Uint8Array.from(key), value })
    const own = packBatch([
      put([0x80], Uint8Array.of(0, 1)),
      put([0x81], bytes(sealingKey)),
      put([0x82, ...scope.subarray(17)], Uint8Array.of(status === 'active' ? 1 : 0, ...bytes(groupId))),
    ])
    await this.store.commit({
      id: new Uint8Array(randomBytes(16)),
      parts: [
        { scope: Uint8Array.of(1, ...scope.subarray(1, 17)), expect: {}, advance: ['client'], changes: [own] },
        { scope, expect: {}, advance: ['epoch'], changes: [bytes(rows)] },
      ],
    })
  }

  /** says gives the outcome of work, which stores nothing if it is refused. */
  async says(work: () => Promise<unknown>): Promise<string> {
    const before = this.store.atoms.length
    const outcome = await outcomeOf(work)
    if (outcome !== 'taken') expect(this.store.atoms.length).toBe(before)
    return outcome
  }

  close = async (): Promise<void> => this.#client?.close()
}

const treeOf = ({ tree }: { readonly tree: string }): { tree?: Uint8Array } => (tree ? { tree: bytes(tree) } : {})

async function live(life: Life, person: Person): Promise<void> {
  const isStored = 'rows' in life
  if (isStored) await person.storeGroup(life)
  const client = await person.open()
  let group = isStored ? await client.group(bytes(life.groupId)) : null
  if (!isStored) await client.keyPackages.import(privateHalf(life))
  const present = (): Group => {
    if (!group) throw new Error('in no group yet')
    return group
  }
  for (const step of life.steps) {
    person.now = step.now
    const message = bytes(step.message)
    if (step.kind === 'succeed') await client.keyPackages.import(privateHalf(step))
    const said = await person.says(async () => {
      if (step.kind === 'join') group = await client.join(message, treeOf(step))
      if (step.kind === 'receive') await present().receive(message)
      if (step.kind === 'add') await present().commit({ add: [message] })
      // Deleted, since the next one may have the same id.
      if (step.kind === 'succeed') await (await client.join(message, { origin: present() })).delete()
    })
    expect([step.rule, step.kind, said]).toEqual([step.rule, step.kind, step.outcome])
  }
}

async function replay(line: Life | JoinByCommit | Decode): Promise<void> {
  if (line.kind === 'decode') return expect(await outcomeOf(() => decode(bytes(line.message)))).toBe(line.outcome)
  const person = new Person(line)
  try {
    if (line.kind === 'life') return await live(line, person)
    const client = await person.open()
    const said = await person.says(() => client.joinExternally(bytes(line.groupInfo), treeOf(line)))
    expect([line.rule, said]).toEqual([line.rule, line.outcome])
  } finally {
    await person.close()
  }
}

/** refusalsOf counts what a line has refused. */
const refusalsOf = (line: Life | JoinByCommit | Decode): number =>
  (line.kind === 'life' ? line.steps : [line]).filter(({ outcome }) => outcome !== 'taken').length

function readJournal(): Map<string, Line[]> {
  const folder = process.env.NODE_MLS_RULES_JOURNAL
  const byRule = new Map<string, Line[]>()
  const files = folder ? fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : []
  for (const line of files.flatMap((name) => [...linesOf(path.join(folder as string, name))])) {
    const read = JSON.parse(line) as Line
    const others = byRule.get(read.rule)
    if (others) others.push(read)
    else byRule.set(read.rule, [read])
  }
  return byRule
}

/** linesOf reads a file that may be longer than a string can be. */
function* linesOf(file: string): Generator<string, void, undefined> {
  const from = fs.openSync(file, 'r')
  const chunk = Buffer.alloc(1 << 22)
  let rest = ''
  for (let size = fs.readSync(from, chunk); size > 0; size = fs.readSync(from, chunk)) {
    const lines = (rest + chunk.toString('latin1', 0, size)).split('\n')  // hex and names: ASCII
    rest = lines.pop() ?? ''
    yield* lines
  }
  fs.closeSync(from)
}

const journal = readJournal()
if (journal.size === 0) test.skip('without NODE_MLS_RULES_JOURNAL, which npm run test:rules sets', () => {})
// scripts/test-rules.cjs reads these numbers.
for (const [rule, lines] of journal) {
  const lives = lines.filter((line) => line.kind !== 'leftOut')
  const refusals = lives.reduce((sum, line) => sum + refusalsOf(line), 0)
  const leftOut = lines.reduce((sum, line) => sum + (line.kind === 'leftOut' ? line.count : 0), 0)
  test(`${rule}: the same bytes through the JavaScript API, ${lives.length} lives, ${refusals} refusals, ${leftOut} left out`, async () => {
    const some = async (): Promise<void> => {
      for (let line = lives.pop(); line; line = lives.pop()) await replay(line)
    }
    await Promise.all(Array.from({ length: 16 }, some))
  }, 120_000)
}
