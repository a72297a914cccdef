// Progress of one step after another: a bar that moves on a terminal, plain lines elsewhere.

/** What Progress needs of process.stdout. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const BAR = 24
/** Milliseconds between two drawings of a bar, and between two plain lines. */
const REDRAW = 100
const PLAIN = 5000

export class Progress {
  #title = ''
  #total = 0
  #done = 0
  #started = 0
  #drawn = 0

  constructor(
    private readonly output: Output,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** begin starts a step of `total` parts; 0 where nobody can count them. */
  begin(title: string, total = 0): void {
    this.#title = title
    this.#total = total
    this.#done = 0
    this.#started = this.now()
    this.#drawn = this.output.isTTY ? Number.NEGATIVE_INFINITY : this.#started
    this.#draw()
  }

  /** at tells how many parts are done. */
  at(done: number): void {
    this.#done = done
    this.#draw()
  }

  /** end closes the step with a line that stays. */
  end(note = ''): void {
    const seconds = (this.now() - this.#started) / 1000
    this.output.write(`${this.#lineStart()}${this.#title.padEnd(34)} ${seconds.toFixed(2).padStart(7)} s${note && `  ${note}`}\n`)
  }

  #draw(): void {
    const now = this.now()
    if (now - this.#drawn < (this.output.isTTY ? REDRAW : PLAIN)) return
    this.#drawn = now
    const share = this.#total > 0 ? Math.min(1, this.#done / this.#total) : 0
    const count = this.#total > 0 ? `${this.#done} of ${this.#total}` : ''
    if (!this.output.isTTY) {
      this.output.write(`${this.#title}: ${count || '…'}\n`)
      return
    }
    const filled = Math.round(share * BAR)
    const line = `${this.#title.padEnd(34)} ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${count}`
    this.output.write(`${this.#lineStart()}${line.slice(0, (this.output.columns ?? 80) - 1)}`)
  }

  #lineStart(): string {
    return this.output.isTTY ? '\r\u001b[K' : ''
  }
}
