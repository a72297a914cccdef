// Client: one identity with its keys and its groups.
import type { AnswerSource } from './answers'
import { cloneOf, copyOf, empty, toHex, wipe } from './bytes'
import { Calls, timed, waitFor } from './calls'
import { readClient, signerDigest, type ClientOptions, type ClientRequest } from './client-options'
import { signerRow, type GroupEntry, type GroupStatus } from './client-rows'
import { ClientScope } from './client-scope'
import { MlsError, fromNative, isMlsError, toError } from './errors'
import { Events, type EventsOptions, type Stop } from './events'
import { Group } from './group'
import type { GroupOwner } from './group-owner'
import { GroupTable } from './group-table'
import { Hold } from './hold'
import { Inbox } from './inbox'
import { Joining, type CreateGroupOptions, type ExternalJoin, type ExternalJoinOptions, type JoinOptions } from './joining'
import type { ExportedGroup } from './exported-group'
import { Moving } from './moving'
import type { BytesSource } from './transfer-bytes'
import { KeyPackages, infosOf, type InfosByReference } from './key-package'
import type { NativeClient, NativePskId, NativeSecret, NativeStep } from './native'
import { Options, readList } from './options'
import { groupIdOf } from './peek'
import { Psks } from './psk'
import type { DurableEvent, GroupEvent, NotReceived, Received } from './received'
import { Incoming, readInspect, readMessages, readSend, type ReceiveOptions, type SendOptions, type StepSent } from './steps'
import { readEncryptionKey, type EncryptionKey } from './sealing-key'
import { Slices } from './turns'
import { inWindow } from './window'

/** GroupListing: a group as the client lists it, without loading it. */
export interface GroupListing {
  readonly id: Uint8Array
  readonly key: string
  readonly status: GroupStatus
}

/** ClientEvent: an event of one of the client's groups. */
export type ClientEvent = GroupEvent & { readonly group: Group }
/** ClientReceived: a result of `receiveMany` over several groups; `group` is null when it has none here. */
export type ClientReceived = (Received & { readonly group: Group }) | (NotReceived & { readonly group: Group | null })

/** UnacknowledgedEvent: an event that was stored and not acknowledged. */
export type UnacknowledgedEvent = DurableEvent & { readonly groupId: Uint8Array; readonly group: Group | null }

/** ClientSend: data for one of the client's groups. */
export interface ClientSend extends SendOptions {
  readonly group: Group
  readonly data: string | Uint8Array
}
/** ClientSent: a result of `sendMany` over several groups; `message` is an MLSMessage. */
export type ClientSent = StepSent & { readonly group: Group }

const listingOf = ({ groupId, status }: GroupEntry): GroupListing => ({ id: cloneOf(groupId), key: toHex(groupId), status })

function readItem(what: string, value: unknown): { readonly group: Group; readonly step: NativeStep } {
  const options = new Options(what, value, ['group', 'data', 'authenticatedData'])
  const group = options.get('group')
  if (!(group instanceof Group)) throw new TypeError(`${what}.group must be a Group`)
  const authenticatedData = options.bytes('authenticatedData', empty)
  return { group, step: readSend(options.name('data'), options.get('data'), { authenticatedData }) }
}

export class Client {
  readonly keyPackages: KeyPackages
  readonly psks: Psks
  readonly #request: ClientRequest
  readonly #scope: ClientScope
  readonly #calls: Calls
  readonly #answers: AnswerSource
  readonly #groups: GroupTable
  readonly #events = new Events<ClientEvent>()
  readonly #inbox: Inbox | null
  readonly #joining: Joining
  readonly #moving: Moving
  #closing: Promise<void> | null = null

