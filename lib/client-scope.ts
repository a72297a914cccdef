// The client's own scope: its keys in the addon, the list of its groups, and the order of changes to both.
import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { findRows, packBatch, rowChanges, selectRows, type RowChange } from './batch'
import { advised, commitAtom, listScopes, loadScope } from './atom'
import {
  firstOwnTag, groupRow, handleSize, isLookedUp, isOwn, keyPackageTag, nothing, pskTag, put, signerKey, tags,
  transferKey, type GroupEntry,
} from './client-rows'
import { ScopeMemory } from './scope-memory'
import { cloneOf, join, randomSecret, secretOf, toHex, viewOf, wipe } from './bytes'
import { MlsError, isMlsError, toError } from './errors'
import { native, type NativeClient, type NativeClientState } from './native'
import { noteKey, openKey, openStored, sealKey, storedForm, type EncryptionKey, type StoredKey } from './sealing-key'
import type { AtomPart, Store } from './store'

/** Of the header; 2 brought wrapped sealing keys, 3 groups that move. */
const format = 3
const formatTwo = 2
const formatOne = 1
const version = 'client'
/** Changes of the same client by other processes that one change stands, and how long it waits at most before the next try. */
const attempts = 100
const longestPause = 64

/** ClientChange: what a change does to rows, and to the memory when they are stored. */
export interface ClientChange<T> {
  readonly changes: readonly Uint8Array[]
  /** Other scopes in the same atom. */
  readonly parts?: readonly AtomPart[]
  readonly groups?: readonly GroupEntry[]
  readonly forgotten?: readonly Uint8Array[]
  /** Whether rows are among them that came with the latest format. */
  readonly latest?: boolean
  /** `revisions` are those of the client's scope and of `parts`. */
  readonly apply?: (revisions: readonly bigint[]) => T
}

/** What a load found. */
interface Contents {
  readonly keys: NativeClient
  readonly state: NativeClientState
}

export class ClientScope {
  readonly #store: Store
  readonly #clientId: Uint8Array
  #encryptionKey: EncryptionKey | null
  /** Those that it may have become: changes under way, and others of which it is not known whether they were stored. */
  readonly #inDoubt = new Set<EncryptionKey | null>()
  #sealingKey: Uint8Array | null = null
  #keys: NativeClient | null = null
  #format = formatOne
  #version = 0n
  #revision = 0n
  #last: Promise<unknown> = Promise.resolve()
  #memory = new ScopeMemory()
  /** Whether the keys in the addon may differ from the rows, because a change failed and they were not read again since. */
  #stale = false
  /** loaded is told what the addon holds, each time something was read again. */
  loaded: (state: NativeClientState) => Promise<void> = async () => {}

  private constructor(store: Store, name: Uint8Array, encryptionKey: EncryptionKey | null) {
    this.#store = store
    this.#clientId = new Uint8Array(createHash('sha256').update('node-mls client').update(name).digest().subarray(0, 16))
    this.#encryptionKey = encryptionKey
  }

  /** open loads or begins the scope of the client `name`. @throws MlsError of fault `storage` */
  static async open(
    store: Store, name: Uint8Array, encryptionKey: EncryptionKey | null,
  ): Promise<[ClientScope, NativeClientState]> {
    const scope = new ClientScope(store, name, encryptionKey)
    try {
      const { state } = await scope.#load()
      return [scope, state]
    } catch (error) {
      await scope.close()  // the sealing key may have been opened
      throw error
    }
  }

