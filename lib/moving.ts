// Moving a group to another store of the same client: frozen and written here, read and adopted there.
import { randomBytes } from 'node:crypto'
import { loadScope } from './atom'
import type { AnswerSource } from './answers'
import { cutBatch, packBatch, selectRows } from './batch'
import { equal, secretOf, toHex, wipe } from './bytes'
import { handleSize, movedTag, transferRow, transferSize, type GroupEntry, type GroupStatus } from './client-rows'
import type { ClientScope } from './client-scope'
import { MlsError, fromNative, isMlsError } from './errors'
import { ExportedGroup, stillMoving, type Leaving } from './exported-group'
import type { Group } from './group'
import type { GroupTable } from './group-table'
import { inboxScope } from './inbox'
import { native, type NativeOpened, type NativePolicy, type NativeRows } from './native'
import type { Store } from './store'
import { Input, TransferReader, TransferWriter, type Chunk, type TransferHeader } from './transfer-bytes'
import { Slices } from './turns'

/** Bytes of rows in a chunk, but for rows that are larger. */
const chunkSize = 1 << 18
const keySize = 32
/** How often a group is looked at that another process exports, or has back, at this moment. */
const mostTries = 4
/** Groups that may leave, by their number in the header. */
const movable: readonly GroupStatus[] = ['joining', 'active']

const stop = packBatch([{ kind: 'put', key: Uint8Array.of(movedTag), value: new Uint8Array(0) }])
const goOn = packBatch([{ kind: 'delete', key: Uint8Array.of(movedTag) }])

/** MovingHome: what moving needs of the client. */
export interface MovingHome {
  readonly store: Store
  readonly policy: NativePolicy
  readonly answers: AnswerSource
}

/** readKey takes the key of a transfer. @throws TypeError @throws RangeError */
function readKey(what: string, value: unknown): Uint8Array {
  const key = secretOf(what, value)
  if (key.length !== keySize) throw new RangeError(`${what} must be ${keySize} bytes`)
  return key
}

export class Moving implements Leaving {
  readonly #home: MovingHome
  readonly #scope: ClientScope
  readonly #groups: GroupTable
  /** Exports under way, by group id. */
  readonly #exports = new Map<string, Promise<ExportedGroup>>()

  constructor(home: MovingHome, scope: ClientScope, groups: GroupTable) {
    this.#home = home
    this.#scope = scope
    this.#groups = groups
  }

  /** export freezes a group, or finds it frozen. */
  export(groupId: Uint8Array): Promise<ExportedGroup> {
    const name = toHex(groupId)
    const before = this.#exports.get(name)
    if (before) return before
    const exporting = this.#export(groupId).finally(() => this.#exports.delete(name))
    this.#exports.set(name, exporting)
    return exporting
  }

  async #export(groupId: Uint8Array): Promise<ExportedGroup> {
    for (let tries = 1; ; tries += 1) {
      const entry = await this.#groups.find(groupId)
      if (entry.transfer) return new ExportedGroup(this, entry)
      if (!movable.includes(entry.status)) throw new MlsError('REMOVED')
      try {
        const group = await this.#groups.load(entry)
        await group.refresh()
        return new ExportedGroup(this, await this.#freeze(group))
      } catch (error) {
        if (!isMlsError(error, 'GROUP_MOVED') || tries === mostTries) throw error
        await this.#scope.refresh()  // another process was first
      }
    }
  }

  async *parts(then: GroupEntry): AsyncGenerator<Uint8Array, void, undefined> {
    await this.#scope.refresh()
    const entry = this.#now(then)
    const { groupId, transfer } = entry
    const groupScope = this.#scope.groupScope(entry.handle)
    const key = this.#scope.openKey(transfer.id, transfer.key)
    const { rows, epoch } = await this.#rowsOf(groupScope)
    const writer = new TransferWriter(key, {
      transferId: transfer.id, clientId: this.#scope.clientId, status: movable.indexOf(transfer.before), epoch, groupId,
    })
    yield writer.begin()
    for (const [kind, source] of [['group', rows], ['inbox', await this.#inboxOf(groupScope)]] as const) {
      const packed = await fromNative(this.#scope.keys.reseal({ scope: groupScope, rows: source, key, name: writer.rowsName, way: 'out' }))
      const slices = new Slices()
      for (const part of cutBatch(packed, chunkSize)) {
        yield writer.chunk({ kind, rows: part })
        if (slices.full()) await slices.next()
      }
    }
    await this.#scope.refresh()
    this.#now(then)  // what was cancelled meanwhile is not whole
    yield writer.end()
  }

  async release(then: GroupEntry): Promise<Uint8Array> {
    const { id, key } = this.#now(then).transfer
    await this.#scope.change(() => {
      const now = this.#now(then)
      // Noted here too, so that the same bytes are not imported again where they came from.
      const used = packBatch([transferRow(id, new Uint8Array(0))])
      return { changes: [used], groups: [{ ...now, status: 'released' }], latest: true }
    })
    return this.#scope.openKey(id, key)
  }

  async cancel(then: GroupEntry): Promise<void> {
    await this.#scope.change(() => {
      const { transfer, ...now } = this.#now(then)
      if (now.status === 'released') throw new MlsError('GROUP_MOVED')
      const thawed = { scope: this.#scope.groupScope(now.handle), expect: {}, advance: ['epoch'], changes: [goOn] }
      return { changes: [], parts: [thawed], groups: [{ ...now, status: transfer.before }] }
    })
  }

