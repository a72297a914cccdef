// Where the bench keeps state: SQLite files, and a PostgreSQL of its own while it is needed.
import path from 'node:path'
import { postgresStore, sqliteStore, type Store } from 'node-mls'

/** A script of the project, which is not built: programs run in the project's folder. */
interface PostgresScript {
  readonly binaries: () => string | undefined
  readonly startPostgres: () => Promise<{ readonly url: string; readonly stop: () => Promise<void> }>
}

/** storeAt opens a file of SQLite, or a schema of a PostgreSQL whose address is given. */
export const storeAt = (place: string, schema = 'bench'): Store =>
  place.startsWith('postgres:') || place.startsWith('postgresql:') ? postgresStore(place, { schema }) : sqliteStore(place)

/** withPostgres starts a server for `work`, which gets its address; without one installed it notes that and gives null. */
export async function withPostgres<T>(notes: string[], work: (url: string) => Promise<T>): Promise<T | null> {
  const { binaries, startPostgres } = require(path.resolve('scripts', 'postgres.cjs')) as PostgresScript
  if (binaries() === undefined) {
    const note = 'no rows for PostgreSQL, which is not installed: node scripts/setup.cjs stores'
    if (!notes.includes(note)) notes.push(note)
    return null
  }
  const server = await startPostgres()
  try {
    return await work(server.url)
  } finally {
    await server.stop()
  }
}
