// npm run build:programs: examples, the bench of the API and the peers that it needs, as JavaScript in build/programs.
// They see node-mls as its users do: by its name, which leads to dist.
'use strict'

const path = require('node:path')
const { main, root, run } = require('./process.cjs')
const { buildAddon } = require('./addon.cjs')
const { buildLib } = require('./build-lib.cjs')

const folder = path.join(root, 'build', 'programs')

/** buildPrograms builds everything that they need, and them. */
function buildPrograms() {
  buildAddon()
  buildLib()
  run(path.join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.programs.json'])
}

/**
 * runProgram builds the programs and runs one of them with the arguments of this process.
 * @param {string} name its path below the project's folder, without the ending
 */
function runProgram(name) {
  buildPrograms()
  run(process.execPath, [path.join(folder, `${name}.js`), ...process.argv.slice(2)])
}

module.exports = { buildPrograms, folder, runProgram }

if (require.main === module) main(buildPrograms)
