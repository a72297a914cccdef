// Versions of a group's scope (docs/store-format.md): which of them a step expects, and which it advances.
//
//     rows of a step              version that it advances
//     07, 08 epoch leaf …         ratchets/<leaf mod 16>     sender ratchets (RFC 9420 §9.1)
//     06 epoch leaf               secrets                    what is left of a secret tree (§9.2)
//     any other                   epoch
//
// A step expects what it advances, and always `epoch`. So a message that one process receives or sends is no conflict
// for another that works with another sender's messages, and every step hears of a new epoch.
import { rowChanges } from './batch'
import { toHex, viewOf } from './bytes'
import { MlsError } from './errors'
import type { AtomPart, Versions } from './store'

const lanes = 16
const secretTreeTag = 6
const ratchetTags: ReadonlySet<number> = new Set([7, 8])
/** Of the leaf index in a ratchet's key: behind the tag and the epoch. */
const leafAt = 9
const names = ['epoch', 'secrets', ...Array.from({ length: lanes }, (_, lane) => `ratchets/${lane}`)]

/** versionOf gives the place in `names` of the version to which a row belongs; its key is at `at` of the batch. */
function versionOf(view: Buffer, at: number, length: number): number {
  const tag = length > 0 ? view.readUInt8(at) : 0
  if (tag === secretTreeTag) return 1
  // A prefix that names no leaf is the end of an epoch.
  if (ratchetTags.has(tag) && length >= leafAt + 4) return 2 + (view.readUInt32BE(at + leafAt) % lanes)
  return 0
}

/** touchedBy gives the versions to which the rows of batches belong. @throws MlsError `STORAGE_DAMAGED` */
export function touchedBy(changes: readonly Uint8Array[]): string[] {
  const found = new Set<number>()
  for (const batch of changes) {
    const view = viewOf(batch)
    for (let at = 0; at < view.length;) {
      if (at + 5 > view.length) throw new MlsError('STORAGE_DAMAGED')
      const isPut = view.readUInt8(at) === 2
      const length = view.readUInt32BE(at + 1)
      const end = at + 5 + length
      if (end + (isPut ? 4 : 0) > view.length) throw new MlsError('STORAGE_DAMAGED')
      found.add(versionOf(view, at + 5, length))
      at = isPut ? end + 4 + view.readUInt32BE(end) : end
    }
  }
  return [...found].sort((a, b) => a - b).map((place) => names[place] as string)
}

/** keysOf gives the keys, and the prefixes of keys, that batches put or delete, each once. */
export function keysOf(changes: readonly Uint8Array[]): Uint8Array[] {
  const keys = new Map<string, Uint8Array>()
  for (const batch of changes) for (const { key } of rowChanges(batch)) keys.set(toHex(key), key)
  return [...keys.values()]
}

/** GroupVersions: what the versions of a group's scope were when it was last loaded or stored. */
export class GroupVersions {
  readonly #known: Map<string, bigint>

  constructor(known: Versions) {
    this.#known = new Map(Object.entries(known))
  }

  /** part makes the atom part of a step that changes these rows. */
  part(scope: Uint8Array, changes: readonly Uint8Array[]): AtomPart {
    const advance = touchedBy(changes)
    const expect = Object.fromEntries(['epoch', ...advance].map((name) => [name, this.#known.get(name) ?? 0n]))
    return { scope, expect, advance, changes }
  }

  /** differ says whether any is another now. */
  differ(stored: Versions): boolean {
    return Object.entries(stored).some(([name, version]) => this.#known.get(name) !== version)
  }

  /** advanced notes that a part was stored. */
  advanced({ advance }: AtomPart): void {
    for (const name of advance) this.#known.set(name, (this.#known.get(name) ?? 0n) + 1n)
  }
}
