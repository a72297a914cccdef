// Fuzz targets side by side, each in a process of its own: a program for fuzz.cjs, which waits for it.
//
// It reads runs as JSON and writes what each came to. What a target prints goes into its log.
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

/** @param {Run} run @returns {Promise<Result>} */
function fuzz({ target, command, args, env, log }) {
  const start = process.hrtime.bigint()
  const output = fs.openSync(log, 'w')
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', output, output] })
    child.on('error', reject)
    child.on('close', (status) => {
      fs.closeSync(output)
      const printed = fs.readFileSync(log, 'utf8')
      resolve({
        target, log, ok: status === 0, seconds: Number(process.hrtime.bigint() - start) / 1e9,
        executions: lastOf(/number_of_executed_units: *(\d+)/g, printed),
        edges: lastOf(/ cov: (\d+)/g, printed), features: lastOf(/ ft: (\d+)/g, printed),
        inputs: lastOf(/ corp: (\d+)/g, printed),
      })
    })
  })
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
