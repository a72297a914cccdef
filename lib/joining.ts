// Ways into a group: making one, a Welcome, an external commit, succeeding another group. Each ends with one atom that
// adds the group and its entry, and takes what it used up.
import { createHash } from 'node:crypto'
import { answer, type AnswerSource } from './answers'
import { copyOfText, empty, toHex } from './bytes'
import { fillBulk, type ByteStrings } from './bulk'
import type { ClientRequest } from './client-options'
import type { ClientScope } from './client-scope'
import { MlsError, fromNative, isMlsError } from './errors'
import { readExtensions } from './extension'
import { Group } from './group'
import type { GroupTable } from './group-table'
import { Hold } from './hold'
import type { KeyPackages } from './key-package'
import { letGo, takeBytes } from './long-bytes'
import type { Extension } from './message'
import { native, type MayAsk, type NativeBytes, type NativeGroup, type NativeOpened } from './native'
import { Options, readLeafIndex, readSuite } from './options'
import { endable, throwIfAborted } from './progress'
import type { Succession, SuccessorOptions } from './successor'
import { Welcomes } from './welcomes'

/** CreateGroupOptions: a new group (RFC 9420 §11). */
export interface CreateGroupOptions {
  /** Default: random bytes, as many as the suite's hash has. */
  readonly groupId?: Uint8Array
  /** Default: the first suite of the client. */
  readonly suite?: number
  readonly extensions?: readonly Extension[]
}

/** JoinOptions: what a Welcome may need besides. */
export interface JoinOptions {
  /** The ratchet tree, when the Welcome does not hold it. */
  readonly tree?: Uint8Array
  /** The group that this one is expected to follow or to branch from (RFC 9420 §11.2, §11.3). */
  readonly origin?: Group
}

/** ExternalJoinOptions: joining without a Welcome (RFC 9420 §12.4.3.2). */
export interface ExternalJoinOptions {
  /** The ratchet tree, when the GroupInfo does not hold it. */
  readonly tree?: Uint8Array
  /** Our former leaf in that group, which the commit removes. */
  readonly resync?: number
  /** Ids of external PSKs to mix in. */
  readonly psk?: readonly (string | Uint8Array)[]
  readonly authenticatedData?: Uint8Array
}

/** ExternalJoin: a group in phase `joining`, and the commit that makes it active once it was taken. */
export interface ExternalJoin {
  readonly group: Group
  /** The Commit for the delivery service, an MLSMessage. */
  readonly message: Uint8Array
  /** accepted: the delivery service has taken it. */
  accepted(): Promise<void>
  /** rejected: it did not; the group is deleted. */
  rejected(): Promise<void>
}

export class Joining {
  readonly #request: ClientRequest
  readonly #answers: AnswerSource
  readonly #scope: ClientScope
  readonly #groups: GroupTable
  readonly #keyPackages: KeyPackages
  /** Joins under way, by the key package that they use up. */
  readonly #joins = new Map<string, Promise<unknown>>()
  /**
   * Joins of which it is not known whether they were stored: the handles of their groups, by the hash of the Welcome. A
   * database may take an atom long after its connection is gone, so a handle stays until one of them has become the group.
   */
  readonly #doubts = new Map<string, Uint8Array[]>()

  constructor(
    request: ClientRequest, answers: AnswerSource, scope: ClientScope, groups: GroupTable, keyPackages: KeyPackages,
  ) {
    this.#request = request
    this.#answers = answers
    this.#scope = scope
    this.#groups = groups
    this.#keyPackages = keyPackages
  }