  private constructor(request: ClientRequest, scope: ClientScope, calls: Calls, keyPackages: InfosByReference) {
    const { authenticate, trust, answerTimeout: timeout, now } = request
    this.#request = request
    this.#scope = scope
    this.#calls = calls
    this.#inbox = request.policy.durableEvents ? new Inbox(request.store) : null
    this.keyPackages = new KeyPackages(scope, calls, now, this.suites, keyPackages)
    this.psks = new Psks(scope, request.psk)
    this.#answers = { authenticate, trust, timeout, now, psk: (id) => this.#psk(id) }
    this.#groups = new GroupTable(scope, this.#owner(), request.maxLoadedGroups)
    this.#moving = new Moving({ store: request.store, policy: request.policy, answers: this.#answers }, scope, this.#groups)
    this.#joining = new Joining(request, this.#answers, scope, this.#groups, this.keyPackages)
  }

  /**
   * open opens the client of this name in the store, or begins it.
   *
   * @throws TypeError, RangeError; MlsError `WRONG_ENCRYPTION_KEY`, `STORAGE_DAMAGED`, `STORAGE_VERSION`, `STORE_FAILED`
   * @example
   * const alice = await Client.open({
   *   identity: 'alice@example.org/laptop', store: memoryStore(), authenticate: trustAnyCredential,
   * })
   */
  static async open(options: ClientOptions): Promise<Client> {
    const request = readClient(options)
    const calls = new Calls()
    const limit = { timeout: 0 }  // here a person may be asked
    const encryptionKey = request.encryptionKey && timed(request.encryptionKey, calls, limit)
    try {
      const [scope, state] = await ClientScope.open(request.store, request.name, encryptionKey)
      limit.timeout = request.answerTimeout
      for (const signer of request.signers) {
        const digest = signerDigest(signer)
        if (state.suites.includes(signer.suite) && scope.signerDigest(signer.suite) === toHex(digest)) continue
        // Unless another process made it meanwhile: all of them sign with the same key.
        await scope.make((keys) => keys.addSigner(signer, request.policy.knownCertificates), ({ batch }) =>
          (scope.signerDigest(signer.suite) === toHex(digest) ? [] : [batch, signerRow(signer.suite, digest)]))
      }
      return new Client(request, scope, calls, await infosOf(state.keyPackages))
    } catch (error) {
      wipe(request.encryptionKey)
      throw error
    } finally {
      wipe(...request.signers.map(({ signaturePrivateKey }) => signaturePrivateKey))
    }
  }

  /** The cipher suites of this client, the preferred one first. */
  get suites(): readonly number[] {
    return this.#request.signers.map(({ suite }) => suite)
  }

  /**
   * changeEncryptionKey protects the client's secrets by another key, or wrapper, from now on; null leaves the sealing key
   * in the store in the clear. It writes one row: the rows stay sealed by the same sealing key, which whoever had the
   * former key and the store may have read. All processes of the client have to be opened with the new one.
   *
   * @throws TypeError, RangeError; MlsError `WRONG_ENCRYPTION_KEY` when `wrap` fails, `STORE_FAILED`
   * @example
   * await client.changeEncryptionKey(secret)
   */
  async changeEncryptionKey(encryptionKey: EncryptionKey | null): Promise<void> {
    this.#keys()
    const key = encryptionKey === null ? null : readEncryptionKey('encryptionKey', encryptionKey)
    await this.#scope.changeEncryptionKey(key && timed(key, this.#calls, { timeout: this.#request.answerTimeout }))
  }

  /** createGroup makes a group with this client as its only member (RFC 9420 §11). @throws MlsError `GROUP_EXISTS` */
  async createGroup(options?: CreateGroupOptions): Promise<Group> {
    return this.#calls.run(() => this.#joining.create(options))
  }

  /**
   * join joins the group of a Welcome (RFC 9420 §12.4.3.1). The key package that it was made for is deleted in the
   * same write that stores the group, unless it is one of last resort.
   *
   * @throws MlsError `NO_MATCHING_KEY_PACKAGE`, `GROUP_EXISTS`, `MISSING_TREE`, `MISSING_PSK`, `CREDENTIAL_REJECTED`, …
   * @example
   * const group = await bob.join(welcome)
   */
  async join(welcome: Uint8Array, options?: JoinOptions): Promise<Group> {
    return this.#calls.run((call) => this.#joining.join(call, welcome, options))
  }

