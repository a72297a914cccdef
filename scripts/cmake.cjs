// The builds: one folder each under build/, configured when needed and built incrementally.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { firstOf, root, run } = require('./process.cjs')
const { opensslRoot } = require('./platform.cjs')

/** @typedef {{ folder: string, options: Record<string, string> }} Build */

/** @type {Record<'release' | 'asan' | 'tsan' | 'clang' | 'fuzz', Build>} */
const builds = {
  release: { folder: 'release', options: {} },
  asan: { folder: 'asan', options: { NODE_MLS_SANITIZE: 'address' } },
  tsan: { folder: 'tsan', options: { NODE_MLS_SANITIZE: 'thread' } },
  fuzz: { folder: 'fuzz', options: { NODE_MLS_SANITIZE: 'fuzzer' } },
  // A second compiler's warnings: nothing of this build is run, so it does not optimise.
  clang: { folder: 'clang', options: { CMAKE_BUILD_TYPE: 'Debug', CMAKE_CXX_FLAGS_DEBUG: '-O0 -g0' } },
}

/** A compiler of this project takes up to about 1.5 GiB under the sanitizers. */
const jobs = Math.max(1, Number(process.env.NODE_MLS_JOBS) ||
  Math.min(os.availableParallelism(), Math.floor(os.totalmem() / 1.5e9)))

/** @param {Build} build */
const folderOf = (build) => path.join(root, 'build', build.folder)

/**
 * configure writes the build files of a build; options given in an earlier call stay.
 * @param {Build} build
 * @param {Record<string, string>} [more]
 */
function configure(build, more = {}) {
  const folder = folderOf(build)
  const cache = path.join(folder, 'CMakeCache.txt')
  if (fs.existsSync(cache) && !fs.readFileSync(cache, 'utf8').includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${root}\n`)) {
    fs.rmSync(folder, { recursive: true })  // the project was moved
  }
  /** @type {Record<string, string>} */
  const options = { ...build.options, ...more }
  const openssl = opensslRoot()
  if (openssl) options.OPENSSL_ROOT_DIR = openssl
  const generator = !fs.existsSync(cache) && firstOf(['ninja']) ? ['-G', 'Ninja'] : []
  const defines = Object.entries(options).map(([name, value]) => `-D${name}=${value}`)
  run('cmake', ['-S', root, '-B', folder, ...generator, ...defines], { quiet: true })
}

/**
 * compile builds one target.
 * @param {Build} build
 * @param {string} target
 */
function compile(build, target) {
  run('cmake', ['--build', folderOf(build), '--target', target, '--parallel', String(jobs)])
}

module.exports = { builds, compile, configure, folderOf, jobs }
