// The PostgreSQL store: state in a database, for many processes and machines.
//
// Atoms that are ready together and have no scope in common are one call of a function in the database, which is one
// transaction; so are the atoms that gathered while it was under way. When a connection is lost, the same call goes
// over another: an atom that was applied after all is found by its id, and not applied again.
import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MlsError } from '../errors'
import { Options } from '../options'
import { StoreConflict, type Atom, type Slice, type Store } from '../store'
import { encode, parametersOf, type Encoded } from './postgres-atoms'
import { bounded } from './postgres-bound'
import { Scopes, namesPerPage } from './postgres-load'
import {
  isLost, isTransient, poolOf, rootOf, rowsOf, stateOf, storeErrorOf, withClient, type PostgresClient, type PostgresConnection, type PostgresPool,
  type PostgresRow,
} from './postgres-pool'
import { creation, version } from './postgres-schema'
import { revisionOf } from './slices'

/** PostgresOptions: where in a database a store is. */
export interface PostgresOptions {
  /** The schema that holds the store and nothing else: up to 63 letters, digits and `_`. Default `node_mls`. */
  readonly schema?: string
  /** Milliseconds for which calls are tried again when connections are lost, up to 300,000. Default 5,000. */
  readonly retryTimeout?: number
  /** Milliseconds to wait for the answer to one query, or for a connection; then it counts as lost. 100 to 240,000, default 60,000. */
  readonly queryTimeout?: number
}

/** One call takes at most so many atoms and bytes. */
const maxAtoms = 128
const maxBytes = 4 << 20
/** Calls that are under way at once. */
const maxCalls = 4
/** Atoms that a look for the next call passes over, because their scopes are busy. */
const maxLook = 1024
/** Milliseconds before the second try; before each further one twice as many, up to a second. */
const firstPause = 25
const longestPause = 1000
const defaultTimeout = 5000
/** One page or one call takes far less. */
const defaultQueryTimeout = 60_000
const shortestQueryTimeout = 100
/** Together less than the time for which ids are remembered: who still tries must find its own. */
const longestTimeout = 300_000
const longestQueryTimeout = 240_000
/** Ids of atoms are remembered for as long; every so many calls those that are older go. */
const remembered = '10 minutes'
const callsPerSweep = 512

interface Waiting {
  readonly atom: Encoded
  readonly resolve: (revisions: readonly bigint[]) => void
  readonly reject: (error: Error) => void
}

class PostgresStore implements Store {
  readonly #pool: PostgresPool
  readonly #end: () => Promise<void>
  readonly #schema: string
  readonly #timeout: number
  readonly #queryTimeout: number
  readonly #scopes: Scopes
  #ready: Promise<void> | null = null
  #queue: Waiting[] = []
  /** Names of scopes whose atoms are under way. */
  readonly #busy = new Set<string>()
  readonly #running = new Set<Promise<unknown>>()
  #calls = 0
  /** Of calls. It begins anywhere, since many processes may make few each. */
  #count = randomInt(callsPerSweep)
  #scheduled = false
  #closing: Promise<void> | null = null

  constructor({ pool, end }: ReturnType<typeof poolOf>, { schema, retryTimeout, queryTimeout }: Required<PostgresOptions>) {
    this.#schema = `"${schema}"`
    this.#pool = bounded(pool, this.#schema, queryTimeout)
    this.#end = end
    this.#timeout = retryTimeout
    this.#queryTimeout = queryTimeout
    this.#scopes = new Scopes(this.#pool, this.#schema)
  }

