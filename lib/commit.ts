// Commits of our own (RFC 9420 §12.4.1, §14): what one is to do, and the candidate until it was accepted or rejected.
import { fillBulk, type ByteStrings } from './bulk'
import { MlsError } from './errors'
import { readExtensions } from './extension'
import type { Extension } from './message'
import { native, type NativeBulk, type NativeCommitOptions, type NativeNewProposal } from './native'
import { Options, readLeafIndex } from './options'
import { readLeafChange, readProposal, readPskRef, readReinit } from './proposal'
import type { LeafChange, NewProposal, PskRef, ReInitOptions } from './proposal'
import { readWatched, type LongWork, type Watched } from './progress'
import type { CommitInfo, Durable } from './received'
import type { Welcomes } from './welcomes'

/** CommitOptions: what a commit does. Without any it commits the cached proposals and makes new keys. */
export interface CommitOptions extends LongWork {
  /** Key packages (MLSMessages or bare) of the members to add. Very many may come packed, or as an iterable. */
  readonly add?: ByteStrings
  /** Leaf indexes of the members to remove. */
  readonly remove?: readonly number[]
  /** What becomes of our own leaf; brings a path with it. */
  readonly update?: LeafChange
  /** PSKs to mix in. */
  readonly psk?: readonly PskRef[]
  /** All extensions that the group has from now on (RFC 9420 §12.1.7). */
  readonly extensions?: readonly Extension[]
  /** Ends this group; `successor()` then makes the one that follows (RFC 9420 §11.2). */
  readonly reinit?: ReInitOptions
  /** Other proposals, custom ones among them. */
  readonly proposals?: readonly NewProposal[]
  /**
   * Whether the cached proposals of this epoch are committed too; default true. Those are left out that fit no list, whose
   * PSK we do not hold, or whose credential is accepted no longer.
   */
  readonly includeProposals?: boolean
  /** Default `always`: new keys for us, which heals a compromise. */
  readonly path?: 'always' | 'when-required'
  /** One Welcome for all who join (default), or one each: small ones for very many. */
  readonly welcomes?: 'one-for-all' | 'one-each'
  /** Whether Welcomes hold the ratchet tree (default), or newcomers get it apart, once for all. */
  readonly tree?: 'inside' | 'apart'
  /** Whether the GroupInfo in Welcomes lets others join externally; default false. */
  readonly externalPub?: boolean
  readonly groupInfoExtensions?: readonly Extension[]
  readonly authenticatedData?: Uint8Array
}

const names = [
  'add', 'remove', 'update', 'psk', 'extensions', 'reinit', 'proposals', 'includeProposals', 'path', 'welcomes', 'tree',
  'externalPub', 'groupInfoExtensions', 'authenticatedData', 'signal', 'onProgress',
]

/** CommitRequest: options, read and copied; the key packages may still be on their way. */
export interface CommitRequest extends Watched {
  readonly fixed: Omit<NativeCommitOptions, 'add'>
  readonly add: Promise<NativeBulk | null>
}

/** readCommit reads CommitOptions; `suite` is the group's. @throws TypeError @throws RangeError */
export function readCommit(value: unknown, suite: number): CommitRequest {
  const options = new Options('options', value, names)
  const extensions = options.read('extensions', null, readExtensions)
  const reinit = options.read('reinit', null, (what, one) => readReinit(what, one, suite))
  const update = options.read('update', null, readLeafChange)
  const proposals: NativeNewProposal[] = [
    ...options.list('remove', readLeafIndex).map((leafIndex) => ({ type: 'remove', leafIndex }) as const),
    ...options.list('psk', readPskRef),
    ...(extensions ? [{ type: 'group-context-extensions', extensions } as const] : []),
    ...(reinit ? [reinit] : []),
    ...options.list('proposals', (what, one) => readProposal(what, one, suite)),
  ]
  const fixed = {
    proposals,
    includeCached: options.flag('includeProposals', true),
    path: options.oneOf('path', 'always', ['always', 'when-required']),
    welcomes: options.oneOf('welcomes', 'one-for-all', ['one-for-all', 'one-each']),
    tree: options.oneOf('tree', 'inside', ['inside', 'apart']),
    externalPub: options.flag('externalPub', false),
    leaf: update,
    authenticatedData: options.bytes('authenticatedData', new Uint8Array(0)),
    groupInfoExtensions: options.read('groupInfoExtensions', [], readExtensions),
  }
  const watched = readWatched(options)
  // Last, since it starts to copy: everything else has been checked.
  const source = options.get('add')
  const add = source === undefined ? Promise.resolve(null) : fillBulk('options.add', source, new native.Bulk(), watched.signal)
  add.catch(() => {})  // awaited when the commit's turn comes
  return { fixed, add, ...watched }
}

