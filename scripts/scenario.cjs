// npm run scenario: builds the engine and examples/scenario.cc and runs it.
'use strict'

const path = require('node:path')
const { main, run } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure, folderOf } = require('./cmake.cjs')

main(() => {
  console.log('scenario checks its tools, builds the engine and examples/scenario.cc in build/release (all of it the')
  console.log('first time), and runs it: members form a group, write to each other and restart.')
  setup('engine')
  configure(builds.release)
  compile(builds.release, 'scenario')
  run(path.join(folderOf(builds.release), 'examples', 'scenario'), process.argv.slice(2))
})
