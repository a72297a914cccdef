// npm run test:api, test:addon, test:interop, test:examples, test:bench, test:docs, test:faults, test:forge: the tests in
// TypeScript, by jest, on an addon that is built first. Words after `--` go to jest, but for `--full`: faults are tried as
// often as there is any use in it, for many minutes; and `--count N`: so many inputs are forged.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Failure, main, root, run } = require('./process.cjs')
const { buildAddon } = require('./addon.cjs')
const { setup } = require('./setup.cjs')
const { findVectors } = require('./vectors.cjs')

/** @typedef {import('./ctest.cjs').Counts} Counts */

/** Those that start a PostgreSQL. */
const withServer = ['api', 'examples', 'faults']

/** The folders below test/ that jest runs, in the order of `verify`. */
const suites = ['api', 'addon', 'issues', 'examples', 'bench', 'docs', 'faults', 'forge', 'interop']

/**
 * jest runs some of the suites on the addon of build/release and gives their counts.
 * @param {string[]} names
 * @param {string[]} [words]
 */
function jest(names, words = []) {
  buildAddon()
  if (names.some((name) => withServer.includes(name))) setup('stores')
  return runJest(names, words)
}

/** @typedef {{ testResults: { name: string, status: string, assertionResults: { title: string, status: string }[] }[] }} Report */

/** @param {string[]} names */
const thereOf = (names) => names.filter((name) => fs.existsSync(path.join(root, 'test', name)))

/**
 * runJest runs them, or files of theirs, on the addon that is there, or that `more` names.
 * @param {string[]} names suites, or files such as api/16-arguments.test.ts
 * @param {string[]} [words]
 * @param {NodeJS.ProcessEnv} [more]
 * @returns {Record<string, Counts>}
 */
const runJest = (names, words = [], more = {}) =>
  countsOf(reportOf(names, words, more), [...new Set(thereOf(names).map((name) => name.split('/')[0] ?? name))])

/** Of two cores jest would use one, though files wait for disks, servers and children for much of their time. */
const workers = Math.max(2, os.availableParallelism() - 1)

/**
 * reportOf runs them and gives what jest reports.
 * @param {string[]} names suites, or files of them
 * @param {string[]} [words]
 * @param {NodeJS.ProcessEnv} [more]
 * @returns {Report}
 */
function reportOf(names, words = [], more = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))
  const report = path.join(folder, 'report.json')
  const found = findVectors().folder
  const env = { ...process.env, ...more, ...(found && { NODE_MLS_VECTORS: found }) }
  try {
    run(path.join(root, 'node_modules', '.bin', 'jest'),
      [...thereOf(names).map((name) => path.join('test', name, path.extname(name) ? '' : path.sep)), '--json', '--outputFile', report,
        ...(words.some((word) => /^(--maxWorkers|-w|-i|--runInBand)\b/.test(word)) ? [] : ['--maxWorkers', String(workers)]), ...words], { env })
  } catch (error) {
    if (!(error instanceof Failure) || !fs.existsSync(report)) throw error
  }
  const read = JSON.parse(fs.readFileSync(report, 'utf8'))
  fs.rmSync(folder, { recursive: true })
  return read
}

/**
 * @param {Report} report
 * @param {string[]} names
 */
function countsOf(report, names) {
  /** @type {Record<string, Counts>} */
  const counts = Object.fromEntries(names.map((name) => [name, { passed: 0, failed: 0, skipped: 0 }]))
  for (const file of report.testResults) {
    const [, suite = ''] = path.relative(root, file.name).split(path.sep)
    const sum = counts[suite]
    if (!sum) continue
    for (const { status } of file.assertionResults) {
      if (status === 'passed') sum.passed += 1
      else if (status === 'failed') sum.failed += 1
      else sum.skipped += 1
    }
    // A file that could not be read or run has no tests to count.
    if (file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')) sum.failed += 1
  }
  return counts
}

module.exports = { jest, reportOf, runJest, suites }

if (require.main === module) {
  main(() => {
    const words = process.argv.slice(2).filter((word) => word !== '--full')
    const count = words.indexOf('--count')
    if (count >= 0) [, process.env.NODE_MLS_FORGE_COUNT] = words.splice(count, 2)
    if (process.argv.includes('--full')) process.env.NODE_MLS_FULL = '1'
    const names = words.filter((word) => suites.includes(word))
    console.log(`Builds the addon when it is not up to date and runs test/${names.join(', test/')} with jest.`)
    const counts = jest(names, words.filter((word) => !suites.includes(word)))
    if (Object.values(counts).some(({ failed }) => failed > 0)) process.exitCode = 1
  })
}
