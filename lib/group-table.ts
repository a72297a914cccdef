// The groups of a client: which there are, which are loaded, and how one is added or ends.
//
// A handle is one group as this client has it; a group id may have several, a removed past and a re-joined present,
// but only one that is active (RFC 9420 §12.4.3.1).
import { toHex } from './bytes'
import type { ClientScope, GroupEntry, GroupStatus } from './client-scope'
import { MlsError } from './errors'
import { Group } from './group'
import type { GroupOwner } from './group-owner'
import { loadGroup } from './group-strand'
import type { NativeClient, NativeOpened } from './native'
import { GroupVersions } from './versions'

/** Adoption: what goes into the atom that adds a group. */
export interface Adoption {
  readonly handle: Uint8Array
  readonly opened: NativeOpened
  readonly status: GroupStatus
  /** Other changes of the client's scope in the same atom. */
  readonly changes?: (keys: NativeClient) => readonly Uint8Array[]
}

const order: readonly GroupStatus[] = ['active', 'joining', 'past']

export class GroupTable {
  readonly #scope: ClientScope
  readonly #owner: GroupOwner
  readonly #loaded = new Map<string, Promise<Group>>()

  constructor(scope: ClientScope, owner: GroupOwner) {
    this.#scope = scope
    this.#owner = owner
  }

  /** entries lists groups, past ones left out. */
  entries(): GroupEntry[] {
    return [...this.#scope.groups()].filter(({ status }) => status !== 'past')
  }

  /** get gives the group of an id, loaded if need be. @throws MlsError `UNKNOWN_GROUP`, of fault `storage` */
  async get(groupId: Uint8Array): Promise<Group> {
    // Another process of this client may have made it.
    if (this.#scope.find(groupId).length === 0) await this.#scope.refresh()
    const [entry] = this.#scope.find(groupId).sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
    if (!entry) throw new MlsError('UNKNOWN_GROUP')
    return this.#load(entry)
  }

  /** all gives every handle of an id. */
  all(groupId: Uint8Array): Promise<Group[]> {
    return Promise.all(this.#scope.find(groupId).map((entry) => this.#load(entry)))
  }

  /** requireNew makes sure that no group of this id is active. @throws MlsError `GROUP_EXISTS` */
  async requireNew(groupId: Uint8Array): Promise<void> {
    for (const entry of this.#scope.find(groupId)) {
      if (entry.status !== 'active') continue
      const group = await this.#load(entry)
      if (group.phase !== 'removed') throw new MlsError('GROUP_EXISTS')
      await this.#setStatus(entry, 'past')
    }
  }

  /** adopt stores a new group together with its entry, and gives its Group. */
  async adopt({ handle, opened, status, changes }: Adoption): Promise<Group> {
    const { group: native, batch, state } = opened
    const scope = this.#scope.groupScope(handle)
    try {
      if (status === 'active') await this.requireNew(state.groupId)
      return await this.#scope.change((keys) => {
        // Again, now that nothing comes between: two joins of one group may be under way.
        const exists = this.#scope.find(state.groupId).some((one) => one.status === 'active')
        if (status === 'active' && exists) throw new MlsError('GROUP_EXISTS')
        const versions = new GroupVersions({})
        const part = versions.part(scope, [batch])
        const apply = (): Group => {
          versions.advanced(part)
          const group = new Group(this.#owner, scope, native, state, versions)
          this.#loaded.set(toHex(handle), Promise.resolve(group))
          return group
        }
        return {
          changes: changes?.(keys) ?? [], parts: [part], groups: [{ handle, groupId: state.groupId, status }], apply,
        }
      })
    } catch (error) {
      native.close()
      throw error
    }
  }

  /** activate makes a joined group the active one of its id, and what was active before a past one. */
  async activate(group: Group): Promise<void> {
    const entry = this.#entryOf(group)
    const former = this.#scope.find(entry.groupId).filter((one) => one.status === 'active' && one !== entry)
    const past = former.map((one) => ({ ...one, status: 'past' }) as const)
    await this.#scope.change(() => ({ changes: [], groups: [...past, { ...entry, status: 'active' }] }))
    for (const one of former) await (await this.#loaded.get(toHex(one.handle)))?.close()
  }

  /** ended notes that a group was removed, or closed. */
  ended(group: Group, how: 'removed' | 'closed'): void {
    if (how === 'closed') return void this.#loaded.delete(handleOf(group))
    // When this fails, requireNew finds out from the group itself.
    this.#setStatus(this.#entryOf(group), 'past').catch(() => {})
  }

  /** erase deletes a group's rows and its entry. */
  async erase(group: Group): Promise<void> {
    const { handle } = this.#entryOf(group)
    await this.#scope.change(() => ({ changes: [], forgotten: [handle] }))
    await this.#owner.store.delete(group.scope).catch((cause: unknown) => {
      throw new MlsError('STORE_FAILED', { cause })
    })
  }

  /** close closes all that are loaded. */
  async close(): Promise<void> {
    const groups = await Promise.allSettled(this.#loaded.values())
    await Promise.all(groups.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
  }

  #load(entry: GroupEntry): Promise<Group> {
    const key = toHex(entry.handle)
    const loaded = this.#loaded.get(key)
    // One that is being closed is loaded again, when it has let go.
    if (loaded) return loaded.then((group) => group.closing?.then(() => this.#load(entry)) ?? group)
    const scope = this.#scope.groupScope(entry.handle)
    const loading = loadGroup(this.#owner, scope).then(({ group, state, versions }) =>
      new Group(this.#owner, scope, group, state, versions))
    this.#loaded.set(key, loading)
    loading.catch(() => this.#loaded.delete(key))
    return loading
  }

  #entryOf(group: Group): GroupEntry {
    const key = handleOf(group)
    for (const entry of this.#scope.find(group.id)) if (toHex(entry.handle) === key) return entry
    throw new MlsError('UNKNOWN_GROUP')
  }

  async #setStatus(entry: GroupEntry, status: GroupStatus): Promise<void> {
    await this.#scope.change(() => ({ changes: [], groups: [{ ...entry, status }] }))
  }
}

/** handleOf: a group's scope ends with its handle of 16 bytes. */
const handleOf = (group: Group): string => toHex(group.scope.subarray(-16))
