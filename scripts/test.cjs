// npm test: the quick suites: the engine with its vectors, and the API, the examples and the bench by jest.
'use strict'

const { main } = require('./process.cjs')
const { jest } = require('./jest.cjs')
const { testCore } = require('./test-core.cjs')

main(() => {
  const counts = { ...testCore(), ...jest(['api', 'issues', 'examples', 'bench', 'docs']) }
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of Object.values(counts)) {
    sum.passed += passed
    sum.failed += failed
    sum.skipped += skipped
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
  if (sum.failed > 0) process.exitCode = 1
})
