// npm run test:core: builds the engine's tests, runs them with CTest and counts the vector cases.
//
// The first line says which vector sets were found; the last two are the results over them.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { main } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure } = require('./cmake.cjs')
const { ctest } = require('./ctest.cjs')
const { describe, findVectors, officialKinds, wycheproofKinds } = require('./vectors.cjs')
const { readTally, sumUp } = require('./tally.cjs')

/** @typedef {import('./ctest.cjs').Counts} Counts */

/** @param {Counts} counts */
const inWords = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`

/** testCore gives the counts per suite. @returns {Record<string, Counts>} */
function testCore() {
  const found = findVectors()
  console.log(describe(found))
  console.log('test:core checks its tools, builds core_tests in build/release and runs each of its files with CTest.')
  setup('tests')
  configure(builds.release, { NODE_MLS_TESTS: 'ON' })
  compile(builds.release, 'core_tests')

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))
  try {
    const file = path.join(folder, 'tally')
    /** @type {NodeJS.ProcessEnv} */
    const env = { ...process.env, NODE_MLS_TALLY: file, ...(found.folder && { NODE_MLS_VECTORS: found.folder }) }
    const cases = ctest(builds.release, { without: 'rules', env })
    const own = sumUp(readTally(file, 'own'), [], found.own)
    const official = sumUp(readTally(file, 'official'), officialKinds, found.official)
    const wycheproof = sumUp(readTally(file, 'wycheproof'), wycheproofKinds, found.wycheproof)
    console.log(`engine tests: ${inWords(cases)}`)
    console.log(`own vectors: ${inWords(own)}`)
    console.log(`official vectors: ${inWords(official)}`)
    console.log(`wycheproof: ${inWords(wycheproof)}`)
    return { 'engine tests': cases, 'own vectors': own, 'official vectors': official, wycheproof }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

module.exports = { testCore }

if (require.main === module) {
  main(() => {
    if (Object.values(testCore()).some((counts) => counts.failed > 0)) process.exitCode = 1
  })
}
