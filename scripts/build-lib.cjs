// npm run build:lib: lib/ as JavaScript in dist/, for `require` and for `import`.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { main, root, run } = require('./process.cjs')
const { emitMjs } = require('./emit-mjs.cjs')
const { setup } = require('./setup.cjs')

function buildLib() {
  setup('types')
  fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true })
  run(path.join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'])
  emitMjs()
  console.log('build:lib: dist/index.js, dist/index.mjs')
}

module.exports = { buildLib }

if (require.main === module) main(buildLib)
