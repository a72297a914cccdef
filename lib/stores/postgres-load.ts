// Reading from a PostgreSQL store: scopes in slices of one snapshot, names in pages.
import { Records } from '../batch'
import { toHex } from '../bytes'
import type { Slice, Versions } from '../store'
import { rowsOf, rowsOfAll, withClient, type PostgresClient, type PostgresPool } from './postgres-pool'
import { SliceMaker, countSince, prefixEnd, revisionOf, type SliceHead } from './slices'
import { Stream } from './stream'

export const namesPerPage = 1000
/** A page of rows has at most so many, and is cut behind the row that makes it this large: a turn of the event loop decodes it. */
const rowsPerPage = 4096
const bytesPerPage = 1 << 18

/** Whatever the session says: how bytes are written (postgres-pool.ts). */
const bytesAsHex = 'SET LOCAL bytea_output = hex'
/** Without statistics, or with old ones, the planner reads and sorts all that is left of a scope for each page; the index has the order. */
const inOrderOfKeys = 'SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off'

/** Head: what is read of a scope before its rows. */
interface Head extends SliceHead {
  readonly life: string
  /** Rows and deletes after this count. */
  readonly from: string
  /** Whether there are any. */
  readonly changed: boolean
}

export class Scopes {
  readonly #pool: PostgresPool
  readonly #schema: string

  constructor(pool: PostgresPool, schema: string) {
    this.#pool = pool
    this.#schema = schema
  }

  /** load reads a page while the one before is with the caller. The snapshot lasts until the caller has the last. */
  async *load(name: Uint8Array, since: bigint | undefined, also: readonly Uint8Array[]): AsyncGenerator<Slice> {
    const stream = new Stream<Slice>()
    let wanted = true
    let wake = (): void => {}
    const work = async (client: PostgresClient): Promise<void> => {
      const head = await this.#begin(client, name, since)
      if (head) {
        const slices = new SliceMaker({ revision: head.revision, versions: head.versions, whole: head.whole }, (slice) => stream.push(slice))
        if (!head.whole && head.changed) await this.#deletes(client, head, slices)
        if (!head.whole && also.length > 0) await this.#ranges(client, head, also, slices)
        for (let after: Uint8Array | null = Buffer.alloc(0); after && wanted && head.changed;) {
          // One slice ahead of the caller.
          while (wanted && stream.size > 1) await new Promise<void>((resolve) => (wake = resolve))
          after = await this.#page(client, head, after, slices)
        }
        slices.end()
      }
      await client.query('COMMIT')
    }
    const reading = withClient(this.#pool, work).then(() => stream.end(), (error: unknown) => stream.fail(error as Error))
    try {
      for (let slice = await stream.next(); slice; slice = await stream.next()) {
        wake()
        yield slice
      }
    } finally {
      wanted = false
      wake()
      await reading
    }
  }

  /** names gives a page of the names that start with `prefix` and come after `after`. */
  async names(prefix: Uint8Array, after: Uint8Array | undefined): Promise<Uint8Array[]> {
    const from = `name ${after ? '>' : '>='} decode('${toHex(after ?? prefix)}', 'hex')`
    const results = await withClient(this.#pool, (client) => rowsOfAll(client, `BEGIN READ ONLY; ${bytesAsHex}; ${inOrderOfKeys};
      SELECT name FROM ${this.#schema}.scopes WHERE ${from} AND name < decode('${toHex(prefixEnd(prefix))}', 'hex')
      ORDER BY name LIMIT ${namesPerPage}; COMMIT`))
    return results.flatMap((rows) => rows.map(([found]) => found as Buffer))
  }

  /** begin takes a snapshot and reads the head of a scope from it, in one round trip. */
  async #begin(client: PostgresClient, name: Uint8Array, since: bigint | undefined): Promise<Head | null> {
    const scope = `(SELECT id FROM ${this.#schema}.scopes WHERE name = decode('${toHex(name)}', 'hex'))`
    const [, [found] = [], named = []] = await rowsOfAll(client, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
      SELECT id, count, forgotten FROM ${this.#schema}.scopes WHERE id = ${scope};
      SELECT name, value FROM ${this.#schema}.versions WHERE scope = ${scope};
      ${bytesAsHex}; ${inOrderOfKeys}`)
    if (!found) return null
    const versions: Versions = Object.fromEntries(named.map(([key, value]) => [String(key), BigInt(String(value))]))
    const [life = 0n, count = 0n, forgotten = 0n] = found.map((number) => BigInt(String(number)))
    const after = since === undefined ? -1n : countSince(life, since)
    const whole = after < forgotten || after > count
    return {
      life: String(life), revision: revisionOf(life, count), versions, whole,
      from: String(whole ? -1n : after), changed: whole || after < count,
    }
  }

  async #deletes(client: PostgresClient, { life, from }: Head, slices: SliceMaker): Promise<void> {
    const text = `SELECT key, prefix FROM ${this.#schema}.deletes WHERE scope = $1 AND count > $2`
    const rows = await rowsOf(client, text, [life, from])
    for (const [key, prefix] of rows) slices.add({ kind: prefix === 't' ? 'delete-prefix' : 'delete', key: key as Buffer })
  }

  /** ranges gives the rows that start with some prefixes as they are, whenever they changed. */
  async #ranges(client: PostgresClient, { life }: Head, prefixes: readonly Uint8Array[], slices: SliceMaker): Promise<void> {
    const text = `SELECT r.key, r.value FROM unnest($2::bytea[], $3::bytea[]) range(start, stop)
      JOIN ${this.#schema}.rows r ON r.scope = $1 AND r.key >= range.start AND r.key < range.stop`
    const [starts, stops] = [prefixes.map((prefix) => Buffer.from(prefix)), prefixes.map((prefix) => Buffer.from(prefixEnd(prefix)))]
    const rows = await rowsOf(client, text, [life, starts, stops])
    for (const key of prefixes) slices.add({ kind: 'delete-prefix', key })
    for (const [key, value] of rows) slices.add({ kind: 'put', key: key as Buffer, value: value as Buffer })
  }

  /**
   * page reads rows that come after a key, and gives the last key, or null when there are no more. The server packs them as
   * batch.ts does: one value to decode here instead of two for each row.
   */
  async #page(client: PostgresClient, { life, from }: Head, after: Uint8Array, slices: SliceMaker): Promise<Uint8Array | null> {
    // octet_length reads no value; the values of rows that are cut off are not read either.
    const text = `SELECT string_agg('\\x02'::bytea || int4send(octet_length(key)) || key || int4send(octet_length(value)) || value, ''
        ORDER BY key) FROM (
        SELECT key, value, sum(octet_length(value)) OVER (ORDER BY key) - octet_length(value) AS before
        FROM ${this.#schema}.rows WHERE scope = $1 AND key > $2 AND count > $3 ORDER BY key LIMIT ${rowsPerPage}) page
      WHERE before < ${bytesPerPage}`
    const [[packed] = []] = await rowsOf(client, text, [life, after, from])
    if (!packed) return null
    slices.addPacked(packed as Buffer)
    return lastKeyOf(packed as Buffer)
  }
}

/** lastKeyOf gives the key of the last record of a batch. @throws MlsError `STORAGE_DAMAGED` */
function lastKeyOf(batch: Uint8Array): Uint8Array {
  const records = new Records(batch)
  while (records.next());
  return batch.subarray(...records.key)
}
