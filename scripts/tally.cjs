// The tally of vector cases: the tests append "<set> <kind> <passed> <failed> <skipped>" lines to a file.
'use strict'

const fs = require('node:fs')
const { casesIn } = require('./vectors.cjs')

/** @typedef {import('./ctest.cjs').Counts} Counts */

/**
 * readTally sums the lines of one set by kind.
 * @param {string} file
 * @param {string} set
 * @returns {Map<string, Counts>}
 */
function readTally(file, set) {
  const tally = new Map()
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  for (const line of text.split('\n')) {
    const [name, kind, ...numbers] = line.split(' ')
    if (name !== set || kind === undefined) continue
    const [passed = 0, failed = 0, skipped = 0] = numbers.map(Number)
    const before = tally.get(kind) ?? { passed: 0, failed: 0, skipped: 0 }
    tally.set(kind, { passed: before.passed + passed, failed: before.failed + failed, skipped: before.skipped + skipped })
  }
  return tally
}

/**
 * sumUp counts one set. Cases that lie in a file and that no test reported are skipped; a kind whose file is absent
 * is one skipped case, since nobody knows how many it would be.
 * @param {Map<string, Counts>} tally
 * @param {string[]} kinds
 * @param {import('./vectors.cjs').Found} found
 * @returns {Counts}
 */
function sumUp(tally, kinds, found) {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const counts of tally.values()) {
    sum.passed += counts.passed
    sum.failed += counts.failed
    sum.skipped += counts.skipped
  }
  for (const kind of kinds) {
    const reported = [...tally].filter(([name]) => name === kind || name === `${kind}.json`)
      .reduce((total, [, counts]) => total + counts.passed + counts.failed + counts.skipped, 0)
    const files = found.get(kind)
    sum.skipped += files ? Math.max(0, casesIn(files) - reported) : reported > 0 ? 0 : 1
  }
  return sum
}

module.exports = { readTally, sumUp }
