// The addon under AddressSanitizer and UndefinedBehaviorSanitizer, instrumented like the engine, inside an ordinary node.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { capture } = require('./process.cjs')
const { compiler } = require('./platform.cjs')
const { builds, compile, configure, folderOf } = require('./cmake.cjs')

/**
 * buildAsanAddon builds it in build/asan and gives the environment in which node takes it, or null where that cannot be: on
 * other systems the runtime is loaded in other ways, and clang has no such libraries to load.
 * @returns {Record<string, string> | null}
 */
function buildAsanAddon() {
  const cxx = compiler()
  if (process.platform !== 'linux' || !cxx) return null
  const libraries = ['libasan.so', 'libubsan.so'].map((name) => capture(cxx, [`-print-file-name=${name}`]).out.trim())
  if (!libraries.every((file) => path.isAbsolute(file))) return null
  configure(builds.asan, { NODE_MLS_ADDON: 'ON' })
  compile(builds.asan, 'node_mls')
  // Where node-gyp-build looks when NODE_MLS_PREBUILD names a folder.
  const folder = path.join(folderOf(builds.asan), 'addon')
  const release = path.join(folder, 'build', 'Release')
  fs.mkdirSync(release, { recursive: true })
  fs.copyFileSync(path.join(folderOf(builds.asan), 'binding', 'node_mls.node'), path.join(release, 'node_mls.node'))
  return {
    LD_PRELOAD: libraries.join(' '), NODE_MLS_PREBUILD: folder,
    ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  }
}

module.exports = { buildAsanAddon }
