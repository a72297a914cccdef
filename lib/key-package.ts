// Key packages (RFC 9420 §10): a pool of what a client publishes so that others can add it.
//
// Each is used for one group and forgotten when its Welcome was processed; one of last resort stays (§16.8).
import { cloneOf, copyOf, secretOf, toHex, wipe } from './bytes'
import type { Calls } from './calls'
import { inSlices } from './turns'
import type { ClientScope } from './client-scope'
import { readExtensions } from './extension'
import type { Extension } from './message'
import type { NativeKeyPackageInfo, NativeKeyPackageInfos } from './native'
import { Options, readInteger, readList, readSuite } from './options'
import { readWatched, watch, type LongWork } from './progress'

/** KeyPackageInfo: a key package whose private keys this client holds. */
export interface KeyPackageInfo {
  /** KeyPackageRef (RFC 9420 §5.2). */
  readonly reference: Uint8Array
  readonly suite: number
  /** Seconds since 1970. */
  readonly notAfter: bigint
  readonly lastResort: boolean
}

/** NewKeyPackage: what is to be published, an MLSMessage. */
export interface NewKeyPackage extends KeyPackageInfo {
  readonly message: Uint8Array
}

/** KeyPackageOptions: what key packages are made of. */
export interface KeyPackageOptions extends LongWork {
  /** Default: the first suite of the client. */
  readonly suite?: number
  /** Seconds; default 84 days. It begins an hour ago, for clocks that are behind. */
  readonly lifetime?: number
  /** May be used more than once, when there is no other: without forward secrecy for the first messages. */
  readonly lastResort?: boolean
  readonly extensions?: readonly Extension[]
}

/** ImportedKeyPackage: a key package made elsewhere, with its private keys. */
export interface ImportedKeyPackage {
  /** MLSMessage or bare. */
  readonly keyPackage: Uint8Array
  readonly initPrivateKey: Uint8Array
  readonly encryptionPrivateKey: Uint8Array
  readonly signaturePrivateKey: Uint8Array
  readonly lastResort?: boolean
}

/** RenewOptions: how many usable key packages there are to be, of one suite and of the kind that `lastResort` says. */
export interface RenewOptions extends KeyPackageOptions {
  /** Default 100. */
  readonly count?: number
  /** Seconds that a usable one still holds at least; default 7 days. */
  readonly remaining?: number
}

const day = 24 * 3600
const defaultLifetime = 84 * day
const clockSlack = 3600
const names = ['suite', 'lifetime', 'lastResort', 'extensions', 'signal', 'onProgress']

/** KeyPackages of one client: `client.keyPackages`. */
export class KeyPackages {
  readonly #scope: ClientScope
  readonly #calls: Calls
  readonly #now: () => number
  readonly #suites: readonly number[]
  #infos: InfosByReference

  /** @internal */
  constructor(scope: ClientScope, calls: Calls, now: () => number, suites: readonly number[], infos: InfosByReference) {
    this.#scope = scope
    this.#calls = calls
    this.#now = now
    this.#suites = suites
    this.#infos = infos
    // Another process of this client may have made or used some.
    scope.loaded = async (state) => {
      this.#infos = await infosOf(state.keyPackages)
    }
  }

  /** list gives all, those that have expired included. */
  list(): readonly KeyPackageInfo[] {
    return [...this.#infos.values()].map(given)
  }

  /** usable counts those of a suite that hold for at least `remaining` seconds, last resort left out. */
  usable(suite: number = this.#preferred, remaining = 0): number {
    readInteger('suite', suite, 0, 0xffff)
    readInteger('remaining', remaining, 0, Number.MAX_SAFE_INTEGER)
    return this.#fresh(suite, false, remaining).length
  }

  /**
   * create makes key packages and stores their private keys.
   * @param count 1 to 10,000
   * @returns what to publish
   * @throws MlsError `ABORTED`, `STORE_FAILED`, `INVALID_LIFETIME`
   * @example
   * const [keyPackage] = await client.keyPackages.create(1)
   */
  async create(count = 1, options?: KeyPackageOptions): Promise<NewKeyPackage[]> {
    readInteger('count', count, 1, 10_000)
    return this.#calls.run(() => this.#create(count, new Options('options', options, names)))
  }

  /**
   * renew brings the pool up to `count` of a suite, or, with `lastResort`, of those of last resort: it deletes what has
   * expired, and makes as many as are missing.
   * @returns what to publish; perhaps nothing
   */
  async renew(options?: RenewOptions): Promise<NewKeyPackage[]> {
    return this.#calls.run(() => this.#renew(options))
  }

  async #renew(options: RenewOptions | undefined): Promise<NewKeyPackage[]> {
    const read = new Options('options', options, [...names, 'count', 'remaining'])
    const count = read.integer('count', 100, 0, 10_000)
    const remaining = read.integer('remaining', 7 * day, 0, Number.MAX_SAFE_INTEGER)
    const suite = this.#readSuite(read)
    const now = BigInt(this.#now())
    const expired = [...this.#infos.values()].filter((info) => info.notAfter < now)
    if (expired.length > 0) await this.delete(expired.map((info) => info.reference))
    const missing = count - this.#fresh(suite, read.flag('lastResort', false), remaining).length
    return missing > 0 ? this.#create(missing, read) : []
  }

  /** import takes over a key package made elsewhere. @throws MlsError `INVALID_KEY_PACKAGE`, `INVALID_KEY`, `BAD_LEAF_SIGNATURE` */
  async import(keyPackage: ImportedKeyPackage): Promise<KeyPackageInfo> {
    const keys = ['keyPackage', 'initPrivateKey', 'encryptionPrivateKey', 'signaturePrivateKey']
    const read = new Options('keyPackage', keyPackage, [...keys, 'lastResort'])
    const secret = (name: string): Uint8Array => secretOf(read.name(name), read.get(name))
    const request = {
      keyPackage: copyOf(read.name('keyPackage'), read.get('keyPackage')),
      initPrivateKey: secret('initPrivateKey'),
      encryptionPrivateKey: secret('encryptionPrivateKey'),
      signaturePrivateKey: secret('signaturePrivateKey'),
      lastResort: read.flag('lastResort', false),
    }
    try {
      return await this.#calls.run(async () => {
        const { info } = await this.#scope.make((client) => client.importKeyPackage(request))
        this.#infos.set(toHex(info.reference), info)
        return given(info)
      })
    } finally {
      wipe(request.initPrivateKey, request.encryptionPrivateKey, request.signaturePrivateKey)
    }
  }

