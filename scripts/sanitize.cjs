// npm run sanitize: all engine tests under ASan and UBSan, those with threads under TSan, and the tests of the API on an
// addon under ASan and UBSan.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { capture, main } = require('./process.cjs')
const { compiler } = require('./platform.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure, folderOf } = require('./cmake.cjs')
const { ctest } = require('./ctest.cjs')
const { runJest } = require('./jest.cjs')
const { findVectors } = require('./vectors.cjs')

const environment = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
}

/**
 * sanitizeAddon runs the tests of the API on an addon that is instrumented like the engine, inside an ordinary node.
 * @returns {import('./ctest.cjs').Counts}
 */
function sanitizeAddon() {
  const once = { passed: 0, failed: 0, skipped: 1 }
  const cxx = compiler()
  if (process.platform !== 'linux' || !cxx) return once  // elsewhere the runtime is loaded in other ways
  const libraries = ['libasan.so', 'libubsan.so'].map((name) => capture(cxx, [`-print-file-name=${name}`]).out.trim())
  if (!libraries.every((file) => path.isAbsolute(file))) return once  // clang has no such libraries to load
  configure(builds.asan, { NODE_MLS_ADDON: 'ON' })
  compile(builds.asan, 'node_mls')
  // Where node-gyp-build looks when NODE_MLS_PREBUILD names a folder.
  const folder = path.join(folderOf(builds.asan), 'addon')
  const release = path.join(folder, 'build', 'Release')
  fs.mkdirSync(release, { recursive: true })
  fs.copyFileSync(path.join(folderOf(builds.asan), 'binding', 'node_mls.node'), path.join(release, 'node_mls.node'))
  const env = {
    LD_PRELOAD: libraries.join(' '), NODE_MLS_PREBUILD: folder,
    ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  }
  // One process, and without the tests that start compilers, which do not run under a foreign allocator.
  const words = ['--runInBand', '--testPathIgnorePatterns', 'package', '--testTimeout', '120000']
  return runJest(['api'], words, env).api ?? once
}

/** sanitize gives the counts per sanitizer. @returns {Record<string, import('./ctest.cjs').Counts>} */
function sanitize() {
  const { folder } = findVectors()
  const env = { ...environment, ...process.env, ...(folder && { NODE_MLS_VECTORS: folder }) }
  console.log('sanitize checks its tools, builds core_tests in build/asan and build/tsan, and the')
  console.log('addon in build/asan, and runs them.')
  setup('sanitize')
  configure(builds.asan, { NODE_MLS_TESTS: 'ON' })
  compile(builds.asan, 'core_tests')
  // Random walks are slow under ASan: a tenth of their steps. The one with threads has few enough for TSan.
  const address = ctest(builds.asan, { without: 'rules', env: { MLS_WALK_SCALE: '10', ...env } })
  configure(builds.tsan, { NODE_MLS_TESTS: 'ON' })
  compile(builds.tsan, 'core_tests')
  const thread = ctest(builds.tsan, { label: 'threaded', env })
  if (thread.passed + thread.failed === 0) thread.skipped = 1  // no test has threads
  return { 'ASan and UBSan': address, TSan: thread, 'API under ASan and UBSan': sanitizeAddon() }
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