  async finish(then: GroupEntry): Promise<void> {
    await this.#groups.eraseScope(this.#scope.groupScope(then.handle), () => {
      const now = this.#now(then)
      if (now.status !== 'released') throw new MlsError('MISUSE')
      return now
    })
  }

  /** import reads the bytes of a group and adopts it. */
  async import(source: unknown, value: unknown): Promise<Group> {
    const key = readKey('key', value)
    const input = new Input('bytes', source)
    try {
      const reader = new TransferReader(input, key)
      const header = await reader.header()
      if (!equal(header.clientId, this.#scope.clientId)) throw new MlsError('WRONG_CLIENT')
      await this.#scope.refresh()
      return await this.#imported(header.transferId) ?? await this.#import(reader, header, key)
    } finally {
      wipe(key)
      await input.leave()
    }
  }

  async #freeze(group: Group): Promise<GroupEntry> {
    const id = new Uint8Array(randomBytes(transferSize))
    const key = this.#scope.sealKey(id, new Uint8Array(randomBytes(keySize)))
    let frozen: GroupEntry | undefined
    await group.moveOut((guard) => this.#scope.change(() => {
      const now = this.#scope.entryOf(group.scope)
      if (!now) throw new MlsError('UNKNOWN_GROUP')
      if (now.transfer) throw new MlsError('GROUP_MOVED')
      if (!movable.includes(now.status)) throw new MlsError('REMOVED')
      frozen = { ...now, status: 'exported', transfer: { id, before: now.status, key } }
      // Every step expects the version `epoch`: what another process computed before is not stored any more.
      const part = { scope: group.scope, expect: {}, advance: ['epoch'], changes: [stop] }
      return { changes: [], parts: [part, ...guard], groups: [frozen], latest: true }
    }))
    if (!frozen) throw new MlsError('INTERNAL')
    return frozen
  }

  #now(then: GroupEntry): ReturnType<typeof stillMoving> {
    return stillMoving(then, this.#scope.entryOf(this.#scope.groupScope(then.handle)))
  }

  async #rowsOf(scope: Uint8Array): Promise<{ readonly rows: NativeRows; readonly epoch: bigint }> {
    const { keys } = this.#scope
    const load = async (): Promise<NativeRows> => {
      const rows = new native.Rows()
      let size = 0
      await loadScope(this.#home.store, scope, (slice) => {
        const own = selectRows(slice, (tag) => tag !== movedTag)
        size += own.length
        rows.add(own)
      })
      if (size === 0) throw new MlsError('REMOVED')
      return rows
    }
    // Loaded to see that they are whole: a group must not leave damaged.
    const { group, state } = await fromNative(keys.loadGroup({ scope, rows: await load(), policy: this.#home.policy }, this.#home.answers.now()))
    group.close()
    return { rows: await load(), epoch: state.epoch }
  }

  async #inboxOf(groupScope: Uint8Array): Promise<NativeRows> {
    const rows = new native.Rows()
    await loadScope(this.#home.store, inboxScope(groupScope), (slice) => rows.add(slice))
    return rows
  }

  /** imported gives what an earlier import of the same bytes made. @throws MlsError `TRANSFER_USED` when it is gone */
  async #imported(transferId: Uint8Array): Promise<Group | null> {
    const handle = this.#scope.transferred(transferId)
    if (!handle) return null
    const entry = handle.length === handleSize ? this.#scope.entryOf(this.#scope.groupScope(handle)) : undefined
    if (!entry || !movable.includes(entry.status)) throw new MlsError('TRANSFER_USED')
    return this.#groups.load(entry)
  }

  async #import(reader: TransferReader, header: TransferHeader, key: Uint8Array): Promise<Group> {
    const status = movable[header.status]
    if (!status) throw new MlsError('STORAGE_DAMAGED')
    if (status === 'active') await this.#groups.requireNew(header.groupId)
    const handle = this.#scope.newHandle()
    const scope = this.#scope.groupScope(handle)
    const incoming = { group: new native.Rows(), inbox: new native.Rows() }
    for await (const { kind, rows } of reader.chunks()) incoming[kind].add(rows)
    const seal = (kind: Chunk['kind']): Promise<Uint8Array> =>
      fromNative(this.#scope.keys.reseal({ scope, rows: incoming[kind], key, name: reader.rowsName, way: 'in' }))
    const [batch, inbox] = [await seal('group'), await seal('inbox')]
    const opened = await this.#open(scope, batch, header)
    const events = inbox.length > 0 ? [{ scope: inboxScope(scope), expect: {}, advance: [], changes: [inbox] }] : []
    try {
      return await this.#groups.adopt({ handle, opened, status, more: () => {
        if (this.#scope.transferred(header.transferId)) throw new MlsError('TRANSFER_USED')
        return { changes: [packBatch([transferRow(header.transferId, handle)])], parts: events, latest: true }
      } })
    } catch (error) {
      // Another call, or process, imported the same just now.
      const other = isMlsError(error, 'TRANSFER_USED', 'GROUP_EXISTS') ? await this.#imported(header.transferId) : null
      if (other) return other
      throw error
    }
  }

  async #open(scope: Uint8Array, batch: Uint8Array, { groupId, epoch }: TransferHeader): Promise<NativeOpened> {
    const rows = new native.Rows()
    const slices = new Slices()
    for (const part of cutBatch(batch, chunkSize)) {
      rows.add(part)
      if (slices.full()) await slices.next()
    }
    const opened = await fromNative(this.#scope.keys.loadGroup({ scope, rows, policy: this.#home.policy }, this.#home.answers.now()))
    if (toHex(opened.state.groupId) === toHex(groupId) && opened.state.epoch === epoch) return { ...opened, batch }
    opened.group.close()
    throw new MlsError('STORAGE_DAMAGED')
  }
}