  async commit(atom: Atom): Promise<readonly bigint[]> {
    this.#requireOpen()
    const encoded = encode(atom)
    return this.#track(new Promise<readonly bigint[]>((resolve, reject) => {
      this.#queue.push({ atom: encoded, resolve, reject })
      this.#schedule()
    }))
  }

  async *load(scope: Uint8Array, since?: bigint, also: readonly Uint8Array[] = []): AsyncGenerator<Slice> {
    await this.#open()
    const name = new Uint8Array(scope)
    const prefixes = [...also]
    const again = this.#patience()
    for (let given = false; ;) {
      try {
        for await (const slice of this.#scopes.load(name, since, prefixes)) {
          given = true
          yield slice
        }
        return
      } catch (error) {
        // The rest of what was given is in a snapshot that is gone.
        if (given) throw storeErrorOf(error)
        await again(error)
      }
    }
  }

  async *list(prefix: Uint8Array): AsyncGenerator<Uint8Array> {
    await this.#open()
    let names: readonly Uint8Array[] = []
    const start = new Uint8Array(prefix)
    do {
      const after = names.at(-1)
      names = await this.#retried(() => this.#scopes.names(start, after))
      // Copies, since these are the caller's and the last is needed for the next page.
      for (const name of names) yield new Uint8Array(name)
    } while (names.length === namesPerPage)
  }

  async delete(scope: Uint8Array): Promise<void> {
    const name = Buffer.from(scope)
    await this.#open()
    await this.#track(this.#retried(() => this.#query(`SELECT ${this.#schema}.drop_scope($1)`, [name])))
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close()
  }

  async #close(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running])
    await this.#ready?.catch(() => {})
    await this.#end()
  }

  #requireOpen(): void {
    if (this.#closing) throw new MlsError('CLOSED')
  }

  /** open makes the schema, or sees that it is there, once. */
  #open(): Promise<void> {
    this.#requireOpen()
    return this.#prepare()
  }

  #prepare(): Promise<void> {
    return this.#ready ??= this.#retried(() => withClient(this.#pool, (client) => migrate(client, this.#schema, this.#queryTimeout)))
      .catch((error: unknown) => {
        this.#ready = null
        throw error
      })
  }

  /** track keeps what `close` waits for. */
  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }

  #query(text: string, values: unknown[]): Promise<readonly PostgresRow[]> {
    return withClient(this.#pool, (client) => rowsOf(client, text, values))
  }

  /** retried tries again what failed for a lost connection or a deadlock. @throws MlsError of fault `storage` */
  async #retried<T>(work: () => Promise<T>): Promise<T> {
    const again = this.#patience()
    for (;;) {
      try {
        return await work()
      } catch (error) {
        await again(error)
      }
    }
  }

  /** patience waits before another try, or throws when there is no use or no time for one. @throws MlsError */
  #patience(): (error: unknown) => Promise<void> {
    let end = 0
    let pause = firstPause
    return async (error) => {
      // From the first failure on: a call that took long and lost its answer is looked up like any other.
      end ||= performance.now() + this.#timeout
      if (!(isLost(error) || isTransient(error)) || performance.now() + pause > end) throw storeErrorOf(error)
      await delay(pause * (0.5 + Math.random()))
      pause = Math.min(2 * pause, longestPause)
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // A turn later, so that atoms of one turn go together.
    setImmediate(() => {
      this.#scheduled = false
      while (this.#calls < maxCalls) {
        const waiting = this.#take()
        if (waiting.length === 0) return
        void this.#call(waiting)
      }
    })
  }

  /** take takes atoms that have no scope in common with each other, with those under way, or with those before them. */
  #take(): Waiting[] {
    const taken: Waiting[] = []
    const left: Waiting[] = []
    const busy = new Set(this.#busy)
    let bytes = 0
    let at = 0
    for (; at < this.#queue.length && taken.length < maxAtoms && bytes < maxBytes && left.length < maxLook; at += 1) {
      const one = this.#queue[at] as Waiting
      const isFree = one.atom.scopes.every((scope) => !busy.has(scope))
      for (const scope of one.atom.scopes) busy.add(scope)
      if (isFree) {
        taken.push(one)
        bytes += one.atom.size
      } else {
        left.push(one)
      }
    }
    this.#queue = [...left, ...this.#queue.slice(at)]
    return taken
  }

  async #call(waiting: readonly Waiting[]): Promise<void> {
    const scopes = waiting.flatMap(({ atom }) => atom.scopes)
    for (const scope of scopes) this.#busy.add(scope)
    this.#calls += 1
    try {
      await this.#apply(waiting)
    } finally {
      this.#calls -= 1
      for (const scope of scopes) this.#busy.delete(scope)
      if (this.#queue.length > 0) this.#schedule()
    }
    if ((this.#count += 1) % callsPerSweep === 0) this.#sweep()
  }

  /** apply applies atoms and settles their promises; when it fails for one of them, each by itself. */
  async #apply(waiting: readonly Waiting[]): Promise<void> {
    try {
      await this.#prepare()
      const parameters = parametersOf(waiting.map(({ atom }) => atom))
      const places = parameters.map((_, i) => `$${i + 1}`).join(', ')
      const [row] = await this.#retried(() => this.#query(`SELECT ${this.#schema}.apply(${places})`, parameters))
      settle(waiting, numbersOf(row?.[0]))
    } catch (error) {
      const cause = rootOf(error)
      const isOfOne = waiting.length > 1 && stateOf(cause) !== '' && !isLost(cause)
      if (isOfOne) for (const one of waiting) await this.#apply([one])
      else for (const { reject } of waiting) reject(storeErrorOf(error))
    }
  }

  #sweep(): void {
    const old = `DELETE FROM ${this.#schema}.atoms WHERE at < now() - interval '${remembered}'`
    // What stays because this failed goes the next time.
    void this.#track(this.#query(old, [])).catch(() => {})
  }
}

