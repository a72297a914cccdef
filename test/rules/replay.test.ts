// The bytes of the rules' tests, given to the JavaScript API: what rules_tests wrote down (kit/scene_journal.h), member by
// member and message by message. What was taken there is taken here, what was refused is refused with the same error, and
// of what is refused nothing is stored: not a row changes, no generation is used.
import fs from 'node:fs'
import path from 'node:path'
import { Client, decode, MlsError, trustAnyCredential, type ClientOptions, type Group } from '../../lib'
import { toldStore, type ToldStore } from '../api/support/stores'

interface Setting extends Package {
  readonly rule: string
  readonly kind: 'life' | 'join' | 'joinByCommit' | 'decode'
  readonly suite: number
  readonly now: number
  readonly lifetimes: 'check' | 'ignore'
  readonly externalCommits: 'refuse' | 'join' | 'resync'
  readonly newMemberProposals: 'refuse' | 'allow'
  readonly customProposals: readonly { type: number; path: 'required' | 'optional'; external: number }[]
  /** Encoded ids without nonce, and values. */
  readonly psks: readonly (readonly [string, string])[]
  readonly outcome: string
  readonly identity: string
  readonly welcome: string
  readonly tree: string
  readonly groupInfo: string
  readonly message: string
  readonly steps: readonly Step[]
}

interface Package {
  readonly keyPackage: string
  readonly initKey: string
  readonly encryptionKey: string
  readonly signatureKey: string
  readonly extensionTypes?: readonly number[]
  readonly proposalTypes?: readonly number[]
  readonly credentialTypes?: readonly number[]
}

interface Step extends Package {
  readonly rule: string
  readonly kind: 'receive' | 'add' | 'succeed'
  readonly now: number
  readonly outcome: string
  readonly message: string
}

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

class Person {
  readonly store: ToldStore = toldStore()
  now: number
  #client: Client | undefined

  constructor(readonly setting: Setting) {
    this.now = setting.now
  }

  async open(): Promise<Client> {
    const { setting } = this
    const psks = new Map(setting.psks.map(([id, value]) => [externalId(id), bytes(value)]))
    const options: ClientOptions = {
      identity: bytes(setting.identity),
      suites: [setting.suite],
      signaturePrivateKeys: { [setting.suite]: bytes(setting.signatureKey) },
      store: this.store,
      authenticate: trustAnyCredential,
      psk: (id) => psks.get(Buffer.from(id).toString('hex')),
      clock: () => this.now,
      extensionTypes: ownOf(setting.extensionTypes),
      proposalTypes: ownOf(setting.proposalTypes),
      credentialTypes: ownOf(setting.credentialTypes).filter((type) => type > 2),
      policy: {
        lifetimes: setting.lifetimes,
        externalCommits: setting.externalCommits,
        newMemberProposals: setting.newMemberProposals,
        customProposals: setting.customProposals.map(({ type, path, external }) => ({ type, path, external: external === 1 })),
      },
    }
    this.#client = await Client.open(options)
    return this.#client
  }

  /** With the key package of the setting in its store. */
  async invited(): Promise<Client> {
    const client = await this.open()
    await client.keyPackages.import(privateHalf(this.setting))
    return client
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

const treeOf = ({ tree }: Setting): { tree?: Uint8Array } => (tree ? { tree: bytes(tree) } : {})

async function live(person: Person): Promise<void> {
  const { setting } = person
  const client = await person.invited()
  const group: Group = await client.join(bytes(setting.welcome), treeOf(setting))
  for (const step of setting.steps) {
    person.now = step.now
    const message = bytes(step.message)
    if (step.kind === 'succeed') await client.keyPackages.import(privateHalf(step))
    const said = await person.says(() => {
      if (step.kind === 'succeed') return client.join(message, { origin: group })
      return step.kind === 'add' ? group.commit({ add: [message] }) : group.receive(message)
    })
    expect([step.rule, step.kind, said]).toEqual([step.rule, step.kind, step.outcome])
  }
}

async function replay(setting: Setting): Promise<void> {
  const person = new Person(setting)
  try {
    if (setting.kind === 'life') return await live(person)
    if (setting.kind === 'decode') {
      const said = await outcomeOf(async () => decode(bytes(setting.message)))
      return expect(said).toBe(setting.outcome)
    }
    const client = await (setting.kind === 'join' ? person.invited() : person.open())
    const said = await person.says(() => (setting.kind === 'join'
      ? client.join(bytes(setting.welcome), treeOf(setting))
      : client.joinExternally(bytes(setting.groupInfo), treeOf(setting))))
    expect([setting.rule, said]).toEqual([setting.rule, setting.outcome])
  } finally {
    await person.close()
  }
}

function readJournal(): Map<string, Setting[]> {
  const folder = process.env.NODE_MLS_RULES_JOURNAL
  const byRule = new Map<string, Setting[]>()
  const files = folder ? fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : []
  for (const line of files.flatMap((name) => [...linesOf(path.join(folder as string, name))])) {
    const setting = JSON.parse(line) as Setting
    const settings = byRule.get(setting.rule) ?? []
    settings.push(setting)
    byRule.set(setting.rule, settings)
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
for (const [rule, settings] of journal) {
  test(`${rule}: the same bytes through the JavaScript API, ${settings.length} lives`, async () => {
    const waiting = [...settings]
    const some = async (): Promise<void> => {
      for (let setting = waiting.pop(); setting; setting = waiting.pop()) await replay(setting)
    }
    await Promise.all(Array.from({ length: 16 }, some))
  }, 120_000)
}
