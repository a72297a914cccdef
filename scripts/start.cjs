// npm start: the group server of examples/group-server on real input; --help lists its options.
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { main, root } = require('./process.cjs')
const { buildPrograms, folder } = require('./build-programs.cjs')

main(() => {
  console.log('npm start builds the addon, the library and the examples (all of it the first time), and runs the group')
  console.log('server: a roster becomes one big group, which talks, changes and restarts.')
  buildPrograms()
  // Not by `run`, which repeats the arguments of what failed: there may be a password in them. The server says itself what is wrong.
  const words = [path.join(folder, 'examples', 'group-server', 'main.js'), ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  process.exitCode = status ?? 1
})