  async create(options: CreateGroupOptions | undefined): Promise<Group> {
    const read = new Options('options', options, ['groupId', 'suite', 'extensions'])
    const suites = this.#request.signers.map(({ suite }) => suite)
    const handle = this.#scope.newHandle()
    const request = {
      scope: this.#scope.groupScope(handle),
      suite: read.read('suite', suites[0] ?? 1, (what, value) => readSuite(what, value, suites)),
      groupId: read.bytes('groupId', empty),
      extensions: read.read('extensions', [], readExtensions),
      policy: this.#request.policy,
    }
    const opened = await fromNative(this.#scope.keys.createGroup(request, this.#answers.now()))
    return this.#groups.adopt({ handle, opened, status: 'active' })
  }

  /** join: `call` owns the holds of its questions. */
  async join(call: object, welcome: Uint8Array, options: JoinOptions | undefined): Promise<Group> {
    const read = new Options('options', options, ['tree', 'origin'])
    const origin = read.read('origin', null, readGroup)
    const taken = [takeBytes('welcome', welcome), read.read('tree', takeBytes('options.tree', empty), takeBytes)] as const
    try {
      return await this.#joinBy(call, ...await Promise.all(taken), origin)
    } finally {
      letGo(...taken)
    }
  }

  async #joinBy(call: object, welcome: NativeBytes, tree: NativeBytes, origin: Group | null): Promise<Group> {
    for (;;) {
      const joined = await this.#joinedInDoubt(welcome)
      if (joined) return joined
      const reference = await this.#findKeyPackage(welcome)
      const name = toHex(reference)
      const before = this.#joins.get(name)
      if (!before) {
        const joining = this.#join(call, welcome, reference, tree, origin)
        this.#joins.set(name, joining)
        return await joining.finally(() => this.#joins.delete(name))
      }
      await before.catch(() => {})  // and then see whether the key package is still there
    }
  }

  /** joinExternally: `call` owns the holds of its questions. */
  async joinExternally(call: object, groupInfo: Uint8Array, options: ExternalJoinOptions | undefined): Promise<ExternalJoin> {
    const read = new Options('options', options, ['tree', 'resync', 'psk', 'authenticatedData'])
    const handle = this.#scope.newHandle()
    const fixed = {
      scope: this.#scope.groupScope(handle),
      resync: read.read('resync', null, readLeafIndex),
      psks: read.list('psk', copyOfText),
      authenticatedData: read.bytes('authenticatedData', empty),
      policy: this.#request.policy,
    }
    const taken = [takeBytes('groupInfo', groupInfo), read.read('tree', takeBytes('options.tree', empty), takeBytes)] as const
    const { trust, now } = this.#answers
    const hold = new Hold(call, Hold.active())
    const opened = await Promise.all(taken).then(([info, tree]) =>
      this.#answered(this.#scope.keys.joinExternally({ ...fixed, groupInfo: info, tree }, trust, now()), hold))
      .finally(() => letGo(...taken))
    if (fixed.resync === null) await this.#orClose(opened, () => this.#groups.requireNew(opened.state.groupId))
    const group = await this.#groups.adopt({ handle, opened, status: 'joining' })
    return {
      group,
      message: opened.message,
      accepted: () => group.confirm(),
      rejected: () => group.delete(),
    }
  }

  async succeed(
    origin: Group, kind: 'reinit' | 'branch', keyPackages: ByteStrings, value: SuccessorOptions,
  ): Promise<Succession> {
    const read = new Options('options', value, ['groupId', 'extensions', 'welcomes', 'tree', 'signal'])
    const handle = this.#scope.newHandle()
    const request = {
      scope: this.#scope.groupScope(handle),
      kind,
      groupId: read.bytes('groupId', empty),
      extensions: read.read('extensions', [], readExtensions),
      welcomes: read.oneOf('welcomes', 'one-for-all', ['one-for-all', 'one-each']),
      tree: read.oneOf('tree', 'inside', ['inside', 'apart']),
      policy: this.#request.policy,
    }
    const signal = read.signal('signal')
    const filled = fillBulk('keyPackages', keyPackages, new native.Bulk(), signal)
    filled.catch(() => {})  // awaited when the turn comes
    const answers = endable(this.#answers, signal)
    const opened = await origin.use(async (group, hold) => {
      const bulk = await filled
      const asking = this.#scope.keys.succeed({ ...request, origin: group, keyPackages: bulk }, answers.trust, answers.now())
      return this.#answered(asking, hold, answers)
    }, signal).finally(() => letGo(filled))
    await this.#orClose(opened, () => throwIfAborted(signal))  // what the addon has begun it has finished
    const group = await this.#groups.adopt({ handle, opened, status: 'active' })
    const welcomes = new Welcomes(opened.welcomes, opened.recipients)
    return { group, welcome: welcomes.only, welcomes, tree: request.tree === 'apart' ? opened.tree : null }
  }

  async #findKeyPackage(welcome: NativeBytes): Promise<Uint8Array> {
    const found = await fromNative(this.#scope.keys.findKeyPackage(welcome))
    if (found) return found
    await this.#scope.refresh()  // another process of this client may have made it
    const made = await fromNative(this.#scope.keys.findKeyPackage(welcome))
    if (!made) throw new MlsError('NO_MATCHING_KEY_PACKAGE')
    return made
  }

  /** joinedInDoubt gives the group that an earlier join by this Welcome has made, though its caller was told otherwise. */
  async #joinedInDoubt(welcome: NativeBytes): Promise<Group | null> {
    if (this.#doubts.size === 0) return null
    const name = hashOf(welcome)
    const handles = this.#doubts.get(name)
    if (!handles) return null
    await this.#scope.refresh()
    for (const handle of handles) {
      const group = await this.#groups.ofScope(this.#scope.groupScope(handle))
      if (!group) continue
      this.#doubts.delete(name)
      return group
    }
    return null
  }

  #answered<T>(asking: Promise<MayAsk<T>>, hold: Hold, answers = this.#answers): Promise<T> {
    return fromNative(asking.then((asks) => answer(asks, hold, answers)))
  }

  /** orClose lets go of what was opened when `check` throws. */
  async #orClose(opened: NativeOpened, check: () => Promise<void> | void): Promise<void> {
    try {
      await check()
    } catch (error) {
      opened.group.close()
      throw error
    }
  }

  async #join(
    call: object, welcome: NativeBytes, reference: Uint8Array, tree: NativeBytes, origin: Group | null,
  ): Promise<Group> {
    const handle = this.#scope.newHandle()
    const { trust, now } = this.#answers
    const start = (native: NativeGroup | null, hold: Hold) => this.#answered(this.#scope.keys.join({
      scope: this.#scope.groupScope(handle), welcome, reference, tree, origin: native, policy: this.#request.policy,
    }, trust, now()), hold)
    const opened = await (origin ? origin.use(start) : start(null, new Hold(call, Hold.active())))
    const last = this.#keyPackages.isLastResort(reference)
    const group = await this.#groups.adopt({
      handle, opened, status: 'active', more: (keys) => (last ? {} : { changes: [keys.deleteKeyPackages([reference])] }),
    }).catch((error: unknown) => {
      if (isMlsError(error, 'STORE_FAILED')) this.#doubts.set(hashOf(welcome), [...this.#doubts.get(hashOf(welcome)) ?? [], handle])
      throw error
    })
    if (!last) this.#keyPackages.forget(reference)
    if (this.#doubts.size > 0) this.#doubts.delete(hashOf(welcome))
    return group
  }
}

const hashOf = (bytes: NativeBytes): string => createHash('sha256').update(bytes.slice(0, bytes.size)).digest('hex')

function readGroup(what: string, value: unknown): Group {
  if (!(value instanceof Group)) throw new TypeError(`${what} must be a Group`)
  return value
}
