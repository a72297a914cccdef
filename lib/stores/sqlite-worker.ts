// The worker of a SQLite store: takes calls in their order, and puts commits that wait next to each other into one
// transaction. An answer is given after COMMIT.
import { basename } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { StoreConflict, type Slice } from '../store'
import { MlsError } from '../errors'
import { slicesAhead, type Answer, type Call, type Failure, type WorkerData } from './sqlite-calls'
import { InDoubt, NotOurs, SqliteFile, VersionError, type Settled } from './sqlite-file'
import { Gate, isBusy } from './sqlite-gate'

type Commit = Extract<Call, { kind: 'commit' }>

/** What one transaction takes at most, so that its first atom does not wait for a thousand others. */
const maxAtoms = 256
const maxBytes = 8 << 20

const { file: path, options, gate: shared } = workerData as WorkerData
if (!parentPort) throw new Error('sqlite-worker is for a worker')
const port = parentPort
const gate = new Gate(shared)

let file: SqliteFile | null = null
/** What was found to be damaged is neither read nor written again. */
let damage: Failure | null = null
let queue: Call[] = []
/** Slices that wait to be taken. */
const waiting = new Map<number, { room: number; readonly slices: Slice[]; complete: boolean }>()

const say = (answer: Answer): void => port.postMessage(answer)
function saySlice(call: number, slice: Slice): void {
  port.postMessage({ call, kind: 'slice', slice } satisfies Answer, [slice.rows.buffer as ArrayBuffer])
}

/** isDamage: pages, or the schema that they hold, are not as they were written: of this schema our statements ask nothing that it lacks. */
const isDamage = ({ code, message }: Pick<Failure, 'code' | 'message'>): boolean =>
  code.startsWith('SQLITE_CORRUPT') || (code === 'SQLITE_ERROR' && /\bno (such )?(column|table)\b/.test(message))

function failureOf(error: unknown): Failure {
  const { message, code = '' } = error as { readonly message: string; readonly code?: string }
  const name = basename(path)
  if (error instanceof StoreConflict) return { kind: 'conflict', code, message }
  if (error instanceof VersionError) return { kind: 'version', code, message }
  if (error instanceof NotOurs || error instanceof MlsError) return { kind: 'damaged', code, message }
  if (code === 'SQLITE_NOTADB') {
    const advice = 'give the store another path, or restore the file from a copy'
    return { kind: 'damaged', code, message: `${name} is no SQLite database: ${advice}` }
  }
  if (isDamage({ code, message })) {
    return { kind: 'damaged', code, message: `${name} is damaged (${message}): restore it from a copy` }
  }
  return { kind: 'failed', code, message }
}

function sayFailed(call: number, error: unknown): void {
  const failure = failureOf(error)
  if (file && (isDamage(failure) || failure.code === 'SQLITE_NOTADB')) {
    damage = failure
    closeFile()
  }
  say({ call, kind: 'failed', failure })
}

function closeFile(): void {
  file?.close()
  file = null
}

/** opened gives the file. @throws as opening does; the next call tries again */
function opened(): SqliteFile {
  if (damage) throw new NotOurs(damage.message)
  file ??= new SqliteFile(path, options, gate)
  return file
}

/** applied looks in the file, by a new connection. Where that fails, too, the first error says what happened. */
function applied({ atom }: Commit): readonly bigint[] | null {
  try {
    return opened().applied(atom)
  } catch {
    return null
  }
}

function commit(calls: readonly Commit[]): void {
  let settled: readonly Settled[]
  try {
    settled = opened().commit(calls.map(({ atom }) => atom))
  } catch (error) {
    return commitFailed(calls, error)
  }
  calls.forEach(({ call }, i) => {
    const one = settled[i] as Settled
    if ('error' in one) sayFailed(call, one.error)
    else say({ call, kind: 'committed', revisions: one.revisions })
  })
}

