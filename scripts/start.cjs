// npm start: the group server of examples/group-server on real input; --help lists its options.
'use strict'

const { main } = require('./process.cjs')
const { runProgram } = require('./build-programs.cjs')

main(() => {
  console.log('npm start builds the addon, the library and the examples (all of it the first time), and runs the group')
  console.log('server: a roster becomes one big group, which talks, changes and restarts.')
  runProgram('examples/group-server/main')
})
