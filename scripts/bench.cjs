// npm run bench: the API beside ts-mls and mls-ts; the results go to bench/results.
'use strict'

const { main } = require('./process.cjs')
const { runProgram } = require('./build-programs.cjs')

main(() => {
  console.log('bench builds the addon, the library and the programs, and measures the API beside its peers on npm.')
  runProgram('bench/api/main')
})
