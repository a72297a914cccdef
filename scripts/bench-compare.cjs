// npm run bench:compare: the event-loop delays and sizes of the README's table.
'use strict'

const { main } = require('./process.cjs')
const { runProgram } = require('./build-programs.cjs')

main(() => {
  console.log('bench:compare builds the addon, the library and the programs, and measures how long the event loop is held up.')
  runProgram('bench/compare/main')
})
