// One measurement: how long an operation takes, and how long it holds up the event loop meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { watchLoop } from '../../examples/group-server/loop-delay'

export interface Measured {
  /** Milliseconds, the median of all runs. */
  readonly median: number
  /** Milliseconds, over all runs. */
  readonly longestDelay: number
}

/** At most so many runs, and no further one after so many milliseconds. */
const RUNS = 50
const ENOUGH = 1500
/** The watch on the loop sees a delay between two of its looks: one before the operation, one after it. */
const NEXT_LOOK = 5

/**
 * measure runs an operation several times. `prepare` makes the input of a run and is not measured.
 * @param runs at most so many, for operations that can be done a few times only
 */
export async function measure<T>(
  prepare: (run: number) => T | Promise<T>,
  operation: (input: T) => unknown,
  runs: number = RUNS,
): Promise<Measured> {
  const times: number[] = []
  let longestDelay = 0
  const start = performance.now()
  for (let run = 0; run < runs && (run === 0 || performance.now() - start < ENOUGH); run++) {
    const input = await prepare(run)
    const ended = watchLoop()
    await sleep(NEXT_LOOK)
    const before = performance.now()
    await operation(input)
    times.push(performance.now() - before)
    await sleep(NEXT_LOOK)
    longestDelay = Math.max(longestDelay, ended().longest)
  }
  return { median: median(times), longestDelay }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