  /**
   * joinExternally joins a group by a commit of one's own (RFC 9420 §12.4.3.2).
   *
   * @param groupInfo an MLSMessage, with external_pub
   * @throws MlsError `MISSING_EXTERNAL_PUB`, `MISSING_TREE`, `GROUP_EXISTS`, `CREDENTIAL_REJECTED`, …
   * @example
   * const join = await carol.joinExternally(groupInfo)
   * if (await deliver(join.message)) await join.accepted()
   * else await join.rejected()
   */
  async joinExternally(groupInfo: Uint8Array, options?: ExternalJoinOptions): Promise<ExternalJoin> {
    return this.#calls.run((call) => this.#joining.joinExternally(call, groupInfo, options))
  }

  /**
   * exportGroup freezes a group, durably, so that it can move to another store of the same client: every method of the Group,
   * in every process, gives `GROUP_MOVED` from now on. What was called before is finished first. Called again, after a
   * restart too, it gives the same export. A move is one way: `release` gives the key of the bytes and rules out `cancel`.
   *
   * @throws MlsError `UNKNOWN_GROUP`, `REMOVED`, `LEASE_HELD`, of fault `storage`
   * @example
   * const there = await Client.open({ identity: 'alice', store: memoryStore(), authenticate: trustAnyCredential })
   * const moving = await client.exportGroup(group.id)
   * const parts: Uint8Array[] = []
   * for await (const part of moving.parts()) parts.push(part)
   * const moved = await there.importGroup(parts, await moving.release())
   * await moving.finish()
   * await moved.send('from the other store')
   */
  async exportGroup(id: Uint8Array): Promise<ExportedGroup> {
    const groupId = copyOf('id', id)
    return this.#calls.run(() => this.#moving.export(groupId))
  }

  /**
   * importGroup takes over a group that a client of the same name exported: with its candidates, cached proposals, past epochs,
   * our signature key in it, and events not yet acknowledged. All or nothing is written. The same bytes again give the same
   * group. Never import them into two stores: both would send with the same keys (RFC 9420 §6.3.1). The client may be
   * closed while the bytes are still being read: that is `CLOSED`.
   *
   * @param bytes as `ExportedGroup.parts` gave them, whole or in parts of any size
   * @param key what `ExportedGroup.release` gave
   * @throws TypeError, RangeError; MlsError `WRONG_ENCRYPTION_KEY` (or a damaged header), `STORAGE_DAMAGED`,
   *   `STORAGE_VERSION`, `WRONG_CLIENT`, `GROUP_EXISTS`, `TRANSFER_USED` when what was imported is gone again,
   *   `STORE_FAILED`
   */
  async importGroup(bytes: BytesSource, key: Uint8Array): Promise<Group> {
    this.#keys()
    return this.#moving.import(bytes, key)
  }

