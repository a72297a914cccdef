// What a PostgreSQL store needs of the package pg, said in types of our own: declarations that people compile against
// must not need those of pg. And what its errors mean.
import { createRequire } from 'node:module'
import { MlsError } from '../errors'

/** PostgresRow: bytes of a bytea, and the text of everything else. */
export type PostgresRow = readonly (Buffer | string | null)[]

export interface PostgresResult {
  readonly rows: readonly PostgresRow[]
}

/** PostgresQuery: what a `Client` is asked; `types` are those of this query, whatever the pool's are. */
export interface PostgresQuery {
  readonly text: string
  readonly values?: unknown[]
  readonly rowMode: 'array'
  readonly types: { readonly getTypeParser: (oid: number) => (text: string) => unknown }
}

/** PostgresClient: a `Client` of pg that a pool lends. */
export interface PostgresClient {
  /** Of the server's process behind the connection, if pg says so. */
  readonly processID?: unknown
  /** Several queries in one text give a list of results. */
  query(query: PostgresQuery): Promise<unknown>
  query(text: string): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(error?: Error | boolean): void
}

/** PostgresPool: a `Pool` of pg. */
export interface PostgresPool {
  /** What it was made with; `max` is how many connections it may have. */
  readonly options?: { readonly max?: unknown }
  connect(): Promise<PostgresClient>
}

/** PostgresConnection: what `new Pool` of pg takes: host, port, database, user, password, ssl, max and more. */
export type PostgresConnection = Readonly<Record<string, unknown>>

interface OwnPool extends PostgresPool {
  on(event: 'error', listener: (error: Error) => void): unknown
  end(): Promise<void>
}

/** What our own pools have unless told otherwise: an idle connection finds out in seconds that its server is gone without a word. */
const limits = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 }
/** Milliseconds for a new connection of theirs: fewer than for its first answer. */
const connectionTimeout = 4_000

/** What pg takes when it is not told. */
const defaultSize = 10

/** sizeOf gives how many connections a pool may have. */
export function sizeOf({ options }: PostgresPool): number {
  const size = Number(options?.max)
  return Number.isInteger(size) && size > 0 ? size : defaultSize
}

const isPool = (value: object): value is PostgresPool => 'connect' in value && typeof value.connect === 'function'

/** poolOf gives the caller's pool, or makes one of connection options. @throws Error when pg is needed and not there */
export function poolOf(value: unknown, queryTimeout: number): { readonly pool: PostgresPool; readonly end: () => Promise<void> } {
  if (typeof value === 'object' && value !== null && isPool(value)) return { pool: value, end: async () => {} }
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) {
    throw new TypeError('pool must be a Pool of pg, a connection string or connection options')
  }
  const config = typeof value === 'string' ? { connectionString: value } : value
  let pg: { readonly Pool: new (config: object) => OwnPool }
  try {
    pg = createRequire(__filename)('pg') as typeof pg
  } catch (cause) {
    throw new Error('postgresStore needs the package pg: npm install pg@8', { cause })
  }
  const pool = new pg.Pool({ ...limits, connectionTimeoutMillis: Math.min(connectionTimeout, queryTimeout), ...config })
  // An idle connection that is lost is replaced by the next that is needed.
  pool.on('error', () => {})
  return { pool, end: () => pool.end() }
}

const ignore = (): void => {}

/** withClient lends a connection to `work`. One on which something failed is closed: it may be lost, or in a transaction. */
export async function withClient<T>(pool: PostgresPool, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // A connection that is lost between two queries says so here; the next query fails.
  client.on('error', ignore)
  let failure: Error | undefined
  try {
    return await work(client)
  } catch (error) {
    failure = error instanceof Error ? error : new Error('the connection failed')
    throw error
  } finally {
    client.removeListener('error', ignore)
    client.release(failure)
  }
}

/** Of the hexadecimal form, which a transaction that reads bytes asks for. */
const bytesOf = (text: string): Buffer => Buffer.from(text.slice(2), 'hex')
const bytea = 17
/** A caller's pool may have parsers of its own, for numbers above all: what comes for us is not theirs. */
const types = { getTypeParser: (oid: number) => (oid === bytea ? bytesOf : (text: string): string => text) }

/** rowsOf gives what a query gives. */
export async function rowsOf(client: PostgresClient, text: string, values: unknown[] = []): Promise<readonly PostgresRow[]> {
  return (await client.query({ text, values, rowMode: 'array', types }) as PostgresResult).rows
}

/** rowsOfAll gives what each of several queries gives that are sent as one text. */
export async function rowsOfAll(client: PostgresClient, text: string): Promise<readonly (readonly PostgresRow[])[]> {
  const results = await client.query({ text, rowMode: 'array', types }) as readonly PostgresResult[]
  return results.map(({ rows }) => rows)
}

/** stateOf gives the SQLSTATE of an error of the server, or '' for any other: a lost connection above all. */
export function stateOf(error: unknown): string {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' ? code : ''
}

/** rootOf gives the error at the bottom of a chain of causes. */
export const rootOf = (error: unknown): unknown => (error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error)

/** isTransient says whether the same call may succeed: deadlocks, serialization failures. Nothing was done. */
export const isTransient = (error: unknown): boolean => stateOf(error).startsWith('40')

/** After a failover: too many connections; and read only, from a server that became the standby: the next connection may find the other. */
const passing = ['53300', '25006']

/** isLost says whether a connection was lost, or the server is going or coming: what was sent may have been done. */
export function isLost(error: unknown): boolean {
  const state = stateOf(error)
  return state === '' ? !(error instanceof MlsError) : state.startsWith('08') || state.startsWith('57P') || passing.includes(state)
}

/** storeErrorOf makes an MlsError of what pg throws. */
export function storeErrorOf(cause: unknown): MlsError {
  if (cause instanceof MlsError) return cause
  const state = stateOf(cause)
  // Corrupted data or index; tables, columns or functions that are not there.
  const isDamaged = ['XX001', 'XX002', '42P01', '42703', '42883', '3F000'].includes(state)
  if (!isDamaged) return new MlsError('STORE_FAILED', { cause })
  const advice = `${(cause as Error).message}: the schema of the store is damaged: restore it from a copy`
  return new MlsError('STORAGE_DAMAGED', { cause: new Error(advice, { cause }) })
}
