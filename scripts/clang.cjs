// npm run clang: compiles the engine with clang, whose warnings differ from those of g++. Where there is libFuzzer, as the fuzz
// targets need it, so that `verify` compiles it once with clang.
'use strict'

const { main } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure } = require('./cmake.cjs')
const { clang } = require('./clang-tools.cjs')
const { needs } = require('./needs.cjs')

/** compileWithClang says false when there is no clang. */
function compileWithClang() {
  const cxx = clang()
  if (!cxx) return false
  setup('engine')
  const build = needs.fuzzer?.there() ? builds.fuzz : builds.clang
  console.log(`clang compiles the engine with ${cxx} in build/${build.folder}.`)
  configure(build, { CMAKE_CXX_COMPILER: cxx })
  compile(build, 'mls_core')
  return true
}

module.exports = { compileWithClang }

if (require.main === module) {
  main(() => {
    setup('clang')
    compileWithClang()
  })
}