  /** groups lists the groups of this client, without loading them. */
  groups(): readonly GroupListing[] {
    return [...this.#groups.entries()].map(listingOf)
  }

  /**
   * listGroups lists them a page at a time, so that very many do not hold up the event loop. A group that is added or
   * ends meanwhile may be left out or not.
   * @example
   * for await (const { id, status } of client.listGroups()) console.log(status, Buffer.from(id).toString('hex'))
   */
  async *listGroups(): AsyncGenerator<GroupListing, void, undefined> {
    this.#keys()
    const slices = new Slices()
    for (const entry of this.#groups.entries()) {
      yield listingOf(entry)
      if (slices.full()) await slices.next()
    }
  }

  /** group gives the group of an id, loaded from the store if need be. @throws MlsError `UNKNOWN_GROUP` */
  async group(id: Uint8Array): Promise<Group> {
    return this.#calls.run(() => this.#groups.get(copyOf('id', id)))
  }

  /**
   * refresh takes over what other processes of this client have stored of its key packages, its PSKs and the list of
   * its groups. What is looked for and not found is looked for in the store by itself.
   */
  async refresh(): Promise<void> {
    this.#keys()
    await this.#scope.refresh()
  }

  /** receive takes a message of whichever group it is for. @throws MlsError `UNKNOWN_GROUP`, and as `Group.receive` */
  async receive(message: Uint8Array, options?: ReceiveOptions): Promise<Received & { readonly group: Group }> {
    const [result] = await this.receiveMany([message], options)
    if (!result) throw new MlsError('INTERNAL')
    if (result.kind === 'error') throw result.error
    return result
  }

  /**
   * receiveMany takes messages of many groups: those of one group in order and in one step, the groups beside each
   * other. The results are in the order of the messages; one that fails does not stop the others.
   */
  async receiveMany(messages: readonly Uint8Array[], options?: ReceiveOptions): Promise<ClientReceived[]> {
    const list = readMessages(messages)
    const inspect = readInspect(options)
    this.#keys()
    const results: ClientReceived[] = []
    const places = new Map<string, number[]>()
    list.forEach((message, i) => {
      const id = groupIdOf(message)
      if (!id) {
        results[i] = { kind: 'error', error: new MlsError('WRONG_WIRE_FORMAT'), group: null }
        return
      }
      const others = places.get(toHex(id))
      if (others) others.push(i)
      else places.set(toHex(id), [i])
    })
    // Copied now, all of them: what comes below may wait for a store.
    const incoming = [...places].map(([id, at]) =>
      ({ id: Buffer.from(id, 'hex'), at, messages: new Incoming(at.map((i) => list[i] as Uint8Array), inspect) }))
    await this.#calls.run(() => inWindow(incoming, this.#window, async ({ id, at, messages }) => {
      const found = await this.#receiveIn(id, messages)
      at.forEach((place, i) => (results[place] = found[i] as ClientReceived))
    }))
    return results
  }

  /**
   * sendMany sends in many groups: what goes to one group in order and in one step, the groups beside each other. The
   * results are in the order of the items; one that fails does not stop the others.
   *
   * @example
   * for (const sent of await client.sendMany([{ group, data: 'one' }, { group, data: 'two' }])) {
   *   if (sent.kind === 'sent') console.log(sent.message.length)
   * }
   */
  async sendMany(items: readonly ClientSend[]): Promise<ClientSent[]> {
    const list = readList('items', items, readItem)
    this.#keys()
    const results: ClientSent[] = []
    const byGroup = new Map<Group, number[]>()
    list.forEach(({ group }, i) => {
      const others = byGroup.get(group)
      if (others) others.push(i)
      else byGroup.set(group, [i])
    })
    await this.#calls.run(() => inWindow(byGroup, this.#window, async ([group, places]) => {
      const sent = await group.sendEach(places.map((i) => list[i]!.step))
      places.forEach((i, at) => (results[i] = { ...(sent[at] as StepSent), group }))
    }))
    return results
  }

  /** on calls a listener for the events of all groups; each carries its `group`. */
  on<Kind extends ClientEvent['kind']>(
    kind: Kind, listener: (event: Extract<ClientEvent, { readonly kind: Kind }>) => void,
  ): Stop {
    return this.#events.on(kind, listener)
  }

  /** events gives the events of all groups from now on, until the client is closed. */
  events(options?: EventsOptions): AsyncIterableIterator<ClientEvent> {
    return this.#events.iterate(options)
  }

  /**
   * unacknowledged gives the events that an earlier process of this client stored and did not acknowledge
   * (`durableEvents`), group after group, each group's in the order in which they came; among them our own commits that
   * were accepted, with their Welcomes. `group` is null when the client is no longer a member.
   *
   * Ask before anything is received: later it also gives what was told since and is not acknowledged yet.
   *
   * @throws MlsError of fault `storage`
   * @example
   * for await (const event of client.unacknowledged()) {
   *   if (event.kind === 'message') console.log(event.data.length)
   *   await event.ack()
   * }
   */
  async *unacknowledged(): AsyncGenerator<UnacknowledgedEvent, void, undefined> {
    const keys = this.#keys()
    if (!this.#inbox) return
    for await (const [scope, event] of this.#inbox.saved(this.#scope.groupScope(empty), keys)) {
      const entry = this.#scope.entryOf(scope)
      if (!entry || entry.transfer) continue  // the group was deleted, or moves with its events
      yield { ...event, group: await this.#groups.ofScope(scope), groupId: entry.groupId }
    }
  }

  /**
   * proposeOwnAdd makes a proposal by which somebody outside asks a group to add one of its key packages
   * (RFC 9420 §12.1.8). @returns an MLSMessage for the group
   */
  async proposeOwnAdd(reference: Uint8Array, groupId: Uint8Array, epoch: bigint): Promise<Uint8Array> {
    const [ref, id] = [copyOf('reference', reference), copyOf('groupId', groupId)]
    return fromNative(this.#keys().proposeOwnAdd(ref, id, epoch))
  }

  /**
   * close finishes what was called and wipes the keys from memory. The store stays open: it is the caller's.
   * @throws MlsError `REENTRANT` in a callback that the client waits for: it stays open
   */
  close(): Promise<void> {
    const owners = [this.#calls, ...this.#calls, ...this.#groups.askers()]
    return waitFor(owners, () => (this.#closing ??= Hold.outside(() => this.#close())))
  }

  async #close(): Promise<void> {
    this.#calls.close()
    await this.#groups.close(this.#calls)
    this.#events.end()
    await this.#inbox?.settled()
    await this.#scope.close()
  }

  /** Groups that one call works in at a time: enough to keep the cores and the store busy. */
  get #window(): number {
    return Math.min(this.#request.maxLoadedGroups, 256)
  }

  #keys(): NativeClient {
    if (this.#closing) throw new MlsError('CLOSED')
    return this.#scope.keys
  }

  async #receiveIn(id: Uint8Array, messages: Incoming): Promise<ClientReceived[]> {
    try {
      const group = await this.#groups.get(id)
      const results = await group.receiveEach(messages)
      return results.map((result) => ({ ...result, group }))
    } catch (error) {
      messages.done()
      return messages.steps.map(() => ({ kind: 'error', error: toError(error), group: null }))
    }
  }

  /** psk answers what a step asks for (RFC 9420 §8.4, §8.6). */
  async #psk(id: NativePskId): Promise<NativeSecret | null> {
    if (id.type === 'external') return this.psks.find(id.id)
    for (const group of await this.#groups.all(id.groupId)) {
      try {
        return await group.use((native) => native.resumption(id.epoch))
      } catch (error) {
        if (!isMlsError(error, 'MISSING_PSK', 'REMOVED', 'REENTRANT')) throw error
      }
    }
    return null
  }

  /** owner is what the groups see of their client. */
  #owner(): GroupOwner {
    return {
      store: this.#request.store,
      policy: this.#request.policy,
      answers: this.#answers,
      onConflict: this.#request.onConflict,
      leases: this.#request.leases,
      inbox: this.#inbox,
      stagedCommitTimeout: this.#request.stagedCommitTimeout,
      keys: () => this.#scope.keys,
      succeed: (...words) => this.#calls.run(() => this.#joining.succeed(...words)),
      confirmed: (group, parts) => this.#groups.activate(group, parts),
      ended: (group, how) => this.#groups.ended(group, how),
      deleted: (group) => this.#groups.erase(group),
      used: (group) => this.#groups.used(group),
      listened: (group) => this.#groups.listened(group),
      emit: (group, event) => {
        if (this.#events.isHeard(event.kind)) this.#events.emit({ ...event, group })
      },
    }
  }
}
