// npm run verify: everything that continuous integration runs, with the seconds of each stage and one last line.
//
// A stage that fails does not stop the ones after it. With --full (hours) faults strike everywhere, every mutant is tried, the
// sanitizers see every test, and branches are counted.
'use strict'

const { Failure } = require('./process.cjs')
const { checkLayers, selfTest } = require('./check-layers.cjs')
const { checkTests, testTheCheck } = require('./check-tests.cjs')
const { compileWithClang } = require('./clang.cjs')
const { coverage } = require('./coverage.cjs')
const { errors } = require('./errors.cjs')
const { format } = require('./format.cjs')
const { smoke } = require('./fuzz.cjs')
const { jest, suites: suitesOfJest } = require('./jest.cjs')
const { mutation } = require('./mutation.cjs')
const { sanitize } = require('./sanitize.cjs')
const { testSetup } = require('./setup-self-test.cjs')
const { testCore } = require('./test-core.cjs')
const { testRules } = require('./test-rules.cjs')
const { types } = require('./types.cjs')

/** @typedef {import('./ctest.cjs').Counts} Counts */

const once = { passed: 1, failed: 0, skipped: 0 }
const full = process.argv.includes('--full')
if (full) process.env.NODE_MLS_FULL = '1'

/** @type {[string, () => Record<string, Counts>][]} */
const countedStage = [['coverage', () => ({ coverage: coverage() ? once : { passed: 0, failed: 1, skipped: 0 } })]]

/** Each stage gives the counts of its suites, or throws. @type {[string, () => Record<string, Counts>][]} */
const stages = [
  ['format', () => (format(), { format: once })],
  ['layers', () => (checkLayers(), checkTests(),
    { layers: once, 'layers self-test': selfTest(), 'sources with tests': once, 'its self-test': testTheCheck() })],
  ['set-up', () => ({ 'set-up self-test': testSetup() })],
  ['errors', () => (errors({ check: true }), { errors: once })],
  ['types', () => (types(), { types: once })],
  ['clang', () => ({ clang: compileWithClang() ? once : { passed: 0, failed: 0, skipped: 1 } })],
  ['engine', testCore],
  ['javascript', () => jest(suitesOfJest)],
  ['rules', testRules],
  ['mutation', () => mutation(full ? {} : { sample: 30 })],
  ['sanitize', () => sanitize({ full })],
  ['fuzz', () => ({ fuzz: smoke() })],
  ...(full ? countedStage : []),
]

/** @type {[string, number, Record<string, Counts>][]} */
const results = stages.map(([name, stage]) => {
  console.log(`\n── ${name}`)
  const start = process.hrtime.bigint()
  /** @type {Record<string, Counts>} */
  let suites = { [name]: { passed: 0, failed: 1, skipped: 0 } }
  try {
    suites = stage()
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error)
  }
  return [name, Number(process.hrtime.bigint() - start) / 1e9, suites]
})

const sum = { passed: 0, failed: 0, skipped: 0 }
console.log('\nstage       seconds  suites')
for (const [stage, seconds, suites] of results) {
  const words = Object.entries(suites).map(([suite, { passed, failed, skipped }]) => {
    sum.passed += passed
    sum.failed += failed
    sum.skipped += skipped
    return `${suite} ${passed}/${failed}/${skipped}`
  })
  console.log(`${stage.padEnd(10)} ${seconds.toFixed(1).padStart(8)}  ${words.join(', ')}`)
}
console.log('(passed/failed/skipped)')
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
if (sum.failed > 0) process.exitCode = 1
