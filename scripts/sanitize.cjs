// npm run sanitize: all engine tests under ASan and UBSan, and those with threads under TSan.
'use strict'

const { main } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure } = require('./cmake.cjs')
const { ctest } = require('./ctest.cjs')
const { findVectors } = require('./vectors.cjs')

const environment = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
}

/** sanitize gives the counts per sanitizer. @returns {Record<string, import('./ctest.cjs').Counts>} */
function sanitize() {
  const { folder } = findVectors()
  const env = { ...environment, ...process.env, ...(folder && { NODE_MLS_VECTORS: folder }) }
  console.log('sanitize checks its tools, builds core_tests in build/asan and build/tsan and runs them.')
  setup('sanitize')
  configure(builds.asan, { NODE_MLS_TESTS: 'ON' })
  compile(builds.asan, 'core_tests')
  // Random walks are slow under ASan: a tenth of their steps. The one with threads has few enough for TSan.
  const address = ctest(builds.asan, { env: { MLS_WALK_SCALE: '10', ...env } })
  configure(builds.tsan, { NODE_MLS_TESTS: 'ON' })
  compile(builds.tsan, 'core_tests')
  const thread = ctest(builds.tsan, { label: 'threaded', env })
  if (thread.passed + thread.failed === 0) thread.skipped = 1  // no test has threads
  return { 'ASan and UBSan': address, TSan: thread }
}

module.exports = { sanitize }

if (require.main === module) {
  main(() => {
    const suites = Object.entries(sanitize())
    for (const [name, { passed, failed, skipped }] of suites) {
      console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
    }
    if (suites.some(([, counts]) => counts.failed > 0)) process.exitCode = 1
  })
}
