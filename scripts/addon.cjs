// npm run addon: builds the addon in build/release, beside the engine's other programs, and puts it where
// node-gyp-build looks, build/Release/node_mls.node.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { main, root } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure, folderOf } = require('./cmake.cjs')

/** buildAddon builds it incrementally and gives its path. @returns {string} */
function buildAddon() {
  setup('engine')
  configure(builds.release, { NODE_MLS_ADDON: 'ON' })
  compile(builds.release, 'node_mls')
  const built = path.join(folderOf(builds.release), 'binding', 'node_mls.node')
  const folder = path.join(root, 'build', 'Release')
  const target = path.join(folder, 'node_mls.node')
  fs.mkdirSync(folder, { recursive: true })
  const same = fs.existsSync(target) && fs.readFileSync(target).equals(fs.readFileSync(built))
  if (!same) {
    // A process may have the old file mapped, so it is replaced and not written over.
    fs.copyFileSync(built, `${target}.tmp`)
    fs.renameSync(`${target}.tmp`, target)
  }
  return target
}

module.exports = { buildAddon }

if (require.main === module) {
  main(() => {
    console.log('addon builds the engine and the Node.js addon in build/release (all of it the first time).')
    console.log(path.relative(root, buildAddon()))
  })
}
