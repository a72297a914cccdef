// Runs when the package is installed: a prebuilt addon that loads is kept (one for a newer glibc does not load, which is
// noticed here); otherwise the addon is compiled with cmake-js, if that is there. In a checkout the commands build it.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const root = path.dirname(__dirname)

function prebuiltLoads() {
  try {
    require('node-gyp-build')(root)
    return true
  } catch {
    return false
  }
}

function compile() {
  try {
    require.resolve('cmake-js/bin/cmake-js')
  } catch {
    console.error('node-mls: there is no prebuilt addon for this platform. To compile it, install cmake, a C++20 compiler and')
    console.error('libcrypto.a (Debian: cmake g++ libssl-dev), then: npm install cmake-js node-addon-api node-api-headers')
    console.error('and: npm rebuild node-mls')
    return 1
  }
  return spawnSync(process.execPath, [path.join(__dirname, 'node-gyp-cmake-js.cjs')], { stdio: 'inherit', cwd: root }).status ?? 1
}

const forced = ['true', 'node-mls'].includes(process.env.npm_config_build_from_source ?? '')
const isCheckout = fs.existsSync(path.join(root, 'test', 'core'))  // not in the package
if (!isCheckout && (forced || !prebuiltLoads())) process.exitCode = compile()
