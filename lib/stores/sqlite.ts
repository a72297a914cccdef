// The SQLite store: state in one file, for one machine. Several processes may use the file.
//
// better-sqlite3 works synchronously, so each store has a worker thread; this side hands it calls and keeps their
// promises. The worker ends with `close`, and does not keep a process alive that has nothing under way; process.exit()
// waits until it has left SQLite (sqlite-gate.ts). If it dies, what was under way is rejected, commits after looking up
// whether they were applied; the next call starts a new one.
import { createRequire } from 'node:module'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { MlsError } from '../errors'
import { Options } from '../options'
import { StoreConflict, type Atom, type AtomPart, type Slice, type Store } from '../store'
import { Stream } from './stream'
import type { Answer, Call, Failure, WorkerData } from './sqlite-calls'
import { Gate, forgetGate, watchGate } from './sqlite-gate'

/** SqliteOptions: how a SQLite store uses its file. */
export interface SqliteOptions {
  /** Milliseconds to wait while another process writes. Default 10,000. */
  readonly busyTimeout?: number
  /** Bytes of the file kept in memory. Default 8 MiB. */
  readonly cacheSize?: number
}

/** The compiled worker: the same file whether this one runs from dist/ or, in tests, from lib/. */
const workerFile = path.join(__dirname, '..', '..', 'dist', 'stores', 'sqlite-worker.js')
const defaultTimeout = 10_000
const defaultCache = 8 << 20
const namesPerPage = 1000

type NewCall<Kind extends Call['kind']> = Kind extends Call['kind'] ? Omit<Extract<Call, { kind: Kind }>, 'call'> : never

/** Pending: who waits for answers to a call. */
interface Pending {
  readonly take: (answer: Answer) => void
  readonly fail: (error: Error) => void
  /** The worker is gone, and with it the answer. */
  readonly lost: (error: MlsError) => void
}

class SqliteStore implements Store {
  readonly #data: Omit<WorkerData, 'gate'>
  #worker: Worker | null = null
  #pending = new Map<number, Pending>()
  #calls = 0
  #closing: Promise<void> | null = null

  constructor(data: Omit<WorkerData, 'gate'>) {
    this.#data = data
  }

  async commit(atom: Atom): Promise<readonly bigint[]> {
    const [copy, buffer] = packAtom(atom)
    const named = { id: new Uint8Array(atom.id), parts: atom.parts.map(({ scope }) => nothingIn(new Uint8Array(scope))) }
    return new Promise((resolve, reject) => {
      const take = (answer: Answer): void => resolve(answer.kind === 'committed' ? answer.revisions : [])
      const lost = (error: MlsError): void => {
        this.#applied(named).then((revisions) => (revisions ? resolve(revisions) : reject(error)), () => reject(error))
      }
      this.#call({ kind: 'commit', atom: copy }, { take, fail: reject, lost }, [buffer])
    })
  }

