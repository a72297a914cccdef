// npm run build:lib: lib/ as JavaScript in dist/, for `require` and for `import`.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { main, root, run } = require('./process.cjs')
const { emitMjs } = require('./emit-mjs.cjs')
const { setup } = require('./setup.cjs')

function buildLib() {
  setup('types')
  // Built beside and then moved, so that who loads dist meanwhile finds the one or the other.
  const dist = path.join(root, 'dist')
  const built = path.join(root, `dist.${process.pid}.tmp`)
  run(path.join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json', '--outDir', built])
  emitMjs(built)
  fs.rmSync(dist, { recursive: true, force: true })
  fs.renameSync(built, dist)
  console.log('build:lib: dist/index.js, dist/index.mjs')
}

module.exports = { buildLib }

if (require.main === module) main(buildLib)
