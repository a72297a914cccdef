// The stages of the run: each with a progress bar, its time, and the longest that it held up the event loop.
import { watchLoop } from './loop-delay'
import type { Progress } from './progress'
import { type Row, formatTable } from './table'

export interface StageResult {
  /** How many of the things that the stage's title names. */
  readonly count: number
  readonly note?: string
}

/** Stage: what one came to; it can be sent to another process. */
export interface Stage {
  readonly title: string
  readonly count: number
  readonly seconds: number
  readonly longestDelay: number
}

export class Stages {
  /** By title: a stage that comes again adds to what it was. */
  readonly #done = new Map<string, Stage>()

  /** @param alive called whenever a stage begins or tells of something done */
  constructor(
    private readonly progress: Progress,
    private readonly alive: () => void = () => {},
  ) {}

  /** run does the work of a stage; `total` is how many parts it will tell of, 0 for none. */
  async run(title: string, total: number, work: (tell: (done: number) => void) => Promise<StageResult>): Promise<void> {
    this.alive()
    this.progress.begin(title, total)
    const ended = watchLoop()
    const start = performance.now()
    const { count, note } = await work((done) => {
      this.alive()
      this.progress.at(done)
    })
    const seconds = (performance.now() - start) / 1000
    this.add([{ title, count, seconds, longestDelay: ended().longest }])
    this.progress.end(note)
  }

  /** add counts stages that ended here or in another process. */
  add(stages: readonly Stage[]): void {
    for (const { title, count, seconds, longestDelay } of stages) {
      const before = this.#done.get(title) ?? { count: 0, seconds: 0, longestDelay: 0 }
      this.#done.set(title, {
        title,
        count: before.count + count,
        seconds: before.seconds + seconds,
        longestDelay: Math.max(before.longestDelay, longestDelay),
      })
    }
  }

  get done(): readonly Stage[] {
    return [...this.#done.values()]
  }

  get longestDelay(): number {
    return Math.max(0, ...this.done.map((stage) => stage.longestDelay))
  }

  get seconds(): number {
    return this.done.reduce((sum, stage) => sum + stage.seconds, 0)
  }

  table(): string {
    const rows = this.done.map(({ title, count, seconds, longestDelay }): Row => {
      return [title, count, seconds.toFixed(2), rate(count, seconds), `${longestDelay.toFixed(1)} ms`]
    })
    return formatTable(['stage', 'count', 'seconds', 'per second', 'longest loop delay'], rows)
  }
}

const rate = (count: number, seconds: number): string => (seconds > 0 ? Math.round(count / seconds).toLocaleString('en') : '')
