// npm run bench: the API beside ts-mls and mls-ts, and state in stores; the results go to bench/results. With --chart it draws
// those that are there.
'use strict'

const { main } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure } = require('./cmake.cjs')
const { runProgram } = require('./build-programs.cjs')

main(() => {
  if (process.argv.includes('--chart')) {
    console.log('bench builds the addon, the library and the programs, and draws the chart anew from the results.')
    return runProgram('bench/api/main')
  }
  console.log('bench builds the addon, the library and the programs, and measures the API beside its peers on npm and beside the')
  console.log('bare cryptography, with the program of bench:core; then what stores are given, loading and durable messages.')
  setup('engine')
  configure(builds.release)
  compile(builds.release, 'core_bench')
  runProgram('bench/api/main')
})
