// npm run types: the TypeScript compiler over the scripts.
'use strict'

const path = require('node:path')
const { main, root, run } = require('./process.cjs')
const { setup } = require('./setup.cjs')

function types() {
  setup('types')
  run(path.join(root, 'node_modules', '.bin', 'tsc'), ['--noEmit', '-p', 'tsconfig.json'])
  console.log('types: no errors')
}

module.exports = { types }

if (require.main === module) main(types)