  /** The client's scope: 01 and the hash of its name. */
  get scope(): Uint8Array {
    return join([Uint8Array.of(1), this.#clientId])
  }
  /** groupScope: 02, the hash of the client's name, the handle. */
  groupScope(handle: Uint8Array): Uint8Array {
    return join([Uint8Array.of(2), this.#clientId, handle])
  }
  newHandle(): Uint8Array {
    return new Uint8Array(randomBytes(handleSize))
  }
  get keys(): NativeClient {
    if (!this.#keys) throw new MlsError('CLOSED')
    return this.#keys
  }
  groups(): Iterable<GroupEntry> {
    return this.#memory.groups.entries()
  }
  /** find gives the entries of a group id. */
  find(groupId: Uint8Array): GroupEntry[] {
    return this.#memory.groups.find(groupId)
  }
  /** entryOf gives the entry of the group with this scope. */
  entryOf(groupScope: Uint8Array): GroupEntry | undefined {
    return this.#memory.groups.get(groupScope.subarray(-handleSize))
  }
  /** transferred gives the handle of a transfer that this client has used up, empty when it left from here. */
  transferred(transfer: Uint8Array): Uint8Array | undefined {
    return this.#memory.transfers.get(transferKey(transfer))
  }
  /** The name of this client in what it exports: the hash of its name. */
  get clientId(): Uint8Array {
    return this.#clientId
  }
  /** sealKey seals the key of a transfer for a row of this scope; openKey opens it. @throws MlsError `STORAGE_DAMAGED` */
  sealKey(transfer: Uint8Array, key: Uint8Array): Uint8Array {
    return sealKey(key, this.#keyOfTransfers(), transfer)
  }
  openKey(transfer: Uint8Array, sealed: Uint8Array): Uint8Array {
    try {
      return openKey(sealed, this.#keyOfTransfers(), transfer)
    } catch (cause) {
      throw new MlsError('STORAGE_DAMAGED', { cause })
    }
  }
  /** psk gives the sealed row of a PSK. */
  psk(rowKey: Uint8Array): Uint8Array | undefined {
    return this.#memory.psks.get(toHex(rowKey))
  }
  signerDigest(suite: number): string | undefined {
    return this.#memory.signers.get(signerKey(suite))
  }

  /**
   * change stores what `make` gives, one change after the other. When another process was first, the scope is loaded
   * again and `make` is asked again.
   */
  change<T = void>(make: (keys: NativeClient) => ClientChange<T>): Promise<T> {
    const done = this.#last.then(() => this.#change(make))
    this.#last = done.catch(() => {})
    return done
  }

  /**
   * make runs native work that gives a batch of this scope, beside other changes, and stores the batch, or what
   * `changesOf` makes of it at that moment.
   * @throws MlsError as the work does, or of fault `storage`
   */
  async make<T extends { readonly batch: Uint8Array }>(
    work: (keys: NativeClient) => Promise<T>, changesOf: (made: T) => readonly Uint8Array[] = ({ batch }) => [batch],
  ): Promise<T> {
    const keys = this.keys
    let made: T
    try {
      made = await work(keys)
    } catch (error) {
      throw toError(error)
    }
    await this.change(() => ({ changes: changesOf(made) }))
    // Loaded as a whole again meanwhile: the new object does not know what the old one made.
    if (this.#keys !== keys) {
      const loaded = this.#last.then(() => this.#reload())
      this.#last = loaded.catch(() => {})
      await loaded
    }
    return made
  }

  /** refresh takes over what other processes of this client have stored. @throws MlsError of fault `storage` */
  refresh(): Promise<void> {
    const done = this.#last.then(() => this.#catchUp())
    this.#last = done.catch(() => {})
    return done
  }

  /** changeEncryptionKey protects the sealing key by another key from now on. @throws MlsError of fault `storage` */
  async changeEncryptionKey(encryptionKey: EncryptionKey | null): Promise<void> {
    if (!this.#sealingKey) throw new MlsError('CLOSED')
    // Copies: what is read again meanwhile wipes those of the scope.
    const sealingKey = secretOf('key', this.#sealingKey)
    try {
      const rows = await storedForm(sealingKey, encryptionKey, this.scope)
      await this.change(() => {
        const kept = encryptionKey instanceof Uint8Array ? secretOf('key', encryptionKey) : encryptionKey
        this.#inDoubt.add(kept)
        const apply = (): void => this.#keepOnly(kept)
        return { changes: [packBatch([this.#header(this.#format === format, encryptionKey), ...rows])], apply }
      })
    } finally {
      wipe(sealingKey, encryptionKey)
    }
  }

  /** close waits for changes under way and wipes the keys. */
  async close(): Promise<void> {
    let last: unknown
    do {
      last = this.#last
      await last
    } while (last !== this.#last)
    this.#keys?.close()
    this.#keys = null
    wipe(this.#sealingKey, this.#encryptionKey, ...this.#inDoubt)
    this.#sealingKey = this.#encryptionKey = null
    this.#inDoubt.clear()
  }

  #keyOfTransfers(): Uint8Array {
    if (!this.#sealingKey) throw new MlsError('CLOSED')
    return new Uint8Array(hkdfSync('sha256', this.#sealingKey, nothing, Buffer.concat([Buffer.from('node-mls transfers'), this.scope]), 32))
  }

  async #change<T>(make: (keys: NativeClient) => ClientChange<T>): Promise<T> {
    if (this.#stale) await this.#reload()
    let touched = false
    try {
      return await this.#stored((keys) => {
        try {
          const change = make(keys)
          touched = true
          return change
        } catch (error) {
          // An error of ours comes before the addon is asked, any other from the addon.
          touched ||= !isMlsError(error)
          throw toError(error)
        }
      })
    } catch (error) {
      // For whatever reason the atom is not stored, the addon's keys may have run ahead of the rows.
      this.#stale ||= touched
      if (this.#stale) await this.#reload().catch(() => {})
      throw error
    }
  }

  /** stored stores what `make` gives. When it throws, the addon may have what the store has not. */
  async #stored<T>(make: (keys: NativeClient) => ClientChange<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const change = make(this.keys)
      try {
        return await this.#commit(change)
      } catch (error) {
        if (!isMlsError(error, 'STORE_CONFLICT') || attempt === attempts) throw error
        if (attempt > 1) await sleep(Math.random() * Math.min(longestPause, 2 ** attempt))
        const before = this.#version
        await this.#catchUp()
        if (this.#version === before) throw error  // it was the scope of one of the parts
      }
    }
  }

  /** commit stores a change in one atom, and follows it in memory. @throws MlsError `STORE_CONFLICT`, of fault `storage` */
  async #commit<T>({ changes, parts = [], groups = [], forgotten = [], latest = false, apply }: ClientChange<T>): Promise<T> {
    const raised = latest && this.#format < format
    const own = packBatch([
      ...(raised ? [this.#header(true)] : []),
      ...groups.map(groupRow),
      ...forgotten.map((handle): RowChange => ({ kind: 'delete', key: join([Uint8Array.of(tags.group), handle]) })),
    ])
    const batches = [...changes, own].filter((batch) => batch.length > 0)
    const lookedUp = await findRows(batches, isLookedUp)
    const part = { scope: this.scope, expect: { [version]: this.#version }, advance: [version], changes: batches }
    const revisions = await commitAtom(this.#store, [part, ...parts])
    this.#version += 1n
    if (raised) this.#format = format
    this.#memory.take(lookedUp)
    if (revisions[0] === this.#revision + 1n) this.#revision += 1n
    return apply?.(revisions) as T
  }

  /** catchUp reads what other processes have changed. */
  async #catchUp(): Promise<void> {
    if (this.#stale) return this.#reload()
    const rows = new native.Rows()
    const deleted: Uint8Array[] = []
    const slices: Uint8Array[] = []
    let whole = false
    let read = false
    const loaded = await loadScope(this.#store, this.scope, (batch, slice) => {
      whole ||= slice.whole
      const puts: RowChange[] = []
      for (const change of rowChanges(batch)) {
        const [tag = 0] = change.key
        if (change.kind === 'put' && tag === tags.header) this.#format = formatOf(change.value)
        if (change.kind === 'delete-prefix') whole = true
        else if (tag >= firstOwnTag || tag === pskTag) continue
        else if (change.kind === 'put') puts.push(change)
        else if (tag === keyPackageTag) deleted.push(cloneOf(change.key.subarray(1)))
      }
      slices.push(batch)
      read ||= puts.length > 0 || deleted.length > 0
      rows.add(packBatch(puts))
    }, this.#revision)
    if (!loaded || whole) return this.#reload()
    this.#version = loaded.versions[version] ?? 0n
    this.#revision = loaded.revision
    this.#memory.take(await findRows(slices, isLookedUp))
    if (!read) return
    this.#stale = true
    try {
      this.keys.deleteKeyPackages(deleted)
      const state = await this.keys.load(rows)
      this.#stale = false
      await this.loaded(state)
    } catch (error) {
      throw advised(error)
    }
  }

  async #reload(): Promise<void> {
    void this.keys  // of a closed client nothing is read again
    this.#stale = true
    const { state } = await this.#load()
    this.#stale = false
    await this.loaded(state)
  }

  async #load(): Promise<Contents> {
    try {
      return await this.#loadRows()
    } catch (error) {
      throw advised(error)
    }
  }

  /** `again` says that the scope was not there a moment ago, but a group of it was. */
  async #loadRows(again = false): Promise<Contents> {
    const memory = new ScopeMemory()
    const rows = new native.Rows()
    let header: Uint8Array | null = null
    const stored: StoredKey = {}
    const loaded = await loadScope(this.#store, this.scope, (batch) => {
      const groups = selectRows(batch, (tag) => tag === tags.group)
      memory.groups.load(groups)
      if (groups === batch) return  // as nearly all slices are, where there are many
      const rest = selectRows(batch, (tag) => tag !== tags.group)
      for (const change of rowChanges(rest, isOwn)) {
        if (change.kind !== 'put') continue
        const [tag = 0] = change.key
        if (tag === tags.header) header = cloneOf(change.value)
        else noteKey(stored, tag, change.value)
      }
      memory.take(rowChanges(rest, isLookedUp))
      rows.add(selectRows(rest, (tag) => !isOwn(tag)))
    })
    this.#memory = memory
    this.#version = loaded?.versions[version] ?? 0n
    this.#revision = loaded?.revision ?? 0n
    if (loaded) await this.#takeKey(header, stored)
    else if (await this.#hasGroups()) {
      // Groups come after the scope of their client: another process has begun it just now, or it was lost.
      if (again) throw new MlsError('STORAGE_DAMAGED')
      return this.#loadRows(true)
    // Another process began the same client just now: what it wrote holds.
    } else if (!await this.#begin()) return this.#loadRows()
    return this.#read(rows)
  }

  /** hasGroups asks the store, not the list of groups. */
  async #hasGroups(): Promise<boolean> {
    for await (const _ of listScopes(this.#store, this.groupScope(nothing))) return true
    return false
  }

  async #read(rows: InstanceType<typeof native.Rows>): Promise<Contents> {
    const keys = new native.Client({ scope: this.scope, sealingKey: this.#sealingKey as Uint8Array })
    try {
      const state = await keys.load(rows)
      // Both rows of a signer were written together: whoever makes up for one that is not found signs with another key.
      const { suites } = state
      if (suites.length !== this.#memory.signers.size || suites.some((suite) => !this.signerDigest(suite))) {
        throw new MlsError('STORAGE_DAMAGED')
      }
      this.#keys = keys
      return { keys, state }
    } catch (error) {
      keys.close()
      throw error
    }
  }

  async #takeKey(header: Uint8Array | null, stored: StoredKey): Promise<void> {
    if (!header) throw new MlsError('STORAGE_DAMAGED')
    this.#format = formatOf(header)
    let wrong: unknown
    for (const encryptionKey of [this.#encryptionKey, ...this.#inDoubt]) {
      try {
        const former = this.#sealingKey
        this.#sealingKey = await openStored(stored, encryptionKey, this.scope)
        this.#keepOnly(encryptionKey)
        if (former !== this.#sealingKey && former !== encryptionKey) wipe(former)
        return
      } catch (error) {
        if (!isMlsError(error, 'WRONG_ENCRYPTION_KEY')) throw error
        wrong ??= error
      }
    }
    throw wrong
  }

  /** keepOnly takes the caller's key that protects the sealing key now, and wipes the others. An early client's are one and the same. */
  #keepOnly(encryptionKey: EncryptionKey | null): void {
    wipe(...[this.#encryptionKey, ...this.#inDoubt].filter((key) => key !== encryptionKey && key !== this.#sealingKey))
    this.#encryptionKey = encryptionKey
    this.#inDoubt.clear()
  }

  /** The number of the format; what an earlier one can read as well keeps its number. */
  #header(latest = this.#format === format, encryptionKey = this.#encryptionKey): RowChange {
    const number = latest ? format : encryptionKey ? formatTwo : formatOne
    return put(tags.header, nothing, Uint8Array.of(number >> 8, number & 0xff))
  }

  /** begin writes the first rows of a client that the store has not seen; false when another process did. */
  async #begin(): Promise<boolean> {
    const key = randomSecret(32)
    const changes = [this.#header(), ...await storedForm(key, this.#encryptionKey, this.scope)]
    const part = { scope: this.scope, expect: { [version]: 0n }, advance: [version], changes: [packBatch(changes)] }
    try {
      const [revision] = await commitAtom(this.#store, [part])
      this.#revision = revision ?? 0n
    } catch (error) {
      if (isMlsError(error, 'STORE_CONFLICT')) return false
      throw error
    }
    this.#version = 1n
    this.#sealingKey = key
    return true
  }
}

/** formatOf reads a header. @throws MlsError `STORAGE_DAMAGED`, `STORAGE_VERSION` */
function formatOf(header: Uint8Array): number {
  if (header.length < 2) throw new MlsError('STORAGE_DAMAGED')
  const number = viewOf(header).readUInt16BE(0)
  if (number > format) throw advised(new MlsError('STORAGE_VERSION'))
  return number
}
