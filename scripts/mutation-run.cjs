// Test cases side by side, each in a process of its own: a program for mutation.cjs, which waits for it.
//
// It reads chains of runs as JSON and writes what became of each run. A chain ends at the first run that does not pass.
'use strict'

const { spawn } = require('node:child_process')
const { text } = require('node:stream/consumers')

/**
 * A run is one test case, counted from 1 among those that the program's filters leave.
 * @typedef {{ program: string, args: string[], index: number, mutate?: number, limit: number }} Run
 * @typedef {{ fate: 'passed' | 'failed' | 'crashed' | 'hung', seconds: number, index: number, out: string[][] }} Fate
 */

/** A mutant may allocate without bound: its process may not. In KiB. */
const memory = 4 << 20

/**
 * run gives the fate of a test case. Of what it printed only the lines that begin with "mls_checks" come back, in fields.
 * @param {Run} run
 * @returns {Promise<Fate>}
 */
function run({ program, args, index, mutate, limit }) {
  const words = [...args, `--first=${index}`, `--last=${index}`, '--no-colors']
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, ...(mutate !== undefined && { MLS_MUTATE: String(mutate) }) }
  const start = process.hrtime.bigint()
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `ulimit -c 0 && ulimit -v ${memory} && exec "$0" "$@"`, program, ...words],
      { env, stdio: ['ignore', 'pipe', 'ignore'] })
    let printed = ''
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, limit * 1000)
    child.stdout.setEncoding('utf8').on('data', (chunk) => { printed += chunk })
    child.on('error', reject)
    child.on('close', (status, signal) => {
      clearTimeout(timer)
      const out = printed.split('\n').map((line) => line.split('\t')).filter(([first]) => first === 'mls_checks')
      const fate = late ? 'hung' : signal ? 'crashed' : status === 0 ? 'passed' : 'failed'
      resolve({ fate, seconds: Number(process.hrtime.bigint() - start) / 1e9, index, out: out.map(([, ...rest]) => rest) })
    })
  })
}

/** @param {Run[]} chain */
async function runChain(chain) {
  /** @type {Fate[]} */
  const fates = []
  for (const one of chain) {
    const fate = await run(one)
    fates.push(fate)
    if (fate.fate !== 'passed') break
  }
  return fates
}

/** runAll keeps `jobs` chains going. @param {Run[][]} chains @param {number} jobs */
async function runAll(chains, jobs) {
  /** @type {Fate[][]} */
  const results = []
  let next = 0
  const work = async () => {
    while (next < chains.length) {
      const mine = next++
      results[mine] = await runChain(chains[mine] ?? [])
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return results
}

if (require.main === module) {
  void text(process.stdin).then(async (input) => {
    const { chains, jobs } = JSON.parse(input)
    process.stdout.write(JSON.stringify(await runAll(chains, jobs)))
  })
}