  async *load(scope: Uint8Array, since?: bigint, also: readonly Uint8Array[] = []): AsyncGenerator<Slice> {
    const stream = new Stream<Slice>()
    const fail = (error: Error): void => stream.fail(error)
    const take = (answer: Answer): void => (answer.kind === 'slice' ? stream.push(answer.slice) : stream.end())
    const call = this.#call({ kind: 'load', scope: new Uint8Array(scope), since, also: [...also] }, { take, fail, lost: fail })
    try {
      for (let slice = await stream.next(); slice; slice = await stream.next()) {
        this.#worker?.postMessage({ call, kind: 'taken' } satisfies Call)
        yield slice
      }
    } finally {
      if (this.#forget(call)) this.#worker?.postMessage({ call, kind: 'stop' } satisfies Call)
    }
  }

  async *list(prefix: Uint8Array): AsyncGenerator<Uint8Array> {
    const start = new Uint8Array(prefix)
    let after: Uint8Array | null = null
    for (;;) {
      const answer = await this.#ask({ kind: 'names', prefix: start, after, limit: namesPerPage })
      const names: readonly Uint8Array[] = answer.kind === 'names' ? answer.names : []
      yield* names
      if (names.length < namesPerPage) return
      after = new Uint8Array(names.at(-1) ?? start)
    }
  }

  async delete(scope: Uint8Array): Promise<void> {
    await this.#ask({ kind: 'delete', scope: new Uint8Array(scope) })
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close()
  }

  async #close(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    const done = new Promise<void>((resolve) => {
      this.#call({ kind: 'close' }, { take: () => resolve(), fail: () => resolve(), lost: () => resolve() })
    })
    await done
    worker.ref()  // who waits for `close` has a process until then
    await ended
  }

  async #applied(atom: Atom): Promise<readonly bigint[] | null> {
    const answer = await this.#ask({ kind: 'applied', atom })
    return answer.kind === 'applied' ? answer.revisions : null
  }

  #ask(call: NewCall<'names' | 'delete' | 'applied'>): Promise<Answer> {
    return new Promise((resolve, reject) => this.#call(call, { take: resolve, fail: reject, lost: reject }))
  }

  /** call sends a call to the worker. @throws MlsError `CLOSED` */
  #call(call: NewCall<Exclude<Call['kind'], 'taken' | 'stop'>>, pending: Pending, transfer: ArrayBuffer[] = []): number {
    if (this.#closing && call.kind !== 'close') throw new MlsError('CLOSED')
    const worker = this.#worker ??= this.#start()
    const number = this.#calls += 1
    worker.postMessage({ ...call, call: number }, transfer)
    if (this.#pending.size === 0) worker.ref()
    this.#pending.set(number, pending)
    return number
  }

  #start(): Worker {
    const gate = new Gate()
    const workerData: WorkerData = { ...this.#data, gate: gate.shared }
    // No flags of this process: some make no sense for the file of a worker.
    const worker = new Worker(workerFile, { workerData, name: 'node-mls sqlite', execArgv: [] })
    worker.unref()
    watchGate(gate)
    let cause: unknown
    worker.on('message', (answer: Answer) => this.#take(answer))
    worker.on('error', (error) => (cause = error))
    worker.on('exit', (code) => {
      forgetGate(gate)
      this.#ended(worker, cause ?? new Error(`the worker of the store ended (${code})`))
    })
    return worker
  }

  #take(answer: Answer): void {
    const pending = this.#pending.get(answer.call)
    if (answer.kind !== 'slice') this.#forget(answer.call)
    if (answer.kind === 'failed') pending?.fail(errorOf(answer.failure))
    else pending?.take(answer)
  }

  #forget(call: number): boolean {
    const was = this.#pending.delete(call)
    // A worker that is asked to end is waited for.
    if (was && this.#pending.size === 0 && !this.#closing) this.#worker?.unref()
    return was
  }

  #ended(worker: Worker, cause: unknown): void {
    if (this.#worker === worker) this.#worker = null
    const lost = [...this.#pending.values()]
    this.#pending = new Map()
    const error = this.#closing ? new MlsError('CLOSED') : new MlsError('STORE_FAILED', { cause })
    for (const pending of lost) pending.lost(error)
  }
}

const nothingIn = (scope: Uint8Array): AtomPart => ({ scope, expect: {}, advance: [], changes: [] })

/** packAtom copies an atom into one buffer, which can be handed over. */
function packAtom({ id, parts }: Atom): [Atom, ArrayBuffer] {
  const lengths = parts.flatMap(({ scope, changes }) => [scope.length, ...changes.map((batch) => batch.length)])
  const buffer = new ArrayBuffer(lengths.reduce((sum, length) => sum + length, id.length))
  let at = 0
  const copy = (bytes: Uint8Array): Uint8Array => {
    const place = new Uint8Array(buffer, at, bytes.length)
    place.set(bytes)
    at += bytes.length
    return place
  }
  const own = parts.map(({ scope, expect, advance, changes }) =>
    ({ scope: copy(scope), expect, advance, changes: changes.map(copy) }))
  return [{ id: copy(id), parts: own }, buffer]
}

const codes = { version: 'STORAGE_VERSION', damaged: 'STORAGE_DAMAGED', failed: 'STORE_FAILED' } as const

function errorOf({ kind, code, message }: Failure): Error {
  if (kind === 'conflict') return new StoreConflict()
  return new MlsError(codes[kind], { cause: Object.assign(new Error(message), code ? { code } : {}) })
}

/**
 * sqliteStore makes a store of one SQLite file, which is made when it is not there, for its owner alone (mode 0600). It
 * needs the package better-sqlite3, version 12.
 *
 * The file is opened by the first call. Calls reject with MlsError `STORAGE_VERSION` when a newer node-mls wrote the
 * file, `STORAGE_DAMAGED` when it is no store or damaged, `STORE_FAILED` when the disk is full, fails, or is locked by
 * another process for longer than `busyTimeout`; `cause` says more. Then nothing was written.
 *
 * @throws Error when better-sqlite3 is not installed @throws TypeError @throws RangeError
 * @example
 * const store = sqliteStore('alice.db')
 * const alice = await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential })
 * await alice.close()
 * await store.close()
 */
export function sqliteStore(file: string, options?: SqliteOptions): Store {
  if (typeof file !== 'string') throw new TypeError('file must be a string')
  if (file === '' || file === ':memory:') throw new RangeError('file must be a path; memoryStore() keeps state in memory')
  const own = new Options('options', options, ['busyTimeout', 'cacheSize'])
  const data = {
    file: path.resolve(file),
    options: {
      busyTimeout: own.integer('busyTimeout', defaultTimeout, 0, 0x7fff_ffff),
      cacheSize: own.integer('cacheSize', defaultCache, 1 << 16, 0x7fff_ffff),
    },
  }
  try {
    createRequire(workerFile).resolve('better-sqlite3')
  } catch (cause) {
    throw new Error('sqliteStore needs the package better-sqlite3: npm install better-sqlite3@12', { cause })
  }
  return new SqliteStore(data)
}
