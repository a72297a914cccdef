// A store that counts what comes out of it, and that can stop its process at an atom.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

/** @typedef {import('../../../dist').Store} Store */
/** Counted: what loads of groups gave since the last look, and how many atoms met another's. @typedef {{ rows: number, bytes: number, whole: boolean, conflicts: number }} Counted */

const groupTag = 2
/** @param {Uint8Array} batch */
function rowsIn(batch) {
  let rows = 0
  for (const _ of require('../../../dist').rowChanges(batch)) rows += 1
  return rows
}

/** stopHere stops this process as SIGSTOP of somebody else does. It goes on when it is told SIGCONT. */
async function stopHere() {
  process.kill(process.pid, 'SIGSTOP')
  await sleep(10)  // threads run on for a moment
}

class Watched {
  /** @type {Counted} */
  #counted = { rows: 0, bytes: 0, whole: false, conflicts: 0 }
  #under = 0
  /** @type {{ when: 'before' | 'after', first: () => Promise<void> } | null} */
  #stop = null

  /** @param {Store} inner */
  constructor(inner) {
    this.inner = inner
    /** @type {Store} */
    this.store = {
      commit: (atom) => this.#commit(atom),
      load: (scope, ...words) => this.#load(scope, words),
      list: (prefix) => inner.list(prefix),
      delete: (scope) => inner.delete(scope),
      close: () => inner.close(),
    }
  }

  /** counted gives the counts and begins anew. */
  counted() {
    const counted = this.#counted
    this.#counted = { rows: 0, bytes: 0, whole: false, conflicts: 0 }
    return counted
  }

  /** stopAt stops the process once, before the next atom of a group goes to the store or after it is stored; `first` comes before. @param {'before' | 'after'} when @param {() => Promise<void>} first */
  stopAt(when, first) {
    this.#stop = { when, first }
  }

  /** @param {import('../../../dist').Atom} atom */
  async #commit(atom) {
    const stop = atom.parts.some(({ scope }) => scope[0] === groupTag) ? this.#stop : null
    if (stop) this.#stop = null
    if (stop?.when === 'before') await this.#stopFor(stop)
    this.#under += 1
    try {
      return await this.inner.commit(atom)
    } catch (error) {
      if (error instanceof Error && error.name === 'StoreConflict') this.#counted.conflicts += 1
      throw error
    } finally {
      this.#under -= 1
      if (stop?.when === 'after') await this.#stopFor(stop)
    }
  }

  /** Not while the store is at work: a file would stay locked. @param {{ first: () => Promise<void> }} stop */
  async #stopFor({ first }) {
    await first()
    while (this.#under > 0) await sleep(1)
    await stopHere()
  }

  /** @param {Uint8Array} scope @param {[since?: bigint, also?: readonly Uint8Array[]]} words */
  async *#load(scope, words) {
    this.#under += 1
    try {
      for await (const slice of this.inner.load(scope, ...words)) {
        if (scope[0] === groupTag) {
          this.#counted.rows += rowsIn(slice.rows)
          this.#counted.bytes += slice.rows.length
          this.#counted.whole ||= slice.whole
        }
        yield slice
      }
    } finally {
      this.#under -= 1
    }
  }
}

module.exports = { Watched }
