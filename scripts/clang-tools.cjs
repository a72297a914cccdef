// clang and clang-format, under the names that systems give them.
'use strict'

const { capture, firstOf } = require('./process.cjs')

/** clangFormat gives the command of clang-format 19 (another version formats differently), or undefined. */
function clangFormat() {
  const kegs = ['/opt/homebrew/opt/llvm@19/bin/clang-format', '/usr/local/opt/llvm@19/bin/clang-format']
  return ['clang-format-19', 'clang-format', ...kegs].find((command) =>
    capture(command, ['--version']).out.includes('version 19.'))
}

/** clang gives the command of a clang, or undefined. */
function clang() {
  return firstOf(['clang++-19', 'clang++'])
}

module.exports = { clang, clangFormat }
