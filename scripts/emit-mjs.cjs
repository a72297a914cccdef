// The ESM face of dist/: one module instance, so that `import` and `require` share classes and the addon.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure, main, root } = require('./process.cjs')

/** emitMjs writes index.mjs and its types, with every name that index.js exports. @param {string} dist the folder */
function emitMjs(dist) {
  const text = fs.readFileSync(path.join(dist, 'index.js'), 'utf8')
  const pattern = /^(?:exports\.(\w+) = (?!void 0|exports)|Object\.defineProperty\(exports, "(\w+)", \{ enumerable)/gm
  const found = [...text.matchAll(pattern)].map(([, assigned, defined]) => assigned ?? defined ?? '')
  const names = [...new Set(found)].filter((name) => name !== '__esModule').sort()
  if (names.length === 0) throw new Failure('dist/index.js exports nothing that emit-mjs.cjs can see')
  fs.writeFileSync(path.join(dist, 'index.mjs'),
    `import cjs from './index.js'\nexport const {\n${names.map((name) => `  ${name},\n`).join('')}} = cjs\n`)
  fs.writeFileSync(path.join(dist, 'index.d.mts'), "export * from './index.js'\n")
}

module.exports = { emitMjs }

if (require.main === module) main(() => emitMjs(path.join(root, 'dist')))
