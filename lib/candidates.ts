// The candidates of a group: an object for each commit of ours that was neither accepted nor rejected.
import { equal } from './bytes'
import { PendingCommit, type CommitHome } from './commit'
import type { NativePending } from './native'

export class Candidates {
  readonly #home: CommitHome
  readonly #commits = new Map<bigint, PendingCommit>()
  readonly #digests = new Map<bigint, Uint8Array>()

  constructor(home: CommitHome, pending: readonly NativePending[]) {
    this.#home = home
    this.note(pending)
  }

  /** add gives the object of a commit just made; `tree` is where its newcomers find the ratchet tree. */
  add(id: bigint, message: Uint8Array, tree: 'inside' | 'apart'): PendingCommit {
    const commit = new PendingCommit(this.#home, id, message, tree)
    this.#commits.set(id, commit)
    return commit
  }

  /**
   * note follows a state: it has an object for each candidate that was found in the store. One that was made just now
   * comes without its message, and is added next.
   */
  note(pending: readonly NativePending[]): void {
    for (const { id, digest, message } of pending) {
      const known = this.#digests.get(id)
      if (known && equal(known, digest)) continue
      this.#commits.get(id)?.supersede()  // another process gave the number to a commit of its own
      this.#digests.set(id, digest)
      if (message) this.add(id, message, 'inside')
    }
  }

  list(pending: readonly NativePending[]): PendingCommit[] {
    return pending.flatMap(({ id }) => this.#commits.get(id) ?? [])
  }

  get(id: bigint): PendingCommit | undefined {
    return this.#commits.get(id)
  }

  delete(id: bigint): void {
    this.#commits.delete(id)
    this.#digests.delete(id)
  }

  /** sweep forgets those that are no longer there, and gives the ids of those that another commit superseded. */
  sweep(pending: readonly NativePending[]): bigint[] {
    const present = new Set(pending.map(({ id }) => id))
    const gone = [...this.#commits.values()].filter(({ id }) => !present.has(id))
    for (const { id } of gone) this.delete(id)
    return gone.filter((commit) => commit.supersede()).map(({ id }) => id)
  }
}
