// The groups of a client: which there are, which are loaded, and how one is added or ends.
//
// A handle is one group as this client has it; a group id may have several, a removed past and a re-joined present,
// but only one that is active (RFC 9420 §12.4.3.1).
//
// At most so many groups are in memory (`maxLoadedGroups`); the one that was not used for longest goes first, unless it
// is at work. Its Group stays usable and loads itself again: the table finds it as long as somebody holds it or
// listens to it.
import { advised } from './atom'
import { packBatch } from './batch'
import { toHex } from './bytes'
import { Calls } from './calls'
import { nothing, put, removedTag, type GroupEntry, type GroupStatus } from './client-rows'
import type { ClientChange, ClientScope } from './client-scope'
import { MlsError, isMlsError } from './errors'
import { Group } from './group'
import type { GroupOwner } from './group-owner'
import { loadGroup } from './group-strand'
import { inboxScope } from './inbox'
import { leaseScope } from './lease'
import type { NativeClient, NativeOpened } from './native'
import type { AtomPart } from './store'
import { GroupVersions } from './versions'

/** Adoption: what goes into the atom that adds a group. */
export interface Adoption {
  readonly handle: Uint8Array
  readonly opened: NativeOpened
  readonly status: GroupStatus
  /** Other changes in the same atom; what it throws prevents the adoption. */
  readonly more?: (keys: NativeClient) => Partial<Pick<ClientChange<unknown>, 'changes' | 'parts' | 'latest'>>
}

const allRows = packBatch([{ kind: 'delete-prefix', key: nothing }])
const removedRow = packBatch([put(removedTag, nothing, nothing)])
const order: readonly GroupStatus[] = ['active', 'joining', 'exported', 'released', 'past']
/** Whether there must not be another of the same id beside it. */
const isPresent = ({ status, transfer }: GroupEntry): boolean => (transfer?.before ?? status) === 'active'