/** commitFailed tries each alone: one may be too much for the disk where others are not. */
function commitFailed(calls: readonly Commit[], thrown: unknown): void {
  const inDoubt = thrown instanceof InDoubt
  const error = inDoubt ? thrown.cause : thrown
  if (inDoubt) closeFile()
  // Who cannot get a lock does not try 256 times, nor does who cannot open the file.
  const isOfAll = calls.length === 1 || isBusy(error) || (!inDoubt && !file)
  for (const one of calls) {
    if (gate.isShut) return  // nobody is left who waits for the answer
    const revisions = inDoubt ? applied(one) : null
    if (revisions) say({ call: one.call, kind: 'committed', revisions })
    else if (isOfAll) sayFailed(one.call, error)
    else commit([one])
  }
}

/** drop deletes a scope. Where that is in doubt it is done again: what is gone already is no error. */
function drop(scope: Uint8Array): void {
  try {
    opened().drop(scope)
  } catch (error) {
    if (!(error instanceof InDoubt)) throw error
    closeFile()
    try {
      opened().drop(scope)
    } catch {
      throw error.cause
    }
  }
}

function load({ call, scope, since, also }: Extract<Call, { kind: 'load' }>): void {
  const load = { room: slicesAhead, slices: [] as Slice[], complete: false }
  waiting.set(call, load)
  opened().load(scope, since, also, (slice) => {
    if (gate.isShut) throw new Error('the process ends')
    load.slices.push(slice)
    flow(call)
  })
  load.complete = true
  flow(call)
}

/** flow sends the slices of a load that there is room for, and the end behind the last. */
function flow(call: number): void {
  const load = waiting.get(call)
  if (!load) return
  for (; load.room > 0 && load.slices.length > 0; load.room -= 1) saySlice(call, load.slices.shift() as Slice)
  if (!load.complete || load.slices.length > 0) return
  waiting.delete(call)
  say({ call, kind: 'done' })
}

function run(one: Exclude<Call, Commit>): void {
  const { call } = one
  switch (one.kind) {
    case 'load':
      return load(one)
    case 'names':
      return say({ call, kind: 'names', names: opened().names(one.prefix, one.after, one.limit) })
    case 'applied':
      return say({ call, kind: 'applied', revisions: opened().applied(one.atom) })
    case 'delete':
      drop(one.scope)
      return say({ call, kind: 'done' })
    case 'close':
      closeFile()
      say({ call, kind: 'done' })
      return port.close()
    default:
  }
}

/** takeCommits takes the commits that come next in the queue, as many as go into one transaction. */
function takeCommits(calls: readonly Call[], from: number): Commit[] {
  const commits: Commit[] = []
  let bytes = 0
  for (let at = from; at < calls.length; at += 1) {
    const one = calls[at]
    if (one?.kind !== 'commit' || commits.length === maxAtoms || bytes > maxBytes) break
    commits.push(one)
    for (const { changes } of one.atom.parts) for (const batch of changes) bytes += batch.length
  }
  return commits
}

function runOne(one: Exclude<Call, Commit>): void {
  try {
    run(one)
  } catch (error) {
    waiting.delete(one.call)
    sayFailed(one.call, error)
  }
}

/** drain takes what is in the queue; once the process ends, nothing more of it. */
function drain(): void {
  const calls = queue
  queue = []
  for (let at = 0; at < calls.length;) {
    const commits = takeCommits(calls, at)
    const work = commits.length > 0 ? () => commit(commits) : () => runOne(calls[at] as Exclude<Call, Commit>)
    if (!gate.within(work)) return
    at += Math.max(1, commits.length)
  }
}

port.on('message', (one: Call) => {
  if (one.kind === 'taken') {
    const load = waiting.get(one.call)
    if (load) load.room += 1
    flow(one.call)
  } else if (one.kind === 'stop') {
    waiting.delete(one.call)
  } else if (queue.push(one) === 1) {
    // A turn later, so that everything that is there already goes together.
    setImmediate(drain)
  }
})