  /** delete forgets key packages, and with them the private keys. Unknown references do not matter. */
  async delete(references: readonly Uint8Array[]): Promise<void> {
    const list = readList('references', references, copyOf)
    await this.#scope.change((client) => ({
      changes: [client.deleteKeyPackages(list)],
      apply: () => list.forEach((reference) => this.forget(reference)),
    }))
  }

  /** forget follows what the client's scope holds. @internal */
  forget(reference: Uint8Array): void {
    this.#infos.delete(toHex(reference))
  }
  /** isLastResort: whether the key package stays after a join. @internal */
  isLastResort(reference: Uint8Array): boolean {
    return this.#infos.get(toHex(reference))?.lastResort ?? false
  }

  get #preferred(): number {
    return this.#suites[0] ?? 1
  }

  #readSuite(read: Options): number {
    return read.read('suite', this.#preferred, (what, value) => readSuite(what, value, this.#suites))
  }

  #fresh(suite: number, lastResort: boolean, remaining: number): NativeKeyPackageInfo[] {
    const until = BigInt(this.#now() + remaining)
    return [...this.#infos.values()].filter((info) =>
      info.suite === suite && info.lastResort === lastResort && info.notAfter >= until)
  }

  async #create(count: number, read: Options): Promise<NewKeyPackage[]> {
    const now = this.#now()
    const lifetime = read.integer('lifetime', defaultLifetime, 1, Number.MAX_SAFE_INTEGER)
    const request = {
      suite: this.#readSuite(read),
      count,
      notBefore: BigInt(Math.max(0, now - clockSlack)),
      notAfter: BigInt(now) + BigInt(lifetime),
      lastResort: read.flag('lastResort', false),
      extensions: read.read('extensions', [], readExtensions),
    }
    const watched = readWatched(read)
    const made = await this.#scope.make((client) =>
      watch(watched, (watching) => client.generateKeyPackages(request, watching)))
    const { messages: { bytes, offsets } } = made
    const packages: NewKeyPackage[] = []
    await eachInfo(made.infos, (info, i) => {
      this.#infos.set(toHex(info.reference), info)
      packages.push({ ...given(info), message: bytes.slice(offsets[i], offsets[i + 1]) })
    })
    return packages
  }
}

/** given is what the caller may write into. */
const given = (info: NativeKeyPackageInfo): KeyPackageInfo => ({ ...info, reference: cloneOf(info.reference) })

/** InfosByReference: key packages by the hex of their references. */
export type InfosByReference = Map<string, NativeKeyPackageInfo>

/** infosOf makes an object of each key package, in as many turns as it takes. */
export async function infosOf(columns: NativeKeyPackageInfos): Promise<InfosByReference> {
  const infos: InfosByReference = new Map()
  await eachInfo(columns, (info) => infos.set(toHex(info.reference), info))
  return infos
}

function eachInfo(
  { references, suites, notAfter, lastResort }: NativeKeyPackageInfos, take: (info: NativeKeyPackageInfo, i: number) => void,
): Promise<void> {
  return inSlices(suites.length, (from, to) => {
    for (let i = from; i < to; i += 1) {
      take({
        reference: references.bytes.slice(references.offsets[i], references.offsets[i + 1]),
        suite: suites[i] ?? 0,
        notAfter: notAfter[i] ?? 0n,
        lastResort: lastResort[i] === 1,
      }, i)
    }
  })
}
