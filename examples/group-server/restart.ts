// The restart: this process hands over to a new one, which opens the store that this one has closed.
//
//     this process                    the new one
//          │ ◀──── ready ───────────────── │   its modules are loaded
//          │ ───── Handover ─────────────▶ │
//          │ ◀──── alive … ─────────────── │   something was done
//          │ ◀──── report ──────────────── │   and it ends, with status 0
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type Handover, type Outcome, afterRestart } from './after-restart'
import { Progress } from './progress'
import { type Stage, Stages } from './stages'
import { openStore } from './storage'

/** The option by which the program knows that it is the new process. */
export const AFTER_RESTART = '--after-restart'
/** Milliseconds after which a process that says nothing is given up. */
const SILENCE = 120_000
/** Milliseconds between two signs of life. */
const SIGN = 1000

/** The new process did not do what it was started for. */
export class RestartError extends Error {}

interface Report {
  readonly kind: 'report'
  readonly outcome: Outcome
  readonly stages: readonly Stage[]
}
type Said = { readonly kind: 'ready' | 'alive' } | Report

/**
 * restart has a new process of `program` go on, and takes over what it reports.
 * @throws RestartError when that process fails, ends without a report, or says nothing for `silence` milliseconds
 */
export async function restart(program: string, handover: Handover, stages: Stages, silence = SILENCE): Promise<Outcome> {
  const child = fork(program, [AFTER_RESTART], { serialization: 'advanced' })
  const reported = reportOf(child, silence)
  // Looked at below; until then its failure is not unhandled.
  reported.catch(() => {})
  await stages.run('new process started', 0, async () => {
    await Promise.race([once(child, 'message'), reported])
    return { count: 1 }
  })
  child.send(handover)
  const { outcome, stages: done } = await reported
  stages.add(done)
  return outcome
}

/** reportOf waits for the report and the end of a process. */
function reportOf(child: ChildProcess, silence: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    let report: Report | null = null
    const fail = (what: string): void => {
      clearTimeout(patience)
      reject(new RestartError(`the new process ${what}`))
      child.kill('SIGKILL')
    }
    const patience = setTimeout(() => fail(`said nothing for ${silence / 1000} s`), silence)
    child.on('message', (said: Said) => {
      patience.refresh()
      if (said.kind === 'report') report = said
    })
    child.on('error', (error) => fail(`could not be reached: ${error.message}`))
    child.once('exit', (code, signal) => {
      if (code !== 0) return fail(`ended with ${signal ?? `exit status ${code}`}`)
      if (!report) return fail('ended without a report')
      clearTimeout(patience)
      resolve(report)
    })
  })
}

/** goOn is the new process's part. The process ends when the one that started it does. */
export async function goOn(): Promise<void> {
  const orphaned = (): never => process.exit(1)
  process.once('disconnect', orphaned)
  const received = once(process, 'message')
  await say({ kind: 'ready' })
  try {
    const [handover] = (await received) as [Handover]
    await say(await reportAfter(handover))
  } finally {
    process.off('disconnect', orphaned)
    process.disconnect()
  }
}

async function reportAfter(handover: Handover): Promise<Report> {
  let signed = performance.now()
  const stages = new Stages(new Progress(process.stdout), () => {
    if (performance.now() - signed < SIGN) return
    signed = performance.now()
    void say({ kind: 'alive' })
  })
  const store = openStore(handover.place)
  const outcome = await afterRestart(handover, store, stages)
  await store.close()
  return { kind: 'report', outcome, stages: stages.done }
}

/** say sends a message to the process that started this one. */
function say(said: Said): Promise<void> {
  return new Promise((resolve, reject) => process.send?.(said, (error: Error | null) => (error ? reject(error) : resolve())))
}
