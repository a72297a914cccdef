// CTest: runs the tests of a build and counts the doctest cases in its log.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { folderOf, jobs } = require('./cmake.cjs')

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * ctest runs every test of a build, or those with a label. A test program that crashed counts as one failure.
 * @param {import('./cmake.cjs').Build} build
 * @param {{ label?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Counts}
 */
function ctest(build, { label, env = process.env } = {}) {
  const folder = folderOf(build)
  const log = path.join(folder, 'Testing', 'Temporary', 'LastTest.log')
  fs.rmSync(log, { force: true })
  const args = ['--output-on-failure', '-j', String(jobs), ...(label ? ['-L', label] : [])]
  const { status } = spawnSync('ctest', args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
  const counts = fs.existsSync(log) ? countCases(fs.readFileSync(log, 'utf8')) : { passed: 0, failed: 0, skipped: 0 }
  if (status !== 0 && counts.failed === 0) counts.failed = 1
  return counts
}

/** @param {string} log @returns {Counts} */
function countCases(log) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const match of log.matchAll(/test cases:.*?(\d+) passed.*?(\d+) failed/g)) {
    counts.passed += Number(match[1])
    counts.failed += Number(match[2])
  }
  return counts
}

module.exports = { ctest }