/** numbersOf reads an array of numbers as PostgreSQL writes it: {1,2,3}. @throws SyntaxError */
const numbersOf = (array: PostgresRow[number] | undefined): bigint[] => String(array).replace(/^\{(.*)\}$/, '$1').split(',').map(BigInt)

/** settle gives each atom what `apply` said of it: a number for each, and the life and count of each part's scope. @throws RangeError */
function settle(waiting: readonly Waiting[], said: readonly bigint[]): void {
  let at = waiting.length
  const expected = waiting.reduce((sum, { atom }) => sum + 2 * atom.parts.length, at)
  if (said.length !== expected) throw new RangeError(`the database gave ${said.length} numbers instead of ${expected}`)
  waiting.forEach(({ atom, resolve, reject }, i) => {
    const revisions = atom.parts.map((_, part) => revisionOf(said[at + 2 * part] ?? 0n, said[at + 2 * part + 1] ?? 0n))
    at += 2 * atom.parts.length
    if (said[i] === 0n) resolve(revisions)
    else reject(new StoreConflict())
  })
}

/**
 * migrate makes the schema unless it is there. Whoever falls silent in between for `longestIdle` milliseconds lets others
 * do it: the connection is closed, as it is after an error.
 * @throws MlsError `STORAGE_VERSION`, `STORAGE_DAMAGED`, errors of pg
 */
async function migrate(client: PostgresClient, schema: string, longestIdle: number): Promise<void> {
  if (await isThere(client, schema)) return
  // READ COMMITTED, to see what was made while we waited for the lock.
  await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = ${longestIdle}`)
  try {
    // One process at a time; the number of the lock is "mlsstore" in ASCII.
    await rowsOf(client, `SELECT pg_advisory_xact_lock(x'6d6c7373746f7265'::bigint) -- ${schema}`)
    if (!(await isThere(client, schema))) await client.query(creation(schema))
    await client.query('COMMIT')
  } catch (error) {
    const isTaken = ['42P07', '42723'].includes(stateOf(error))
    if (!isTaken) throw error
    const advice = `the schema ${schema} has tables of another program: give the store a schema of its own`
    throw new MlsError('STORAGE_DAMAGED', { cause: new Error(advice, { cause: error }) })
  }
}

async function isThere(client: PostgresClient, schema: string): Promise<boolean> {
  // From the tables, since to_regclass may remember how it was before the lock.
  const tables = `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE '"' || n.nspname || '"' = '${schema}' AND c.relname = 'store'`
  if ((await rowsOf(client, tables)).length === 0) return false
  const [found] = await rowsOf(client, `SELECT version FROM ${schema}.store`)
  if (!found) throw new MlsError('STORAGE_DAMAGED', { cause: new Error(`the schema ${schema} says no version: restore it from a copy`) })
  if (Number(found[0]) > version) {
    const words = `the schema ${schema} has version ${String(found[0])} and this node-mls reads up to ${version}: update node-mls`
    throw new MlsError('STORAGE_VERSION', { cause: new Error(words) })
  }
  return true
}

/**
 * postgresStore makes a store in a schema of a PostgreSQL database (12 or newer), which it makes when it is not there.
 * It needs the package pg, version 8.
 *
 * `pool` is a `Pool` of pg, which stays the caller's, or what one is made of: a connection string or options. Calls
 * reject with MlsError `STORE_FAILED` when the database fails, or cannot be reached for `retryTimeout`, the last try taking
 * up to `queryTimeout`; `STORAGE_VERSION` when a newer node-mls made the schema, `STORAGE_DAMAGED` when it is another
 * program's or damaged; `cause` says more.
 *
 * @throws Error when pg is needed and not installed @throws TypeError @throws RangeError
 * @example
 * const store = postgresStore('postgres://bot@db.example.org/bot', { schema: 'mls' })
 * const bot = await Client.open({ identity: 'bot', store, authenticate: trustAnyCredential })
 */
export function postgresStore(pool: PostgresPool | PostgresConnection | string, options?: PostgresOptions): Store {
  const own = new Options('options', options, ['schema', 'retryTimeout', 'queryTimeout'])
  const schema = own.read('schema', 'node_mls', (what, value) => {
    if (typeof value !== 'string') throw new TypeError(`${what} must be a string`)
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(value)) throw new RangeError(`${what} must be up to 63 letters, digits and _`)
    return value
  })
  const retryTimeout = own.integer('retryTimeout', defaultTimeout, 0, longestTimeout)
  const queryTimeout = own.integer('queryTimeout', defaultQueryTimeout, shortestQueryTimeout, longestQueryTimeout)
  return new PostgresStore(poolOf(pool, queryTimeout), { schema, retryTimeout, queryTimeout })
}
