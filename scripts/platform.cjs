// The machine: its package manager, its C++ compiler, and where OpenSSL lies when that is not a standard place.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { capture, firstOf, root } = require('./process.cjs')

const isRoot = process.getuid?.() === 0

/** @typedef {'apt' | 'dnf' | 'brew'} Manager */

/** @returns {Manager | undefined} */
function packageManager() {
  if (process.platform === 'darwin') return 'brew'
  if (firstOf(['apt-get'])) return 'apt'
  if (firstOf(['dnf'])) return 'dnf'
  return undefined
}

/** compiler gives the C++ compiler that CMake will take, or undefined. */
function compiler() {
  return firstOf(process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'])
}

/** opensslRoot gives the folder of an OpenSSL outside the standard places, or undefined. */
function opensslRoot() {
  if (process.env.OPENSSL_ROOT_DIR) return path.resolve(process.env.OPENSSL_ROOT_DIR)
  const own = path.join(root, 'build', 'openssl')
  if (fs.existsSync(path.join(own, 'lib', 'libcrypto.a'))) return own
  if (process.platform !== 'darwin') return undefined
  const brew = capture('brew', ['--prefix', 'openssl@3'])
  return brew.ok ? brew.out : undefined
}

/** includeFolders gives the folders of headers that the compiler does not search by itself. */
function includeFolders() {
  if (process.platform !== 'darwin') return []
  const brew = capture('brew', ['--prefix'])
  return brew.ok ? [path.join(brew.out, 'include')] : []
}

module.exports = { compiler, includeFolders, isRoot, opensslRoot, packageManager }
