// How long the event loop was held up: what a server's other users would have waited.
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The histogram looks every so many milliseconds, and counts that wait in what it records. */
const RESOLUTION = 1

export interface LoopDelay {
  /** Milliseconds. */
  readonly longest: number
  readonly p99: number
}

/** watchLoop starts watching; the function it gives ends that and tells the delays. */
export function watchLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  return () => {
    histogram.disable()
    const milliseconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
    return { longest: milliseconds(histogram.max), p99: milliseconds(histogram.percentile(99)) }
  }
}
