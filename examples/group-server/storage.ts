// Where the state of a run lives: one store for all of its clients, each of which has its own scopes in it.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Store, memoryStore, postgresStore, sqliteStore } from 'node-mls'
import { InputError } from './input-error'
import type { StoreChoice } from './options'

/** Place says where it is, so that another process finds it. */
export type Place =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** The schema that postgresStore uses by itself. */
const SCHEMA = 'node_mls'

/**
 * newPlace gives a place with nothing in it.
 * @throws InputError when there is something already, or it cannot be used
 */
export async function newPlace(choice: StoreChoice): Promise<Place> {
  switch (choice.kind) {
    case 'memory':
      return { kind: 'memory' }
    case 'temporary':
      return { kind: 'sqlite', file: path.join(temporaryFolder(), 'store.db') }
    case 'sqlite':
      claimFile(choice.file)
      return choice
    case 'postgres':
      await requireEmpty(choice.url)
      return choice
  }
}

export function openStore(place: Place): Store {
  if (place.kind === 'memory') return memoryStore()
  return place.kind === 'sqlite' ? sqliteStore(place.file) : postgresStore(place.url)
}

/** bytesOnDisk gives how much a place takes there; null for memory. */
export async function bytesOnDisk(place: Place): Promise<number | null> {
  if (place.kind === 'memory') return null
  if (place.kind === 'postgres') return bytesOfSchema(place.url)
  const files = [place.file, `${place.file}-journal`]
  return files.reduce((sum, file) => sum + (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
}

/**
 * temporaryFolder makes a folder that goes when the process ends, also by an error or by Ctrl-C; sqliteStore has left its
 * file when the listeners of `exit` run.
 */
function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-start-'))
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + os.constants.signals[signal]))
  }
  return folder
}

/** claimFile makes an empty file, or takes one. */
function claimFile(file: string): void {
  try {
    const open = fs.openSync(file, 'a', 0o600)
    const { size } = fs.fstatSync(open)
    fs.closeSync(open)
    if (size > 0) throw new InputError(file, 0, 'exists already and is not empty: name another file for the store')
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(file, 0, `cannot be used for the store (${(error as NodeJS.ErrnoException).code})`)
  }
}

async function requireEmpty(url: string): Promise<void> {
  const store = postgresStore(url)
  try {
    for await (const _ of store.list(new Uint8Array(0))) {
      throw new InputError('postgres', 0, `the database has a store already: name another, or DROP SCHEMA ${SCHEMA} CASCADE`)
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError('postgres', 0, error instanceof Error ? reasonOf(error) : 'cannot be used')
  } finally {
    await store.close()
  }
}

const reasonOf = ({ message, cause }: Error): string => (cause instanceof Error ? `${message} (${cause.message})` : message)

async function bytesOfSchema(url: string): Promise<number> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = "relkind = 'r' AND relnamespace = $1::regnamespace"
    const { rows } = await client.query(`SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE ${tables}`, [SCHEMA])
    return Number(rows[0]?.bytes)
  } finally {
    await client.end()
  }
}
