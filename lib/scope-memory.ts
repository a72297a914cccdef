// What of a client's scope is looked up without the addon: its groups, sealed PSKs, digests of signers, transfers.
import { Records, type RowChange } from './batch'
import { cloneOf, toHex, viewOf } from './bytes'
import { entryOf, isPlain, pskTag, tags, type GroupEntry } from './client-rows'
import { MlsError } from './errors'

/** Where the row of an entry begins, counted over all batches; or the entry, when it was set since. */
type Place = number | GroupEntry
/** Bytes of a put before its key, and between its key and its value. */
const beforeKey = 5
const beforeValue = 4

const nameOf = (bytes: Uint8Array): string => viewOf(bytes).toString('latin1')

/**
 * GroupIndex finds groups by handle and by group id. There may be very many, so an entry that was loaded stays as it was
 * stored, a place in its batch, and is read when somebody asks.
 */
class GroupIndex {
  readonly #batches: { readonly start: number; readonly rows: Buffer }[] = []
  #end = 0
  readonly #places = new Map<string, Place>()
  /** Handles by group id. Nearly every id has one alone, and a list for each would be most of the memory. */
  readonly #handles = new Map<string, string | readonly string[]>()

  /** load takes a batch of groups' rows, which it keeps. @throws MlsError `STORAGE_DAMAGED` */
  load(batch: Uint8Array): void {
    if (batch.length === 0) return
    const rows = viewOf(batch)
    // Names are parts of one string, which costs less than a string for each.
    const text = rows.toString('latin1')
    const start = this.#end
    this.#batches.push({ start, rows })
    this.#end += rows.length
    const records = new Records(batch)
    while (records.next()) {
      const [key, keyEnd] = records.key
      const value = keyEnd + beforeValue
      // The few that move are read now; and so what does not decode is said now. A whole scope has puts alone.
      if (!isPlain(rows, records.key, value, records.end)) {
        this.set(rows.subarray(key + 1, keyEnd), entryOf(rows.subarray(key, keyEnd), rows.subarray(value, records.end)))
        continue
      }
      const handle = text.slice(key + 1, keyEnd)
      if (this.#places.has(handle)) this.#drop(handle)
      this.#places.set(handle, start + records.from)
      this.#add(text.slice(value + 1, records.end), handle)
    }
  }

  /** set takes an entry instead of what the handle had before, or none. */
  set(handle: Uint8Array, entry: GroupEntry | null): void {
    const name = nameOf(handle)
    this.#drop(name)
    if (!entry) return
    this.#places.set(name, entry)
    this.#add(nameOf(entry.groupId), name)
  }

  /** get gives the entry of a handle. */
  get(handle: Uint8Array): GroupEntry | undefined {
    return this.#get(nameOf(handle))
  }

  /** find gives the entries of a group id: it may have a past and a present. */
  find(groupId: Uint8Array): GroupEntry[] {
    const found = this.#handles.get(nameOf(groupId)) ?? []
    return (typeof found === 'string' ? [found] : found).flatMap((name) => this.#get(name) ?? [])
  }

  *entries(): Generator<GroupEntry, void, undefined> {
    for (const place of this.#places.values()) yield this.#read(place)
  }

  #get(name: string): GroupEntry | undefined {
    const place = this.#places.get(name)
    return place === undefined ? undefined : this.#read(place)
  }

  #read(place: Place): GroupEntry {
    if (typeof place !== 'number') return place
    const batch = this.#batches.findLast(({ start }) => start <= place)
    if (!batch) throw new MlsError('INTERNAL')
    const at = place - batch.start
    const keyEnd = at + beforeKey + batch.rows.readUInt32BE(at + 1)
    const value = keyEnd + beforeValue
    return entryOf(batch.rows.subarray(at + beforeKey, keyEnd), batch.rows.subarray(value, value + batch.rows.readUInt32BE(keyEnd)))
  }

  #add(id: string, handle: string): void {
    const others = this.#handles.get(id)
    this.#handles.set(id, others === undefined ? handle : [...(typeof others === 'string' ? [others] : others), handle])
  }

  #drop(handle: string): void {
    const former = this.#get(handle)
    if (!former) return
    this.#places.delete(handle)
    const id = nameOf(former.groupId)
    const found = this.#handles.get(id) ?? []
    const [first, ...more] = (typeof found === 'string' ? [found] : found).filter((one) => one !== handle)
    if (first === undefined) this.#handles.delete(id)
    else this.#handles.set(id, more.length > 0 ? [first, ...more] : first)
  }
}

/** ScopeMemory is what is looked up: groups, sealed PSKs, digests of signers. */
export class ScopeMemory {
  readonly groups = new GroupIndex()
  readonly psks = new Map<string, Uint8Array>()
  readonly signers = new Map<string, string>()
  /** Handles by the transfers that were used up. */
  readonly transfers = new Map<string, Uint8Array>()

  /** take follows changes that are looked up. */
  take(changes: Iterable<RowChange>): void {
    for (const change of changes) {
      const [tag = 0] = change.key
      const value = change.kind === 'put' ? change.value : null
      if (tag === pskTag) {
        if (value) this.psks.set(toHex(change.key), cloneOf(value))
        else this.psks.delete(toHex(change.key))
      } else if (tag === tags.signer && value) {
        this.signers.set(toHex(change.key), toHex(value))
      } else if (tag === tags.transfer && value) {
        this.transfers.set(toHex(change.key), cloneOf(value))
      } else if (tag === tags.group) {
        this.groups.set(cloneOf(change.key.subarray(1)), value ? entryOf(change.key, value) : null)
      }
    }
  }
}