export class GroupTable {
  readonly #scope: ClientScope
  readonly #owner: GroupOwner
  readonly #limit: number
  /** Groups on their way in: being loaded, or stored for the first time. None comes any more after `close`. */
  readonly #arriving = new Calls()
  readonly #loading = new Map<string, Promise<Group>>()
  /** In memory, the one that was used last at the end. */
  readonly #loaded = new Map<string, Group>()
  /** Not in memory, but perhaps held by somebody. */
  readonly #unloaded = new Map<string, WeakRef<Group>>()
  /** Those with listeners, which nobody else may hold. */
  readonly #listened = new Set<Group>()
  /** Those that were unloaded once: a registration is kept for as long as its Group. */
  readonly #registered = new WeakSet<Group>()
  readonly #collected = new FinalizationRegistry<string>((key) => {
    if (!this.#unloaded.get(key)?.deref()) this.#unloaded.delete(key)
  })

  constructor(scope: ClientScope, owner: GroupOwner, limit: number) {
    this.#scope = scope
    this.#owner = owner
    this.#limit = limit
  }

  /** entries lists groups, past ones left out. */
  *entries(): Generator<GroupEntry, void, undefined> {
    for (const entry of this.#scope.groups()) if (entry.status !== 'past') yield entry
  }

  /** get gives the group of an id, loaded if need be. @throws MlsError `UNKNOWN_GROUP`, of fault `storage` */
  async get(groupId: Uint8Array): Promise<Group> {
    return this.load(await this.find(groupId))
  }

  /** find gives the entry of an id, of several the one that counts. @throws MlsError `UNKNOWN_GROUP`, of fault `storage` */
  async find(groupId: Uint8Array): Promise<GroupEntry> {
    // Another process of this client may have made it, or have it back.
    if (this.#scope.find(groupId).every(({ transfer }) => transfer)) await this.#scope.refresh()
    const [entry] = this.#scope.find(groupId).sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
    if (!entry) throw new MlsError('UNKNOWN_GROUP')
    return entry
  }

  /** ofScope gives the group with this scope, or null when we are no longer a member. */
  async ofScope(groupScope: Uint8Array): Promise<Group | null> {
    const entry = this.#scope.entryOf(groupScope)
    if (!entry || entry.status === 'past' || entry.transfer) return null
    return this.#loadIfThere(entry)
  }

  /** all gives every handle of an id that has a group; of a past one nothing is left. */
  async all(groupId: Uint8Array): Promise<Group[]> {
    const entries = this.#scope.find(groupId).filter(({ status, transfer }) => status !== 'past' && !transfer)
    const groups = await Promise.all(entries.map((entry) => this.#loadIfThere(entry)))
    return groups.flatMap((group) => group ?? [])
  }

  /** requireNew makes sure that no group of this id is active. @throws MlsError `GROUP_EXISTS` */
  async requireNew(groupId: Uint8Array): Promise<void> {
    for (const entry of this.#scope.find(groupId)) {
      if (!isPresent(entry)) continue
      if (entry.transfer) throw new MlsError('GROUP_EXISTS')
      const group = await this.#loadIfThere(entry)
      if (group && group.phase !== 'removed') throw new MlsError('GROUP_EXISTS')
      await this.#setStatus(entry, 'past')
    }
  }

  /** adopt stores a new group together with its entry, and gives its Group. @throws MlsError `CLOSED`, `GROUP_EXISTS` */
  async adopt(adoption: Adoption): Promise<Group> {
    const { opened: { group, state }, status } = adoption
    try {
      return await this.#arriving.run(async () => {
        if (status === 'active') await this.requireNew(state.groupId)
        return this.#scope.change((keys) => this.#adopted(adoption, keys))
      })
    } catch (error) {
      group.close()
      throw error
    }
  }

  #adopted({ handle, opened: { group: native, batch, state }, status, more }: Adoption, keys: NativeClient): ClientChange<Group> {
    // Again, now that nothing comes between: two joins of one group may be under way.
    const exists = this.#scope.find(state.groupId).some(isPresent)
    if (status === 'active' && exists) throw new MlsError('GROUP_EXISTS')
    const scope = this.#scope.groupScope(handle)
    const versions = new GroupVersions({})
    const part = versions.part(scope, [batch])
    const apply = ([, revision]: readonly bigint[]): Group => {
      versions.advanced(part)
      const group = new Group(this.#owner, scope, native, state, { versions, revision })
      this.used(group)
      return group
    }
    const { changes = [], parts = [], latest = false } = more?.(keys) ?? {}
    return { changes, parts: [part, ...parts], groups: [{ handle, groupId: state.groupId, status }], latest, apply }
  }

  /**
   * activate makes a joined group the active one of its id, and what was active before a past one, in one atom with
   * `parts`. It gives the revisions of these, and what of the former is in memory.
   *
   * Of the former nothing is kept but its entry, and a row that says so, as of who was removed: nobody would delete its past
   * epochs any more (RFC 9420 §9.2). Its versions stay, so that another process that has it open is told; so does what waits in its inbox.
   */
  async activate(group: Group, parts: readonly AtomPart[]): Promise<{ revisions: readonly bigint[]; former: Group[] }> {
    const { former, revisions } = await this.#scope.change(() => {
      const entry = this.#entryOf(group)
      const replaced = this.#scope.find(entry.groupId).filter((one) => one.status === 'active' && !isSame(one, entry))
      const past = replaced.map((one) => ({ ...one, status: 'past' }) as const)
      const erased = replaced.map(({ handle }): AtomPart =>
        ({ scope: this.#scope.groupScope(handle), expect: {}, advance: ['epoch'], changes: [allRows, removedRow] }))
      const apply = (all: readonly bigint[]) => ({ former: replaced, revisions: all.slice(1, 1 + parts.length) })
      return { changes: [], parts: [...parts, ...erased], groups: [...past, { ...entry, status: 'active' as const }], apply }
    })
    const present = await Promise.all(former.map(async ({ handle }) => this.#presentOf(toHex(handle))))
    return { revisions, former: present.flatMap((one) => one ?? []) }
  }

  /** used notes that a group is in memory and in use. */
  used(group: Group): void {
    const key = handleOf(group)
    if (group.phase === 'removed' && this.#unloaded.has(key)) return  // it comes into memory no more
    this.#unloaded.delete(key)
    this.#loaded.delete(key)
    this.#loaded.set(key, group)
    if (this.#loaded.size > this.#limit) this.#unload(group)
  }

  /** listened notes whether a group has listeners. */
  listened(group: Group): void {
    if (group.isHeard) this.#listened.add(group)
    else this.#listened.delete(group)
  }

  /** ended notes that a group was removed, or closed. */
  ended(group: Group, how: 'removed' | 'closed'): void {
    this.#listened.delete(group)
    if (how === 'closed') {
      this.#loaded.delete(handleOf(group))
      this.#unloaded.delete(handleOf(group))
      return
    }
    const note = async (): Promise<void> => this.#setStatus(this.#entryOf(group), 'past')
    // When this fails, requireNew finds out from the group itself. Another process may have deleted it.
    note().catch(() => {})
  }

  /** erase deletes a group's rows and its entry. */
  erase(group: Group): Promise<void> {
    return this.eraseScope(group.scope, () => this.#entryOf(group))
  }

  /** eraseScope does so, of the entry that `entryOf` gives when nothing comes between. */
  async eraseScope(groupScope: Uint8Array, entryOf: () => GroupEntry): Promise<void> {
    const scopes = [groupScope, leaseScope(groupScope), inboxScope(groupScope)]
    // In one atom, so that no secret stays of a group that nobody knows any more; and no other process adds to it.
    const parts = scopes.map((scope, i) => ({ scope, expect: {}, advance: i === 0 ? ['epoch'] : [], changes: [allRows] }))
    await this.#scope.change(() => ({ changes: [], parts, forgotten: [entryOf().handle] }))
    // What is left are versions; they do not matter.
    await Promise.allSettled(scopes.map(async (scope) => this.#owner.store.delete(scope)))
  }

  /** close waits for `calls` and closes all groups, those too that come meanwhile. No other comes after it. */
  async close(calls: Calls): Promise<void> {
    for (;;) {
      await calls.settled()
      await this.#arriving.settled()
      const groups = this.#present()
      if (groups.length === 0 && calls.size === 0 && this.#arriving.size === 0) return this.#arriving.close()
      await Promise.all(groups.map((group) => group.close()))
    }
  }

  /** askers gives what owns the holds of the groups' questions. A group that asks is in memory. */
  *askers(): Generator<object, void, undefined> {
    for (const { asker } of this.#loaded.values()) yield asker
  }

  /** present gives those that are loaded or held by somebody. */
  #present(): Group[] {
    return [...this.#loaded.values(), ...[...this.#unloaded.values()].flatMap((reference) => reference.deref() ?? [])]
  }

  /** presentOf gives a group that is loaded or held by somebody. */
  #presentOf(key: string): Promise<Group> | Group | undefined {
    return this.#loaded.get(key) ?? this.#unloaded.get(key)?.deref() ?? this.#loading.get(key)
  }

  /** load gives the group of an entry. @throws MlsError `GROUP_MOVED`, `REMOVED`, `CLOSED`, of fault `storage` */
  async load(entry: GroupEntry): Promise<Group> {
    if (entry.transfer) throw new MlsError('GROUP_MOVED')
    const key = toHex(entry.handle)
    const present = await this.#presentOf(key)
    if (present?.closing) {
      await present.close()  // and then it is loaded again
      return this.load(entry)
    }
    if (present) return present
    const before = this.#loading.get(key)
    if (before) return before
    const scope = this.#scope.groupScope(entry.handle)
    const loading = this.#arriving.run(() => this.#read(entry, scope)).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    // Another process read of our removal, or this one did and could not note it any more.
    loading.catch((error: unknown) => {
      if (isMlsError(error, 'REMOVED')) this.#setStatus(entry, 'past').catch(() => {})
    })
    return loading
  }

  /** read reads the group of an entry from its scope. */
  async #read(entry: GroupEntry, scope: Uint8Array): Promise<Group> {
    try {
      const { group, state, ...stored } = await loadGroup(this.#owner, scope)
      if (toHex(state.groupId) !== toHex(entry.groupId)) {
        group.close()
        throw advised(new MlsError('STORAGE_DAMAGED'))
      }
      const made = new Group(this.#owner, scope, group, state, stored)
      this.used(made)
      return made
    } catch (error) {
      if (!isMlsError(error, 'UNKNOWN_GROUP')) throw error
      await this.#scope.refresh()
      const now = this.#scope.entryOf(scope)
      // Who deletes a group takes its entry away in the same atom; of a past one earlier versions left no row.
      if (!now) throw error
      throw now.status === 'past' ? new MlsError('REMOVED') : advised(new MlsError('STORAGE_DAMAGED'))
    }
  }

  /** loadIfThere is load, and null where nothing is left: we were removed, or somebody deleted it. */
  #loadIfThere(entry: GroupEntry): Promise<Group | null> {
    return this.load(entry).catch((error: unknown) => {
      if (isMlsError(error, 'REMOVED', 'UNKNOWN_GROUP')) return null
      throw error
    })
  }

  /** unload lets those go that were not used for longest and are not at work, and never the one that is used now. */
  #unload(used: Group): void {
    for (const [key, group] of this.#loaded) {
      if (this.#loaded.size <= this.#limit) return
      if (group === used || !group.unload()) continue
      this.#loaded.delete(key)
      this.#unloaded.set(key, new WeakRef(group))
      if (this.#registered.has(group)) continue
      this.#registered.add(group)
      this.#collected.register(group, key)
    }
  }

  /** @throws MlsError `UNKNOWN_GROUP`, `GROUP_MOVED` */
  #entryOf(group: Group): GroupEntry {
    const key = handleOf(group)
    const entry = this.#scope.find(group.id).find(({ handle }) => toHex(handle) === key)
    if (!entry) throw new MlsError('UNKNOWN_GROUP')
    if (entry.transfer) throw new MlsError('GROUP_MOVED')
    return entry
  }

  async #setStatus(entry: GroupEntry, status: GroupStatus): Promise<void> {
    await this.#scope.change(() => {
      const now = this.#scope.entryOf(this.#scope.groupScope(entry.handle))
      return { changes: [], groups: now && !now.transfer ? [{ ...now, status }] : [] }
    })
  }
}

const isSame = (one: GroupEntry, other: GroupEntry): boolean => toHex(one.handle) === toHex(other.handle)
/** handleOf: a group's scope ends with its handle of 16 bytes. */
const handleOf = (group: Group): string => toHex(group.scope.subarray(-16))
