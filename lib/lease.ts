// Leases: one process of a client at a time puts messages into a group.
//
//     scope 03 client-id handle, version `lease`       row 85: holder (16 bytes), until (u64, milliseconds since 1970)
//
// The version is the fencing token: it grows each time the lease goes to another process, and every atom of a holder
// expects it, so one that was paused past its time stores nothing. A lease is renewed by use and runs out by itself;
// then another process takes it. Clocks of the processes should agree to a fraction of the duration.
//
// A second version, `until`, grows with each writing of the row. Who takes the lease from another expects it as well: the other
// may have renewed it since it was read.
import { randomBytes } from 'node:crypto'
import { commitAtom, loadScope } from './atom'
import { packBatch, rowChanges } from './batch'
import { cloneOf, equal, join, viewOf } from './bytes'
import { MlsError, isMlsError } from './errors'
import type { AtomPart, Store, Versions } from './store'

const version = 'lease'
const written = 'until'
const rowKey = Uint8Array.of(0x85)
const holderSize = 16
/** Of a Date, in milliseconds since 1970. */
const lastMoment = 8.64e15

/** LeaseHolder: one open client, and how long its leases last. */
export interface LeaseHolder {
  readonly id: Uint8Array
  /** Milliseconds. */
  readonly duration: number
}
/** newHolder names a client that was opened just now. */
export const newHolder = (duration: number): LeaseHolder => ({ id: new Uint8Array(randomBytes(holderSize)), duration })

/** LeaseInfo: the lease that this process has on a group. */
export interface LeaseInfo {
  /** Grows with each change of holder; for whoever else wants to refuse a holder of the past. */
  readonly token: bigint
  /** Milliseconds since 1970. */
  readonly until: number
}

/** leaseScope: 03 instead of 02, and the same behind it. */
export function leaseScope(groupScope: Uint8Array): Uint8Array {
  const scope = cloneOf(groupScope)
  scope[0] = 3
  return scope
}

interface LeaseRow {
  readonly versions: Versions
  readonly holder: Uint8Array
  readonly until: number
}

export class Lease {
  readonly #store: Store
  readonly #scope: Uint8Array
  readonly #self: Uint8Array
  readonly #duration: number
  #held: LeaseInfo | null = null
  #renewing: Promise<void> | null = null

  /** The lease of the group whose scope this is. */
  constructor(store: Store, groupScope: Uint8Array, { id, duration }: LeaseHolder) {
    this.#store = store
    this.#scope = leaseScope(groupScope)
    this.#self = id
    this.#duration = duration
  }

  /** What this process holds at this moment. */
  get held(): LeaseInfo | null {
    return this.#held && Date.now() < this.#held.until ? this.#held : null
  }

  /**
   * ensure takes the lease, or keeps it, and gives its token: another one than before when somebody else may have had it
   * meanwhile. What is made now is stored under this token (`guard`), whatever becomes of the lease until then.
   * @throws MlsError `LEASE_HELD` while another process has it; `STORE_FAILED`
   */
  async ensure(): Promise<bigint> {
    const held = this.#held
    const remaining = (held?.until ?? 0) - Date.now()
    // Well before the end, so that what is sent now is out before another process may send.
    if (held && remaining > this.#duration / 4) {
      if (remaining <= this.#duration / 2) {
        this.#renewing ??= this.#take().then(() => {}, () => {}).finally(() => (this.#renewing = null))
      }
      return held.token
    }
    await this.#renewing
    return this.#take()
  }

  /** guard gives what an atom expects that was made under `token`; without one, what it does of whoever has the lease. */
  guard(token = this.#held?.token): readonly AtomPart[] {
    return token === undefined ? [] : [{ scope: this.#scope, expect: { [version]: token }, advance: [], changes: [] }]
  }

  /** doubt forgets that the lease is held, after a conflict that may have been about it: the store knows. */
  doubt(): void {
    this.#held = null
  }

  /** release lets another process have it at once. */
  async release(): Promise<void> {
    await this.#renewing
    const { held } = this
    this.#held = null
    if (!held) return
    try {
      await this.#write({ [version]: held.token }, 0, [written])
    } catch (error) {
      if (!isMlsError(error, 'STORE_CONFLICT')) throw error
    }
  }

  async #take(): Promise<bigint> {
    for (;;) {
      const row = await this.#read()
      const now = Date.now()
      const until = now + this.#duration
      const mine = equal(row.holder, this.#self)
      if (!mine && row.until > now) {
        this.#held = null
        throw new MlsError('LEASE_HELD', { cause: new Error(`another process has the lease until ${new Date(row.until).toISOString()}`) })
      }
      try {
        const { [version]: before = 0n, [written]: writes = 0n } = row.versions
        if (mine) await this.#write({ [version]: before }, until, [written])
        else await this.#write({ [version]: before, [written]: writes }, until, [version, written])
        const token = mine ? before : before + 1n
        this.#held = { token, until }
        return token
      } catch (error) {
        if (!isMlsError(error, 'STORE_CONFLICT')) throw error
      }
    }
  }

  async #write(expect: Versions, until: number, advance: readonly string[]): Promise<void> {
    const value = join([this.#self, new Uint8Array(8)])
    viewOf(value).writeBigUInt64BE(BigInt(until), holderSize)
    const changes = [packBatch([{ kind: 'put', key: rowKey, value }])]
    await commitAtom(this.#store, [{ scope: this.#scope, expect, advance, changes }])
  }

  async #read(): Promise<LeaseRow> {
    let row: Omit<LeaseRow, 'versions'> = { holder: new Uint8Array(holderSize), until: 0 }
    const loaded = await loadScope(this.#store, this.#scope, (batch) => {
      for (const change of rowChanges(batch)) {
        if (change.kind !== 'put' || change.value.length !== holderSize + 8) throw new MlsError('STORAGE_DAMAGED')
        const until = Number(viewOf(change.value).readBigUInt64BE(holderSize))
        if (until > lastMoment) throw new MlsError('STORAGE_DAMAGED')
        row = { holder: cloneOf(change.value.subarray(0, holderSize)), until }
      }
    })
    return { ...row, versions: loaded?.versions ?? {} }
  }
}
