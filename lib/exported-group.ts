// ExportedGroup: a group on its way to another store.
//
//     exportGroup ──▶ exported ──release──▶ released ──finish──▶ gone          importGroup, with the bytes and the key
//                        └──────cancel──▶ as it was
//
// The rows stay in the store, frozen, until `finish`. Nobody can open the bytes before `release` gives their key, and from
// then on there is no way back: so at no moment two stores could send (RFC 9420 §6.3.1, §9: a generation is used once).
import { cloneOf, empty } from './bytes'
import type { GroupEntry } from './client-rows'
import { MlsError } from './errors'

/** Leaving: what an exported group needs of its client. */
export interface Leaving {
  parts(entry: GroupEntry): AsyncGenerator<Uint8Array, void, undefined>
  release(entry: GroupEntry): Promise<Uint8Array>
  cancel(entry: GroupEntry): Promise<void>
  finish(entry: GroupEntry): Promise<void>
}

export class ExportedGroup {
  readonly #entry: GroupEntry
  readonly #client: Leaving

  /** @internal */
  constructor(client: Leaving, entry: GroupEntry) {
    this.#client = client
    this.#entry = entry
  }

  /** The group id. */
  get id(): Uint8Array {
    return cloneOf(this.#entry.groupId)
  }
  /** 16 random bytes that name this export. */
  get transferId(): Uint8Array {
    return cloneOf(this.#entry.transfer?.id ?? empty)
  }

  /**
   * parts gives the bytes, about 256 KiB at a time, sealed, never a secret in the clear; 202 bytes for each member of a group just made. Called
   * again it writes them anew, with other bytes for the same state; until `finish`.
   * @throws MlsError `GROUP_MOVED` when it was cancelled, `UNKNOWN_GROUP` when finished, of fault `storage`
   */
  parts(): AsyncIterableIterator<Uint8Array> {
    return this.#client.parts(this.#entry)
  }

  /**
   * release gives the key of the bytes, 32 bytes, and is the point of no return: `cancel` is refused from now on. Keep the
   * bytes first. Called again, it gives the same key; until `finish`.
   * @throws MlsError `GROUP_MOVED` when it was cancelled, `UNKNOWN_GROUP` when finished, of fault `storage`
   */
  release(): Promise<Uint8Array> {
    return this.#client.release(this.#entry)
  }

  /**
   * cancel thaws the group: it is here as it was before, and its bytes are of no use to anybody. The Group is had again from
   * `client.group(id)`.
   * @throws MlsError `GROUP_MOVED` after `release`; `UNKNOWN_GROUP` when finished; of fault `storage`
   */
  cancel(): Promise<void> {
    return this.#client.cancel(this.#entry)
  }

  /**
   * finish erases the group here, secrets and all: call it when the import is done.
   * @throws MlsError `MISUSE` before `release`; of fault `storage`
   */
  finish(): Promise<void> {
    return this.#client.finish(this.#entry)
  }
}

/**
 * stillMoving gives the entry as it is now, if it is still that of the same export.
 * @throws MlsError `UNKNOWN_GROUP` when it is gone, `GROUP_MOVED` when it was cancelled
 */
export function stillMoving(then: GroupEntry, now: GroupEntry | undefined): GroupEntry & Required<Pick<GroupEntry, 'transfer'>> {
  if (!now) throw new MlsError('UNKNOWN_GROUP')
  const { transfer } = now
  if (!transfer || !then.transfer || Buffer.compare(transfer.id, then.transfer.id) !== 0) throw new MlsError('GROUP_MOVED')
  return { ...now, transfer }
}
