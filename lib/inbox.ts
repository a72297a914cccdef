// The inbox: what a client received and has not acknowledged, kept in its store (`durableEvents`).
//
//     scope 04 client-id handle, without versions      row 10 id: the event, sealed under the group's key
//
// The addon puts an event's row into the batch of the step that received it. Here it goes, in the same atom, to a scope
// beside the group's: so a client finds what waits without loading its groups, and to acknowledge is to delete a row,
// which is no conflict for anybody.
import { commitAtom, listScopes, loadScope } from './atom'
import { packBatch, rowChanges, type RowChange } from './batch'
import { cloneOf, join, toHex } from './bytes'
import { fromNative } from './errors'
import { native, type NativeClient, type NativeStepResult } from './native'
import type { Acknowledge, DurableEvent, ReceivedCommit, ReceivedMessage, ReceivedProposal } from './received'
import type { AtomPart, Store } from './store'
import { Welcomes } from './welcomes'

const tag = 0x10

/** inboxScope: 04 instead of 02, and the same behind it. */
export function inboxScope(groupScope: Uint8Array): Uint8Array {
  const scope = cloneOf(groupScope)
  scope[0] = 4
  return scope
}

const rowKey = (id: Uint8Array): Uint8Array => join([Uint8Array.of(tag), id])

/** splitInbox takes the rows of events out of a step's batches: what remains is the group's. */
export function splitInbox(changes: readonly Uint8Array[]): { readonly group: Uint8Array[]; readonly inbox: Uint8Array[] } {
  const group: RowChange[][] = []
  const inbox: RowChange[] = []
  for (const batch of changes) {
    const own: RowChange[] = []
    for (const change of rowChanges(batch)) {
      if (change.kind === 'put' && change.key[0] === tag) inbox.push(change)
      else own.push(change)
    }
    group.push(own)
  }
  if (inbox.length === 0) return { group: [...changes], inbox: [] }
  return { group: group.filter((own) => own.length > 0).map(packBatch), inbox: [packBatch(inbox)] }
}

/** SavedResult: a result that is an event. */
export type SavedResult = Extract<NativeStepResult, { readonly kind: 'message' | 'proposal' | 'commit' }>

/** Waiting: an acknowledgement that is not stored yet. */
interface Waiting {
  readonly scope: Uint8Array
  readonly id: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** eventOf makes what listeners are told of a step's result that was saved, or of one that was found saved. */
export function eventOf(raw: SavedResult, ack: Acknowledge | undefined): ReceivedMessage | ReceivedProposal | ReceivedCommit {
  if (raw.kind === 'message') {
    if (!ack) return raw
    const { kind, sender, epoch, data, authenticatedData } = raw
    return { kind, sender, epoch, data, authenticatedData, ack }
  }
  const more = ack ? { ack } : {}
  if (raw.kind === 'proposal') return { kind: raw.kind, epoch: raw.epoch, ...raw.proposal, ...more }
  const { commit, welcomes, recipients = [] } = raw
  return { kind: 'commit', ...commit, ...(welcomes ? { welcomes: new Welcomes(welcomes, recipients) } : {}), ...more }
}

/** Inbox of one client. */
export class Inbox {
  readonly #store: Store
  #waiting: Waiting[] = []
  #storing: Promise<void> | null = null

  constructor(store: Store) {
    this.#store = store
  }

  /** acknowledge forgets an event; those of one moment become one atom. @throws MlsError `STORE_FAILED` */
  acknowledge(groupScope: Uint8Array, id: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ scope: inboxScope(groupScope), id, resolve, reject })
      this.#storing ??= this.#storeAll()
    })
  }

  /** settled waits until everything that was acknowledged is stored. */
  async settled(): Promise<void> {
    await this.#storing
  }

  async #storeAll(): Promise<void> {
    await Promise.resolve()  // those of one turn go together
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = []
      try {
        await commitAtom(this.#store, partsOf(waiting))
        for (const { resolve } of waiting) resolve()
      } catch (error) {
        for (const { reject } of waiting) reject(error)
      }
    }
    // In the same turn in which nothing waits: whoever comes next begins anew.
    this.#storing = null
  }

  /**
   * saved gives what waits, group after group, in the order in which it came. `prefix` is what the scopes of the client's
   * groups begin with.
   * @throws MlsError of fault `storage`
   */
  async *saved(prefix: Uint8Array, keys: NativeClient): AsyncGenerator<readonly [groupScope: Uint8Array, event: DurableEvent], void, undefined> {
    for await (const scope of listScopes(this.#store, inboxScope(prefix))) {
      const groupScope = cloneOf(scope)
      groupScope[0] = 2
      const rows = new native.Rows()
      await loadScope(this.#store, scope, (slice) => rows.add(slice))
      for (const raw of await fromNative(keys.openInbox(groupScope, rows)) as readonly SavedResult[]) {
        const { inbox } = raw
        if (inbox === undefined) continue
        yield [groupScope, eventOf(raw, () => this.acknowledge(groupScope, inbox)) as DurableEvent]
      }
    }
  }
}

function partsOf(waiting: readonly Waiting[]): AtomPart[] {
  const scopes = new Map<string, { readonly scope: Uint8Array; readonly deletes: RowChange[] }>()
  for (const { scope, id } of waiting) {
    const entry = scopes.get(toHex(scope)) ?? { scope, deletes: [] }
    scopes.set(toHex(scope), entry)
    entry.deletes.push({ kind: 'delete', key: rowKey(id) })
  }
  return [...scopes.values()].map(({ scope, deletes }) => ({ scope, expect: {}, advance: [], changes: [packBatch(deletes)] }))
}
