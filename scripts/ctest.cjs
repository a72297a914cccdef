// CTest: runs the tests of a build and counts the doctest cases in its log.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { folderOf, jobs } = require('./cmake.cjs')

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * ctest runs the tests of a build: those with a label, or those without another one.
 * @param {import('./cmake.cjs').Build} build
 * @param {{ label?: string, without?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Counts}
 */
function ctest(build, { label, without, env = process.env } = {}) {
  const folder = folderOf(build)
  const log = path.join(folder, 'Testing', 'Temporary', 'LastTest.log')
  fs.rmSync(log, { force: true })
  const args = ['--output-on-failure', '-j', String(jobs), ...(label ? ['-L', label] : []), ...(without ? ['-LE', without] : [])]
  const { status } = spawnSync('ctest', args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
  const counts = fs.existsSync(log) ? countCases(fs.readFileSync(log, 'utf8')) : { passed: 0, failed: 0, skipped: 0 }
  if (status !== 0 && counts.failed === 0) counts.failed = 1
  return counts
}

/**
 * countCases reads CTest's log: one block per test file. A file that ended early gives no summary: one failure.
 * @param {string} log
 * @returns {Counts}
 */
function countCases(log) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const block of log.split(/^\d+\/\d+ Testing: /m).slice(1)) {
    const summary = /test cases:.*?(\d+) passed.*?(\d+) failed/.exec(block)
    const failed = Number(summary?.[2] ?? 0)
    counts.passed += Number(summary?.[1] ?? 0)
    counts.failed += failed === 0 && /^Test Failed\./m.test(block) ? 1 : failed
  }
  return counts
}

module.exports = { ctest }
