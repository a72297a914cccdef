// npm run bench:core -- <arguments>: builds bench/*.cc as core_bench and runs it with the arguments.
'use strict'

const path = require('node:path')
const { main, run } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure, folderOf } = require('./cmake.cjs')

main(() => {
  console.log('bench:core checks its tools, builds core_bench in build/release and runs it.')
  setup('engine')
  configure(builds.release)
  compile(builds.release, 'core_bench')
  run(path.join(folderOf(builds.release), 'bench', 'core_bench'), process.argv.slice(2))
})
