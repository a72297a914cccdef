// A store whose writes come one after the other and are told, each with the rows that it left; one that fails has to leave every
// byte as it was.
'use strict'

const { difference, nothing } = require('./witness.cjs')

/** @typedef {import('../../../lib').Store} Store */
/** @typedef {import('../../../lib').Atom} Atom */
/** @typedef {import('./witness.cjs').Rows} Rows */

class Recorded {
  /** Of the writes since `begin`, which failed: their numbers, counted from 1. @type {number[]} */
  failed = []
  /** Since `begin`. */
  writes = 0
  /** What a write that failed has changed, in words. @type {string[]} */
  wrong = []
  #underWay = 0
  #calls = 0
  /** @type {Promise<unknown>} */
  #last = Promise.resolve()
  /** Behind the last write; null before the first, when the store is empty. @type {Rows | null} */
  #rows = null
  #store
  #look
  #tell

  /**
   * `look` sees what is in the store by another way; `tell` is told of the rows behind each write, before whoever wrote it is.
   * @param {Store} store @param {() => Promise<Rows>} look @param {(rows: Rows) => Promise<void>} tell
   */
  constructor(store, look, tell) {
    this.#store = store
    this.#look = look
    this.#tell = tell
  }

  begin() {
    this.writes = 0
    this.failed = []
  }

  /** quiet waits until `writes` were made since `begin`, and no call is under way or comes at once. @param {number} writes */
  async quiet(writes) {
    const end = performance.now() + 5000
    for (let turns = 0, calls = this.#calls; turns < 4; turns += 1) {
      await new Promise(setImmediate)
      if (this.#underWay > 0 || calls !== this.#calls || (this.writes < writes && performance.now() < end)) turns = -1
      calls = this.#calls
    }
  }

  /** @param {Atom} atom */
  commit(atom) {
    return this.#write(() => this.#store.commit(atom))
  }
  /** @param {Uint8Array} scope */
  delete(scope) {
    return this.#write(() => this.#store.delete(scope))
  }
  /** @type {Store['load']} */
  async *load(scope, since, also) {
    this.#calls += 1
    this.#underWay += 1
    try {
      yield* this.#store.load(scope, since, also)
    } finally {
      this.#underWay -= 1
    }
  }
  /** @type {Store['list']} */
  async *list(prefix) {
    this.#calls += 1
    this.#underWay += 1
    try {
      yield* this.#store.list(prefix)
    } finally {
      this.#underWay -= 1
    }
  }
  close() {
    return this.#store.close()
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  #write(work) {
    this.#underWay += 1
    this.#calls += 1
    const done = this.#last.then(() => this.#written(work)).finally(() => (this.#underWay -= 1))
    this.#last = done.catch(() => {})
    return done
  }

  /** @template T @param {() => Promise<T>} work */
  async #written(work) {
    const number = this.writes + 1
    let result
    try {
      result = await work()
    } catch (error) {
      const { digest, shape } = await this.#look()
      if (digest !== (this.#rows?.digest ?? nothing)) this.wrong.push(`a write failed, and rows are others:\n${difference(shape, this.#rows?.shape)}`)
      this.failed.push(number)
      this.writes = number
      throw error
    }
    this.#rows = await this.#look()
    await this.#tell(this.#rows)
    this.writes = number
    return result
  }
}

module.exports = { Recorded }
