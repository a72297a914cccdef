#!/usr/bin/env node
// What prebuildify starts in place of node-gyp: cmake-js in a folder of its own, its module put into build/Release,
// where prebuildify takes the one that it finds.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { main, root, run } = require('./process.cjs')
const { opensslRoot } = require('./platform.cjs')

/** @param {string} name */
const option = (name) => process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3)

main(() => {
  const folder = path.join('build', 'cmake-js')
  const words = ['compile', '-O', folder]
  const arch = option('arch')
  if (arch) words.push(`--arch=${arch}`)
  const openssl = opensslRoot()
  if (openssl) words.push(`--CDOPENSSL_ROOT_DIR=${openssl}`)
  run(process.execPath, [require.resolve('cmake-js/bin/cmake-js'), ...words])
  const target = path.join(root, 'build', 'Release')
  fs.mkdirSync(target, { recursive: true })
  fs.copyFileSync(path.join(root, folder, 'Release', 'node_mls.node'), path.join(target, 'node_mls.node'))
})
