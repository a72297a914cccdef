// The test of the set-up's advice: what it prints on Debian, Fedora and macOS, without being there.
'use strict'

const { Failure, main } = require('./process.cjs')
const { needs, purposes } = require('./needs.cjs')
const { installCommand } = require('./setup.cjs')

/** @param {string[]} keys */
const missing = (...keys) => keys.flatMap((key) => needs[key] ?? [])

/** What is missing, on which machine, and the command. @type {[string[], 'apt' | 'dnf' | 'brew' | undefined, boolean, string | undefined][]} */
const cases = [
  [['cmake', 'libcrypto'], 'apt', false,
    'sudo apt-get update && sudo apt-get install -y --no-install-recommends cmake libssl-dev'],
  [['compiler'], 'apt', true, 'apt-get update && apt-get install -y --no-install-recommends g++'],
  [['compiler', 'maker', 'doctest', 'json'], 'dnf', false,
    'sudo dnf install -y gcc-c++ ninja-build doctest-devel json-devel'],
  [['libcrypto'], 'dnf', false, 'sudo dnf install -y curl gcc make perl-core && deps/build-openssl.sh'],
  [['libcrypto'], 'dnf', true, 'dnf install -y curl gcc make perl-core && deps/build-openssl.sh'],
  [['cmake', 'libcrypto', 'doctest', 'json', 'format'], 'brew', false,
    'brew install cmake openssl@3 doctest nlohmann-json llvm@19'],
  [['fuzzer'], 'apt', false,
    'sudo apt-get update && sudo apt-get install -y --no-install-recommends clang-19 libclang-rt-19-dev'],
  [['compiler'], 'brew', false, 'xcode-select --install'],
  [['compiler', 'sanitizers', 'cmake'], 'brew', false, 'xcode-select --install && brew install cmake'],
  [['cmake'], undefined, false, undefined],
]

/** testSetup gives its counts, or throws. */
function testSetup() {
  for (const [keys, manager, asRoot, expected] of cases) {
    const command = installCommand(missing(...keys), { manager, asRoot })
    if (command !== expected) throw new Failure(`set-up self-test: ${keys} on ${manager}: ${command}`)
  }
  let passed = cases.length
  for (const [purpose, keys] of Object.entries(purposes)) {
    for (const manager of /** @type {const} */ (['apt', 'dnf', 'brew'])) {
      for (const need of missing(...keys)) {
        const command = installCommand([need], { manager, asRoot: false })
        if (!command || / $/.test(command)) throw new Failure(`set-up self-test: ${need.name} of ${purpose} on ${manager}`)
      }
      passed += 1
    }
  }
  console.log(`set-up self-test: ${passed} cases on Debian, Fedora and macOS`)
  return { passed, failed: 0, skipped: 0 }
}

module.exports = { testSetup }

if (require.main === module) main(testSetup)
