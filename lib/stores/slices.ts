// What the stores that keep rows in a database share: slices on their way out, and prefixes as ranges of keys.
import { packBatch, rowChanges, type RowChange } from '../batch'
import { cloneOf } from '../bytes'
import type { AtomPart, Slice, Versions } from '../store'

export const sliceSize = 1 << 20

/** What the slices of one load have in common. */
export interface SliceHead {
  readonly revision: bigint
  readonly versions: Versions
  readonly whole: boolean
}

/** SliceMaker gathers row changes and makes a slice of about each MiB, for `give`. */
export class SliceMaker {
  readonly #head: SliceHead
  readonly #give: (slice: Slice) => void
  #changes: RowChange[] = []
  #size = 0
  #isFirst = true

  constructor(head: SliceHead, give: (slice: Slice) => void) {
    this.#head = head
    this.#give = give
  }

  add(change: RowChange): void {
    this.#changes.push(change)
    this.#size += change.key.length + (change.kind === 'put' ? change.value.length : 0)
    if (this.#size >= sliceSize) this.#cut()
  }

  /** addPacked gives a slice that was made elsewhere, of about `sliceSize`. */
  addPacked(rows: Uint8Array): void {
    if (this.#changes.length > 0) this.#cut()
    this.#isFirst = false
    this.#give({ ...this.#head, rows })
  }

  /** end makes the last slice. A scope without rows has one, too, for its versions. */
  end(): void {
    if (this.#changes.length > 0 || this.#isFirst) this.#cut()
  }

  #cut(): void {
    this.#give({ ...this.#head, rows: packBatch(this.#changes) })
    this.#changes = []
    this.#size = 0
    this.#isFirst = false
  }
}

/** Behind every key and every name of a scope. */
const last = new Uint8Array(256).fill(0xff)

/** prefixEnd gives what comes behind everything that starts with `prefix`, and not behind anything else. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const at = prefix.findLastIndex((byte) => byte !== 0xff)
  if (at < 0) return last
  const end = cloneOf(prefix.subarray(0, at + 1))
  end[at] = (end[at] ?? 0) + 1
  return end
}

/** changesOf gives the changes of a part in the order of their effect. @throws MlsError `STORAGE_DAMAGED` */
export const changesOf = (part: AtomPart): RowChange[] => part.changes.flatMap((batch) => [...rowChanges(batch)])

/**
 * The revision that people see is the number of the scope's life, never used again, above the count of its atoms. So
 * one that a scope had before it was deleted is older than everything in the scope that has its name now.
 */
const countBits = 48n
export const revisionOf = (life: number | bigint, count: number | bigint): bigint =>
  (BigInt(life) << countBits) + BigInt(count)
/** countSince gives the count of atoms that `revision` stands for in this life; below 0 if it is of an earlier one. */
export const countSince = (life: number | bigint, revision: bigint): bigint => revision - (BigInt(life) << countBits)

/** Records of what was deleted that a scope keeps; when there are more, half of them are forgotten. */
export const rememberedDeletes = 256
