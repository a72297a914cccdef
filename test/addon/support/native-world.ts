// Clients and groups made with the addon's own classes, without lib/: for tests of what crosses the boundary.
import { packBatch, rowChanges } from '../../../lib/batch'
import { native } from '../../../lib/native'
import { resultsOf } from '../../../lib/run-results'
import type {
  MayAsk, NativeBytes, NativeClient, NativeCommitOptions, NativeGroup, NativeOpened, NativePolicy, NativeRows, NativeStep, NativeStepResult,
  PackedBatch,
} from '../../../lib/native'

export const now = 1_700_000_000
const none = new Uint8Array(0)
export const bytes = (text: string): Uint8Array => Buffer.from(text)

export const policy: NativePolicy = {
  limits: {}, customProposals: [], knownCertificates: [], lifetimes: 'ignore', externalCommits: 'resync', newMemberProposals: 'allow',
  handshake: 'private', padding: 'none', sendWithUncommittedProposals: 'allow', durableEvents: false,
}

/** A store of one scope: rows by the hex of their keys. */
export class Scope {
  readonly rows = new Map<string, Uint8Array>()

  apply(batch: PackedBatch): void {
    for (const change of rowChanges(batch)) {
      const key = Buffer.from(change.key).toString('hex')
      if (change.kind === 'put') this.rows.set(key, change.value.slice())
      if (change.kind === 'delete') this.rows.delete(key)
      if (change.kind === 'delete-prefix') for (const row of [...this.rows.keys()]) if (row.startsWith(key)) this.rows.delete(row)
    }
  }

  copy(): Scope {
    const copy = new Scope()
    for (const [key, value] of this.rows) copy.rows.set(key, value)
    return copy
  }

  packed(): PackedBatch {
    return packBatch([...this.rows].sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ kind: 'put', key: Buffer.from(key, 'hex'), value })))
  }

  /** The rows that a batch touches, as they are here. */
  as(batch: PackedBatch): PackedBatch {
    const touched = [...rowChanges(batch)].flatMap(({ kind, key }) => {
      const name = Buffer.from(key).toString('hex')
      return kind === 'delete-prefix' ? [...this.rows.keys()].filter((row) => row.startsWith(name)) : [name]
    })
    const prefixes = [...rowChanges(batch)].filter(({ kind }) => kind === 'delete-prefix').map(({ key }) => ({ kind: 'delete-prefix' as const, key }))
    return packBatch([...prefixes, ...[...new Set(touched)].map((name) => {
      const key = Buffer.from(name, 'hex'), value = this.rows.get(name)
      return value ? { kind: 'put' as const, key, value } : { kind: 'delete' as const, key }
    })])
  }

  /** The changes that lead from `former` to this. */
  since(former: Scope): PackedBatch {
    const gone = [...former.rows.keys()].filter((key) => !this.rows.has(key))
    const changed = [...this.rows].filter(([key, value]) => !former.rows.has(key) || !Buffer.from(value).equals(former.rows.get(key)!))
    return packBatch([
      ...gone.map((key) => ({ kind: 'delete' as const, key: Buffer.from(key, 'hex') })),
      ...changed.map(([key, value]) => ({ kind: 'put' as const, key: Buffer.from(key, 'hex'), value })),
    ])
  }
}

export function rowsOf(...slices: PackedBatch[]): NativeRows {
  const rows = new native.Rows()
  for (const slice of slices) rows.add(slice)
  return rows
}

export async function newClient(name: string, sealingKey: Uint8Array = Buffer.alloc(32, name)): Promise<NativeClient> {
  const client = new native.Client({ scope: bytes(name), sealingKey })
  await client.addSigner({
    suite: 1, credential: { type: 'basic', identity: bytes(name) }, extensionTypes: [], proposalTypes: [], credentialTypes: [], leafExtensions: [],
    signaturePrivateKey: null,
  }, [])
  return client
}

export function must<T>(result: MayAsk<T>): T {
  if (result.done === undefined) throw new Error('a question')
  return result.done
}

/** One member: its group and the rows that its store holds. */
export class Member {
  readonly scope = new Scope()
  constructor(readonly group: NativeGroup, batch: PackedBatch) { this.scope.apply(batch) }

  static of(opened: NativeOpened): Member { return new Member(opened.group, opened.batch) }

  async receive(...messages: Uint8Array[]): Promise<readonly NativeStepResult[]> {
    const run = await this.group.run(receiving(messages), true, now)
    this.scope.apply(run.batch)
    return resultsOf(run)
  }

  async send(text: string): Promise<Uint8Array> {
    const run = await this.group.run([{ kind: 'send', data: bytes(text), authenticatedData: none }], true, now)
    this.scope.apply(run.batch)
    const [sent] = resultsOf(run)
    if (sent?.kind !== 'sent') throw new Error(JSON.stringify(sent))
    return sent.message
  }

  async propose(leafIndex: number): Promise<Uint8Array> {
    const made = must(await this.group.propose({ type: 'remove', leafIndex }, none, true, now))
    this.scope.apply(made.batch)
    return made.message
  }

  async candidate(options: Partial<NativeCommitOptions> = {}): Promise<{ id: bigint; message: Uint8Array }> {
    const made = must(await this.group.commit({
      add: null, proposals: [], includeCached: true, path: 'always', welcomes: 'one-for-all', tree: 'inside', externalPub: true, leaf: null,
      authenticatedData: none, groupInfoExtensions: [], ...options,
    }, true, now, null))
    this.scope.apply(made.batch)
    return made
  }

  async commit(options: Partial<NativeCommitOptions> = {}): Promise<{ message: Uint8Array; welcomes: Uint8Array[] }> {
    const { id, message } = await this.candidate(options)
    const { batch, welcomes } = await this.group.accept(id, now)
    this.scope.apply(batch)
    const { bytes: all, offsets } = welcomes
    return { message, welcomes: Array.from(offsets.subarray(1), (end, i) => all.slice(offsets[i], end)) }
  }
}

function longBytes(source: Uint8Array): NativeBytes {
  const long = new native.Bytes(source.length)
  long.add(source, 0, source.length)
  return long
}

/** receiving gives the steps that take messages in. */
export function receiving(messages: readonly Uint8Array[]): NativeStep[] {
  const copies = new native.Bulk()
  copies.add(messages, 0, messages.length)
  return messages.map((_, at) => ({ kind: 'receive', messages: copies, at, inspect: false }))
}

/** addedTo makes a client's key package, lets `member` add it, and joins by the Welcome. */
export async function addedTo(member: Member, client: NativeClient, scope: string, with_: NativePolicy = policy): Promise<{ joined: Member; message: Uint8Array }> {
  const { messages, infos } = await client.generateKeyPackages(
    { suite: 1, count: 1, notBefore: BigInt(now) - 3600n, notAfter: BigInt(now) + 80n * 86_400n, lastResort: false, extensions: [] }, null)
  const add = new native.Bulk()
  add.add([messages.bytes], 0, 1)
  const { message, welcomes } = await member.commit({ add })
  const joined = must(await client.join(
    { scope: bytes(scope), welcome: longBytes(welcomes[0]!), reference: infos.references.bytes, tree: longBytes(none), origin: null, policy: with_ }, true, now))
  return { joined: Member.of(joined), message }
}

export const createGroup = async (client: NativeClient, scope: string, with_: NativePolicy = policy): Promise<Member> =>
  Member.of(await client.createGroup({ scope: bytes(scope), suite: 1, groupId: bytes('a group'), extensions: [], policy: with_ }, now))
