// The candidates of a group: an object for each commit of ours that was neither accepted nor rejected.
import { equal } from './bytes'
import { PendingCommit, type CommitHome } from './commit'
import type { NativePending } from './native'

export class Candidates {
  readonly #home: CommitHome
  readonly #commits = new Map<bigint, PendingCommit>()

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

  /** note has an object for each candidate, also for those that were found in the store. */
  note(pending: readonly NativePending[]): void {
    for (const { id, message } of pending) {
      const known = this.#commits.get(id)
      if (known && equal(known.message, message)) continue
      known?.supersede()  // another process gave the number to a commit of its own
      this.add(id, message, 'inside')
    }
  }

  list(pending: readonly NativePending[]): PendingCommit[] {
    return pending.flatMap(({ id }) => this.#commits.get(id) ?? [])
  }

  find(message: Uint8Array): PendingCommit | undefined {
    return [...this.#commits.values()].find((commit) => equal(commit.message, message))
  }

  delete(id: bigint): void {
    this.#commits.delete(id)
  }

  /** sweep forgets those that are no longer there, and gives the ids of those that another commit superseded. */
  sweep(pending: readonly NativePending[]): bigint[] {
    const present = new Set(pending.map(({ id }) => id))
    const gone = [...this.#commits.values()].filter(({ id }) => !present.has(id))
    for (const { id } of gone) this.#commits.delete(id)
    return gone.filter((commit) => commit.supersede()).map(({ id }) => id)
  }
}
