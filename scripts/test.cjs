// npm test: the quick suites, at present those of the engine.
'use strict'

const { main } = require('./process.cjs')
const { testCore } = require('./test-core.cjs')

main(() => {
  if (Object.values(testCore()).some((counts) => counts.failed > 0)) process.exitCode = 1
})
