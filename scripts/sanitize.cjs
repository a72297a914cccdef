// npm run sanitize: all engine tests under ASan and UBSan, those with threads under TSan, and on an addon under ASan and UBSan the
// tests of what strangers and callers hand over: arguments, buffers, messages, forged objects. Under ASan the engine is compiled
// for it, and the tests are those of build/release.
//
//   npm run sanitize -- --full   the tests are compiled for it too; also the rules' under ASan and UBSan, all tests of both kinds
//                                under TSan, and all that jest runs on that addon, the rules through JavaScript among them: hours
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { main } = require('./process.cjs')
const { buildAsanAddon } = require('./asan-addon.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure, folderOf } = require('./cmake.cjs')
const { ctest } = require('./ctest.cjs')
const { runJest, suites: suitesOfJest } = require('./jest.cjs')
const { findVectors } = require('./vectors.cjs')

/** @typedef {import('./ctest.cjs').Counts} Counts */

const environment = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
}

/** What the rules' tests give to whom, for those in JavaScript that give the same: a folder. */
const journal = path.join(folderOf(builds.asan), 'rules')

/** Tests that start compilers, which do not run under a foreign allocator, or that look at the symbols of the ordinary addon. */
const notHere = ['package', 'test/addon/symbols']

/** Tests of what is handed over, to which CI keeps. */
const handedOver = ['api/16-arguments', 'api/17-buffers', 'api/20-events', 'api/21-decode', 'addon/forged-objects']
  .map((name) => `${name}.test.ts`)

/**
 * sanitizeAddon runs the tests of the API, or all, on an addon that is instrumented like the engine, inside an ordinary node.
 * @param {boolean} full
 * @returns {Counts}
 */
function sanitizeAddon(full) {
  const once = { passed: 0, failed: 0, skipped: 1 }
  const env = buildAsanAddon()
  if (!env) return once
  const words = ['--testPathIgnorePatterns', ...notHere, '--testTimeout', full ? '1200000' : '120000']
  const counts = Object.values(full
    ? runJest([...suitesOfJest, 'rules'], words, { ...env, NODE_MLS_RULES_JOURNAL: journal })
    : runJest(handedOver, words, env))
  return counts.length > 0 ? counts.reduce(sumOf) : once
}

/** @param {Counts} a @param {Counts} b @returns {Counts} */
const sumOf = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped })

/** Where the object files of core_tests lie in a build. @param {import('./cmake.cjs').Build} build */
const objectsOf = (build) => path.join(folderOf(build), 'test', 'core', 'CMakeFiles', 'core_tests.dir')

/** buildTests compiles the tests as they are without sanitizers, and gives where. */
function buildTests() {
  configure(builds.release, { NODE_MLS_TESTS: 'ON' })
  compile(builds.release, 'core_tests')
  return objectsOf(builds.release)
}

/**
 * runEngine builds the tests of the engine, with --full the rules' too, and runs those that `which` picks.
 * @param {import('./cmake.cjs').Build} build
 * @param {boolean} full
 * @param {string} objects  where the tests lie compiled, or ''
 * @param {Parameters<typeof ctest>[1]} which
 */
function runEngine(build, full, objects, which) {
  configure(build, { NODE_MLS_TESTS: 'ON', NODE_MLS_EVERY_TEST: full ? 'ON' : 'OFF', NODE_MLS_TEST_OBJECTS: objects })
  compile(build, 'core_tests')
  if (full) compile(build, 'rules_tests')
  return ctest(build, which)
}

/**
 * sanitize gives the counts per sanitizer.
 * @param {{ full?: boolean }} [options]
 * @returns {Record<string, Counts>}
 */
function sanitize({ full = false } = {}) {
  const { folder } = findVectors()
  const env = { ...environment, ...process.env, ...(folder && { NODE_MLS_VECTORS: folder }) }
  console.log('sanitize checks its tools, builds core_tests in build/asan and build/tsan, and the addon in build/asan, and runs them.')
  setup('sanitize')
  // Random walks are slow under ASan: a tenth of their steps. The one with threads has few enough for TSan.
  const shortened = { MLS_WALK_SCALE: '10', ...env }
  fs.rmSync(journal, { recursive: true, force: true })
  fs.mkdirSync(journal, { recursive: true })
  const address = runEngine(builds.asan, full, full ? '' : buildTests(),
    { ...(!full && { without: 'rules' }), env: { ...shortened, ...(full && { NODE_MLS_RULES_JOURNAL: journal }) } })
  const thread = runEngine(builds.tsan, full, '', full ? { env: shortened } : { label: 'threaded', env })
  if (thread.passed + thread.failed === 0) thread.skipped = 1  // no test has threads
  return { 'ASan and UBSan': address, TSan: thread, 'API under ASan and UBSan': sanitizeAddon(full) }
}

module.exports = { sanitize }

if (require.main === module) {
  main(() => {
    const suites = Object.entries(sanitize({ full: process.argv.includes('--full') }))
    for (const [name, { passed, failed, skipped }] of suites) {
      console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
    }
    if (suites.some(([, counts]) => counts.failed > 0)) process.exitCode = 1
  })
}
