// Fuzz targets side by side, each in a process of its own: a program for fuzz.cjs, which waits for it.
//
// It reads runs as JSON and writes what each came to. What a target prints goes into its log. An input that took too long is
// tried again by itself: where the whole machine stood still, it was not the input.
'use strict'

const fs = require('node:fs')
const { spawn } = require('node:child_process')
const { text } = require('node:stream/consumers')

/**
 * @typedef {{ target: string, command: string, args: string[], env: NodeJS.ProcessEnv, log: string }} Run
 * @typedef {{
 *   target: string, ok: boolean, log: string,
 *   seconds: number, executions: number, edges: number, features: number, inputs: number,
 * }} Result
 */

/** @param {RegExp} pattern @param {string} printed */
const lastOf = (pattern, printed) => Number([...printed.matchAll(pattern)].at(-1)?.[1] ?? 0)

/**
 * statusOf runs a command, its output in a log, and gives its exit status.
 * @param {Omit<Run, 'target'>} run
 * @returns {Promise<number | null>}
 */
function statusOf({ command, args, env, log }) {
  const output = fs.openSync(log, 'w')
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', output, output] })
    child.on('error', reject)
    child.on('close', (status) => {
      fs.closeSync(output)
      resolve(status)
    })
  })
}

/** @param {Run} run @returns {Promise<Result>} */
async function fuzz({ target, ...run }) {
  const start = process.hrtime.bigint()
  let ok = await statusOf(run) === 0
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  const printed = fs.readFileSync(run.log, 'utf8')
  const slow = /Test unit written to (\S+timeout-\S+)/.exec(printed)?.[1]
  if (!ok && slow) {
    ok = await statusOf({ ...run, args: ['-timeout=20', slow], log: `${run.log}.again` }) === 0
    if (ok) fs.rmSync(slow)
  }
  return {
    target, log: run.log, ok, seconds,
    executions: lastOf(/number_of_executed_units: *(\d+)/g, printed),
    edges: lastOf(/ cov: (\d+)/g, printed), features: lastOf(/ ft: (\d+)/g, printed),
    inputs: lastOf(/ corp: (\d+)/g, printed),
  }
}

/** runAll keeps `jobs` of them going. @param {Run[]} runs @param {number} jobs */
async function runAll(runs, jobs) {
  /** @type {Result[]} */
  const results = []
  let next = 0
  const work = async () => {
    for (let mine = next++; mine < runs.length; mine = next++) {
      const run = runs[mine]
      if (run) results[mine] = await fuzz(run)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return results
}

if (require.main === module) {
  void text(process.stdin).then(async (input) => {
    const { runs, jobs } = JSON.parse(input)
    process.stdout.write(JSON.stringify(await runAll(runs, jobs)))
  })
}
