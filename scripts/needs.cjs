// What the commands need from the system: for each a name, how it is found, and its package per package manager.
'use strict'

const path = require('node:path')
const { clang, clangFormat } = require('./clang-tools.cjs')
const { binaries } = require('./postgres.cjs')
const { capture, firstOf } = require('./process.cjs')
const { compiler, includeFolders, opensslRoot } = require('./platform.cjs')

/**
 * compiles says whether the C++ compiler takes a source text, and links it when `link` is given.
 * @param {string} source
 * @param {{ flags?: string[], link?: string[] }} [options]
 */
function compiles(source, { flags = [], link } = {}) {
  const cxx = compiler()
  if (!cxx) return false
  const folders = includeFolders().map((folder) => `-I${folder}`)
  const end = link ? ['-o', '/dev/null', '-x', 'c++', '-', '-x', 'none', ...link] : ['-fsyntax-only', '-x', 'c++', '-']
  return capture(cxx, ['-std=c++20', ...folders, ...flags, ...end], source).ok
}

/** @param {string} header */
const hasHeader = (header) => compiles(`#if !__has_include(<${header}>)\n#error\n#endif\n`)

/** @param {string} sanitizer */
const hasSanitizer = (sanitizer) =>
  compiles('int main() {}', { flags: [`-fsanitize=${sanitizer}`], link: [] })

function hasCmake() {
  const version = /(\d+)\.(\d+)/.exec(capture('cmake', ['--version']).out)
  return version !== null && Number(version[1]) * 1000 + Number(version[2]) >= 3018
}

function hasLibcrypto() {
  const source = '#include <openssl/crypto.h>\n#if OPENSSL_VERSION_MAJOR < 3\n#error\n#endif\n' +
    'int main() { return OpenSSL_version_num() == 0; }\n'
  const folder = opensslRoot()
  if (!folder) return compiles(source, { link: ['-l:libcrypto.a', '-lpthread', '-ldl'] })
  const flags = [`-I${path.join(folder, 'include')}`]
  const system = process.platform === 'darwin' ? [] : ['-lpthread', '-ldl']
  return compiles(source, { flags, link: [path.join(folder, 'lib', 'libcrypto.a'), ...system] })
}

/**
 * Where a package does not do, `command` names what is to be run besides installing packages.
 * @typedef {{
 *   name: string, there: () => boolean,
 *   apt: string[], dnf: string[], brew: string[],
 *   command?: Partial<Record<import('./platform.cjs').Manager, string>>
 * }} Need
 */

/** @type {Record<string, Need>} */
const needs = {
  cmake: { name: 'cmake 3.18 or newer', there: hasCmake, apt: ['cmake'], dnf: ['cmake'], brew: ['cmake'] },
  compiler: {
    name: 'a C++20 compiler',
    there: () => compiles('#include <concepts>\n#include <span>\ntemplate <std::integral T> std::span<T> f();\n'),
    apt: ['g++'], dnf: ['gcc-c++'], brew: [], command: { brew: 'xcode-select --install' },
  },
  maker: {
    name: 'ninja or make',
    there: () => firstOf(['ninja', 'make']) !== undefined,
    apt: ['ninja-build'], dnf: ['ninja-build'], brew: ['ninja'],
  },
  libcrypto: {
    name: 'OpenSSL 3 with libcrypto.a',
    there: hasLibcrypto,
    apt: ['libssl-dev'],
    dnf: ['curl', 'gcc', 'make', 'perl-core'], command: { dnf: 'deps/build-openssl.sh' },  // Fedora has no libcrypto.a
    brew: ['openssl@3'],
  },
  gyp: {
    name: 'python3 and make (better-sqlite3)',
    there: () => firstOf(['python3']) !== undefined && firstOf(['make']) !== undefined,
    apt: ['python3', 'make'], dnf: ['python3', 'make'], brew: [], command: { brew: 'xcode-select --install' },
  },
  doctest: {
    name: 'doctest (C++ tests)',
    there: () => hasHeader('doctest/doctest.h'),
    apt: ['doctest-dev'], dnf: ['doctest-devel'], brew: ['doctest'],
  },
  json: {
    name: 'nlohmann-json (C++ tests)',
    there: () => hasHeader('nlohmann/json.hpp'),
    apt: ['nlohmann-json3-dev'], dnf: ['json-devel'], brew: ['nlohmann-json'],
  },
  sanitizers: {
    name: 'the sanitizers of the compiler',
    there: () => hasSanitizer('address,undefined') && hasSanitizer('thread'),
    apt: ['g++'], dnf: ['libasan', 'libubsan', 'libtsan'], brew: [], command: { brew: 'xcode-select --install' },
  },
  fuzzer: {
    name: 'clang with libFuzzer',
    there: () => {
      const cxx = clang()
      const source = '#include <cstddef>\n#include <cstdint>\n' +
        'extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) { return 0; }\n'
      const words = ['-std=c++20', '-fsanitize=fuzzer,address,undefined', '-o', '/dev/null', '-x', 'c++', '-']
      return cxx !== undefined && capture(cxx, words, source).ok
    },
    apt: ['clang-19', 'libclang-rt-19-dev'], dnf: ['clang', 'compiler-rt'], brew: ['llvm@19'],
  },
  postgres: {
    name: 'PostgreSQL, 12 or newer', there: () => binaries() !== undefined,
    apt: ['postgresql'], dnf: ['postgresql-server'], brew: ['postgresql@16'],
  },
  format: {
    name: 'clang-format 19',
    there: () => clangFormat() !== undefined,
    apt: ['clang-format-19'], dnf: ['clang-tools-extra'], brew: ['llvm@19'],
  },
  // Not needed by any command, but used where they are; continuous integration installs them.
  ccache: { name: 'ccache', there: () => firstOf(['ccache']) !== undefined, apt: ['ccache'], dnf: ['ccache'], brew: ['ccache'] },
  ninja: { name: 'ninja', there: () => firstOf(['ninja']) !== undefined, apt: ['ninja-build'], dnf: ['ninja-build'], brew: ['ninja'] },
  clang: {
    name: 'clang',
    there: () => clang() !== undefined,
    apt: ['clang-19'], dnf: ['clang'], brew: [], command: { brew: 'xcode-select --install' },
  },
}

/** Which needs a purpose has. */
const purposes = {
  engine: ['cmake', 'compiler', 'maker', 'libcrypto'],
  tests: ['cmake', 'compiler', 'maker', 'libcrypto', 'doctest', 'json'],
  sanitize: ['cmake', 'compiler', 'maker', 'libcrypto', 'doctest', 'json', 'sanitizers'],
  format: ['format'],
  clang: ['cmake', 'compiler', 'maker', 'libcrypto', 'clang'],
  fuzz: ['cmake', 'maker', 'libcrypto', 'doctest', 'fuzzer'],
  npm: ['compiler', 'gyp'],
  stores: ['postgres'],
  types: [],
  ci: ['cmake', 'compiler', 'ninja', 'libcrypto', 'doctest', 'json', 'sanitizers', 'format', 'ccache', 'clang', 'fuzzer', 'postgres'],
}

module.exports = { needs, purposes }
