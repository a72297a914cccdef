// npm run build:lib: lib/ as JavaScript in dist/, for `require` and for `import`.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { main, root, run } = require('./process.cjs')
const { emitMjs } = require('./emit-mjs.cjs')
const { setup } = require('./setup.cjs')

const dist = path.join(root, 'dist')

/** isFresh says whether dist/ is newer than everything that it is made of, folders included. */
function isFresh() {
  const made = path.join(dist, 'index.mjs')
  if (!fs.existsSync(made)) return false
  const sources = ['lib', ...fs.readdirSync(path.join(root, 'lib'), { recursive: true }).map((name) => path.join('lib', String(name))),
    'tsconfig.json', 'tsconfig.build.json', 'scripts/build-lib.cjs', 'scripts/emit-mjs.cjs']
  const { mtimeMs } = fs.statSync(made)
  return sources.every((file) => fs.statSync(path.join(root, file)).mtimeMs < mtimeMs)
}

/** buildLib builds dist/ unless it is up to date. */
function buildLib() {
  if (isFresh()) return
  setup('types')
  // Built beside and then moved, so that who loads dist meanwhile finds the one or the other.
  const built = path.join(root, `dist.${process.pid}.tmp`)
  run(path.join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json', '--outDir', built])
  emitMjs(built)
  fs.rmSync(dist, { recursive: true, force: true })
  fs.renameSync(built, dist)
  console.log('build:lib: dist/index.js, dist/index.mjs')
}

module.exports = { buildLib }

if (require.main === module) main(buildLib)
