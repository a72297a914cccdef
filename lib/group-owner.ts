// What a group needs of its client beyond running its steps: other groups, the list of groups, the client's listeners.
import type { ByteStrings } from './bulk'
import type { Group } from './group'
import type { GroupHome } from './group-strand'
import type { GroupEvent } from './received'
import type { AtomPart } from './store'
import type { Succession, SuccessorOptions } from './successor'

/** GroupOwner: the client of a group. */
export interface GroupOwner extends GroupHome {
  /** Milliseconds that a staged commit is kept. */
  readonly stagedCommitTimeout: number
  succeed(origin: Group, kind: 'reinit' | 'branch', keyPackages: ByteStrings, options: SuccessorOptions): Promise<Succession>
  /** The external commit of a group was taken: `parts` are stored with that, and `former` are the groups that it replaces. */
  confirmed(group: Group, parts: readonly AtomPart[]): Promise<{ readonly revisions: readonly bigint[]; readonly former: readonly Group[] }>
  /** A group was removed from its group, or closed. */
  ended(group: Group, how: 'removed' | 'closed'): void
  deleted(group: Group): Promise<void>
  /** A group is used, and therefore in memory. */
  used(group: Group): void
  /** Somebody listens to a group. */
  listened(group: Group): void
  emit(group: Group, event: GroupEvent): void
}
