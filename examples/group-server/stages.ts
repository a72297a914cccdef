// The stages of the run: each with a progress bar, its time, and the longest that it held up the event loop.
import { watchLoop } from './loop-delay'
import type { Progress } from './progress'
import { type Row, formatTable } from './table'

export interface StageResult {
  /** How many of the things that the stage's title names. */
  readonly count: number
  readonly note?: string
}

interface Stage {
  readonly title: string
  readonly count: number
  readonly seconds: number
  readonly longestDelay: number
}

export class Stages {
  readonly #done: Stage[] = []

  constructor(private readonly progress: Progress) {}

  /** run does the work of a stage; `total` is how many parts it will tell of, 0 for none. */
  async run(title: string, total: number, work: (tell: (done: number) => void) => Promise<StageResult>): Promise<void> {
    this.progress.begin(title, total)
    const ended = watchLoop()
    const start = performance.now()
    const { count, note } = await work((done) => this.progress.at(done))
    const seconds = (performance.now() - start) / 1000
    this.#done.push({ title, count, seconds, longestDelay: ended().longest })
    this.progress.end(note)
  }

  get longestDelay(): number {
    return Math.max(0, ...this.#done.map((stage) => stage.longestDelay))
  }

  get seconds(): number {
    return this.#done.reduce((sum, stage) => sum + stage.seconds, 0)
  }

  table(): string {
    const rows = this.#done.map(({ title, count, seconds, longestDelay }): Row => {
      return [title, count, seconds.toFixed(2), rate(count, seconds), `${longestDelay.toFixed(1)} ms`]
    })
    return formatTable(['stage', 'count', 'seconds', 'per second', 'longest loop delay'], rows)
  }
}

const rate = (count: number, seconds: number): string => (seconds > 0 ? Math.round(count / seconds).toLocaleString('en') : '')