/** AcceptedCommit: what a commit did, and what the members to be are sent now (RFC 9420 §14). */
export interface AcceptedCommit extends Durable {
  readonly commit: CommitInfo
  /** The one Welcome, an MLSMessage; null when nobody joins, or when there are several (`welcomes`). */
  readonly welcome: Uint8Array | null
  readonly welcomes: Welcomes
  /**
   * The ratchet tree for newcomers, when their Welcomes do not hold it. Null also when the commit was accepted by coming
   * back, or found in the store: then `group.tree()` gives it, as long as the group is in that epoch.
   */
  readonly tree: Uint8Array | null
}

/** CommitHome: the group of a candidate. */
export interface CommitHome {
  accept(commit: PendingCommit): Promise<AcceptedCommit>
  reject(commit: PendingCommit): Promise<void>
}

/**
 * PendingCommit: a commit that was made and stored, and that the delivery service has not yet taken or refused
 * (RFC 9420 §14). Until then the group stays in its epoch. It survives a restart (`group.pending()`).
 *
 * @example
 * const commit = await group.commit({ add: [keyPackage] })
 * if (await deliver(commit.message)) await sendTo(newcomer, (await commit.accepted()).welcome)
 * else await commit.rejected()
 */
export class PendingCommit {
  readonly #home: CommitHome
  #state: 'pending' | 'rejected' | 'superseded' = 'pending'
  #accepted: Promise<AcceptedCommit> | null = null
  #result: AcceptedCommit | null = null

  /** @internal */
  constructor(
    home: CommitHome,
    readonly id: bigint,
    /** The Commit for the delivery service, an MLSMessage. */
    readonly message: Uint8Array,
    /** @internal */
    readonly tree: 'inside' | 'apart',
  ) {
    this.#home = home
  }

  /**
   * accepted: the delivery service has taken it. The group enters its epoch, other candidates are dropped, and the
   * Welcomes are there to be sent. Called again, it gives the same.
   * @throws MlsError `STALE_CANDIDATE` when it was rejected, or another commit came first
   */
  accepted(): Promise<AcceptedCommit> {
    if (this.#accepted) return this.#accepted
    if (this.#state !== 'pending') return Promise.reject(new MlsError('STALE_CANDIDATE'))
    const accepted = this.#home.accept(this)
    this.#accepted = accepted
    accepted.catch(() => {
      if (this.#accepted === accepted) this.#accepted = null  // what failed may be tried again
    })
    return accepted
  }

  /**
   * rejected: the delivery service did not take it. It is forgotten. Called again, it does nothing.
   * @throws MlsError `STALE_CANDIDATE` when it was accepted
   */
  async rejected(): Promise<void> {
    if (this.#accepted) throw new MlsError('STALE_CANDIDATE')
    if (this.#state !== 'pending') return
    await this.#home.reject(this)
    this.#state = 'rejected'
  }

  /** What it came to, also when it came back from the delivery service. @internal */
  get result(): AcceptedCommit | null {
    return this.#result
  }

  /** settle notes what it came to. @internal */
  settle(result: AcceptedCommit): void {
    this.#result = result
    this.#accepted = Promise.resolve(result)
  }

  /** supersede says whether another commit has taken its place just now. @internal */
  supersede(): boolean {
    if (this.#state !== 'pending' || this.#result) return false
    this.#state = 'superseded'
    return true
  }
}

