// Child processes. None of them gets an input; their output goes to the terminal (run) or comes back (capture).
'use strict'

const { spawnSync } = require('node:child_process')
const path = require('node:path')

const root = path.dirname(__dirname)

/** Failure ends a script with its message and no stack: something the reader can act on. */
class Failure extends Error {}

/**
 * run starts a command in the project's folder and throws a Failure unless it ends with 0.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean }} [options] quiet: show the output only on failure
 */
function run(command, args, options = {}) {
  const { env = process.env, quiet = false } = options
  const output = quiet ? 'pipe' : 'inherit'
  const result = spawnSync(command, args, { cwd: root, env, stdio: ['ignore', output, output], maxBuffer: 1 << 28 })
  if (result.error) throw new Failure(`${command}: ${result.error.message}`)
  if (result.status === 0) return
  if (quiet) process.stderr.write(Buffer.concat([result.stdout, result.stderr]))
  throw new Failure(`${command} ${args.join(' ')}: ${result.signal ?? `exit status ${result.status}`}`)
}

/**
 * capture gives what a command printed, and whether it ended with 0; a command that is not there did not.
 * @param {string} command
 * @param {string[]} args
 * @param {string} [input]
 */
function capture(command, args, input = '') {
  const result = spawnSync(command, args, { cwd: root, input, encoding: 'utf8', maxBuffer: 1 << 28 })
  return { ok: result.status === 0, out: (result.stdout ?? '').trim(), err: (result.stderr ?? '').trim() }
}

/**
 * firstOf gives the first of the commands that answers `--version`, or undefined.
 * @param {(string | undefined)[]} commands
 */
function firstOf(commands) {
  return commands.find((command) => command && capture(command, ['--version']).ok)
}

/**
 * main runs the body of a script and turns a Failure into a line and exit status 1.
 * @param {() => unknown} body
 */
function main(body) {
  try {
    body()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    console.error(`\n${error.message}`)
    process.exitCode = 1
  }
}

module.exports = { Failure, capture, firstOf, main, root, run }
