// How long a PostgreSQL store waits: for a connection, and for the answer to each query.
//
// Who needs a connection while all of them are at work waits here for as long as they come back. In pg's queue, everybody
// has some seconds, however fast those before them go: of many groups loaded at once the last would fail.
//
// Over a network that has fallen silent nothing comes, no error either, and the server may not notice for hours; until
// then its process keeps the locks and the snapshot of what it was doing. So who waited in vain remembers the process, and
// the next connection ends it before anything else.
import { sizeOf, stateOf, type PostgresClient, type PostgresPool, type PostgresQuery } from './postgres-pool'

const ignore = (): void => {}

/** within gives what comes of `work`, unless that takes longer. */
async function within<T>(milliseconds: number, work: Promise<T>, late: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late()
      reject(new Error(`the database gave no answer for ${milliseconds} ms`))
    }, milliseconds)
  })
  try {
    return await Promise.race([work, end])
  } finally {
    clearTimeout(timer)
  }
}

/** Queue of those who need a connection: so many have one, the others wait in order. */
class Queue {
  readonly #patience: number
  readonly #waiting = new Set<() => void>()
  #free: number
  /** When the last one left well: of a database that is gone they all leave, and nobody waits for that. */
  #left = 0

  /** @param patience milliseconds for which nobody may leave well */
  constructor(count: number, patience: number) {
    this.#free = count
    this.#patience = patience
  }

  /** enter waits for a place. @throws Error when nobody has left well for too long */
  async enter(): Promise<void> {
    if (this.#free === 0) return this.#wait()
    this.#free -= 1
  }

  /** leave gives the place to who has waited longest. */
  leave(well: boolean): void {
    if (well) this.#left = performance.now()
    const [next] = this.#waiting
    if (next) next()
    else this.#free += 1
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const rest = this.#left + this.#patience - performance.now()
        if (rest > 0) {
          timer = setTimeout(look, rest)
          return
        }
        this.#waiting.delete(mine)
        reject(new Error(`no connection became free for ${this.#patience} ms`))
      }
      let timer = setTimeout(look, this.#patience)
      const mine = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(mine)
        resolve()
      }
      this.#waiting.add(mine)
    })
  }
}

/**
 * bounded gives a pool whose connections come, and then answer each query, within so many milliseconds or fail; who fails
 * gives the connection back as broken. A process that did not answer is ended if it is of this user and its last query
 * names the schema: behind a proxy the number may be another process's.
 */
export function bounded(pool: PostgresPool, schema: string, milliseconds: number): PostgresPool {
  const silent = new Set<number>()
  const queue = new Queue(sizeOf(pool), milliseconds)

  const endSilent = async (client: PostgresClient): Promise<void> => {
    const processes = [...silent]
    if (processes.length === 0) return
    const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid = ANY ('{${processes.join()}}') AND usename = current_user AND strpos(query, '${schema}') > 0`
    await within(milliseconds, client.query(text), ignore).catch((error: unknown) => {
      if (stateOf(error) === '') throw error  // not that it is forbidden
    })
    for (const one of processes) silent.delete(one)
  }

  const lend = async (): Promise<PostgresClient> => {
    const lent = pool.connect()
    const late = (): void => void lent.then((client) => client.release(), ignore)  // as good for others
    return within(milliseconds, lent, late)
  }

  /** ready gives a connection that has ended those that did not answer. */
  const ready = async (): Promise<PostgresClient> => {
    const client = await lend()
    client.on('error', ignore)  // the query says it
    try {
      await endSilent(client)
    } catch (error) {
      client.release(true)
      throw error
    } finally {
      client.removeListener('error', ignore)
    }
    return client
  }

  const connect = async (): Promise<PostgresClient> => {
    await queue.enter()
    let client: PostgresClient
    try {
      client = await ready()
    } catch (error) {
      queue.leave(false)
      throw error
    }
    const late = (): void => {
      const { processID } = client
      if (Number.isInteger(processID)) silent.add(Number(processID))
    }
    return {
      query: (query: PostgresQuery | string) => within(milliseconds, client.query(query as string), late),
      on: (event, listener) => client.on(event, listener),
      removeListener: (event, listener) => client.removeListener(event, listener),
      release: (error) => {
        try {
          client.release(error)
        } finally {
          queue.leave(!error)
        }
      },
    }
  }
  return { connect }
}
