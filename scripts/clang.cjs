// npm run clang: compiles the engine with clang, whose warnings differ from those of g++.
'use strict'

const { main } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure } = require('./cmake.cjs')
const { clang } = require('./clang-tools.cjs')

/** compileWithClang says false when there is no clang. */
function compileWithClang() {
  const cxx = clang()
  if (!cxx) return false
  setup('engine')
  console.log(`clang compiles the engine with ${cxx} in build/clang.`)
  configure(builds.clang, { CMAKE_CXX_COMPILER: cxx })
  compile(builds.clang, 'mls_core')
  return true
}

module.exports = { compileWithClang }

if (require.main === module) {
  main(() => {
    setup('clang')
    compileWithClang()
  })
}
