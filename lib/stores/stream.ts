// A stream with one reader, from calls that come to promises that are asked for.

/** Stream holds what was pushed and not yet taken. */
export class Stream<T> {
  readonly #values: T[] = []
  #ended = false
  #error: Error | null = null
  #wake: (() => void) | null = null

  /** How many values wait to be taken. */
  get size(): number {
    return this.#values.length
  }

  push(value: T): void {
    this.#values.push(value)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  fail(error: Error): void {
    this.#error = error
    this.end()
  }

  /** next gives the next value, or undefined after the last. Rejects with the error of `fail`, after the values. */
  async next(): Promise<T | undefined> {
    while (this.#values.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    if (this.#values.length === 0 && this.#error) throw this.#error
    return this.#values.shift()
  }
}
