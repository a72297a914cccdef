// Mutants of a test program: its checks, its test cases, and which of them notice that a check is off. See mutation.cjs.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { Failure, capture, root } = require('./process.cjs')
const { builds, folderOf, jobs } = require('./cmake.cjs')

/** @typedef {import('./mutation-run.cjs').Run} Run */
/** @typedef {import('./mutation-run.cjs').Fate} Fate */

/**
 * A test program: its target, its folder below the build's, and the sources whose test cases are left out, in the words of
 * doctest's --source-file-exclude.
 * @typedef {{ target: string, folder: string, without: string }} Program
 */

/** @typedef {{ number: number, file: string, line: number, error: string, condition: string, nth: number }} Check */
/** @typedef {{ program: Program, index: number, name: string }} ListedCase the test case counted `index` of its program */
/** @typedef {ListedCase & { seconds: number, refused: number[] }} Case */
/** @typedef {{ check: Check, killer: { fate: Fate['fate'], name: string } | undefined, met: number }} Mutant */
/** @typedef {{ file: string, error: string, condition: string, nth: number, reason: string }} Survivor */

/** keyOf names a check for longer than one build. @param {{ file: string, error: string, condition: string, nth: number }} check */
const keyOf = ({ file, error, condition, nth }) => [file, error, condition, nth].join('\t')

/** @param {Program} program */
const fileOf = ({ folder, target }) => path.join(folderOf(builds.release), folder, target)

/** @param {Program} program */
const filtersOf = ({ without }) => (without ? [`--source-file-exclude=${without}`] : [])

/**
 * runChains runs chains of test cases side by side and gives their fates.
 * @param {Run[][]} chains
 * @returns {Fate[][]}
 */
function runChains(chains) {
  const { NODE_MLS_VECTORS: _, MLS_MUTATE: __, MLS_CHECKS: ___, ...env } = process.env
  const result = spawnSync(process.execPath, [path.join(__dirname, 'mutation-run.cjs')],
    { cwd: root, env, input: JSON.stringify({ chains, jobs }), stdio: ['pipe', 'pipe', 'inherit'], maxBuffer: 1 << 28 })
  if (result.status !== 0) throw new Failure(`mutation-run: ${result.error?.message ?? result.signal ?? result.status}`)
  return JSON.parse(result.stdout.toString())
}

/**
 * checksOf lists the checks that are numbered in a program.
 * @param {Program} program
 * @returns {Check[]}
 */
function checksOf(program) {
  const { stdout } = spawnSync(fileOf(program), [], { env: { ...process.env, MLS_CHECKS: 'list' }, encoding: 'utf8', maxBuffer: 1 << 28 })
  /** @type {Map<string, number>} */
  const seen = new Map()
  return (stdout ?? '').split('\n').filter((line) => line.startsWith('mls_checks\t')).map((line) => {
    const [, number, spelling = '', at, error = '', condition = ''] = line.split('\t')
    // A compiler cache may name files from the folder of the build.
    const check = { number: Number(number), file: spelling.replace(/^(\.\.\/)+/, ''), line: Number(at), error, condition, nth: 1 }
    check.nth = (seen.get(keyOf(check)) ?? 0) + 1
    seen.set(keyOf({ ...check, nth: 1 }), check.nth)
    return check
  })
}

/** listCases gives the test cases of a program without running them. @param {Program} program @returns {ListedCase[]} */
function listCases(program) {
  const lines = capture(fileOf(program), ['--list-test-cases', ...filtersOf(program)]).out.split('\n').map((line) => line.split('\t'))
  const listed = lines.filter(([first, kind]) => first === 'mls_checks' && kind === 'case')
  if (listed.length === 0) throw new Failure(`${program.target} has no test cases`)
  return listed.map(([, , , , name = ''], at) => ({ program, index: at + 1, name }))
}

/**
 * runCases runs each test case by itself, with every check on.
 * @param {ListedCase[]} listed
 * @returns {Case[]}
 */
function runCases(listed) {
  const fates = runChains(listed.map(({ program, index }) => [{ program: fileOf(program), args: filtersOf(program), index, limit: 600 }]))
  return fates.flat().map(({ fate, seconds, out }, at) => {
    const one = /** @type {ListedCase} */ (listed[at])
    if (fate !== 'passed') throw new Failure(`${one.program.target}: ${one.name}: ${fate} with every check on`)
    const refused = (out.find(([kind]) => kind === 'refused') ?? []).slice(1).map(Number)
    return { ...one, seconds, refused }
  })
}

/**
 * runMutants runs each mutant's test cases until it is killed: first the one that killed it before, then the fastest.
 * @param {Check[]} checks
 * @param {Case[]} cases
 * @param {{ slack?: number, killers?: Map<string, string> }} [options] seconds on top of ten times what a case takes, before
 *     it is taken to hang; by keyOf, the names of killers
 * @returns {Mutant[]}
 */
function runMutants(checks, cases, { slack = 10, killers = new Map() } = {}) {
  const sorted = [...cases].sort((a, b) => a.seconds - b.seconds)
  const chains = checks.map((check) => {
    const met = sorted.filter(({ refused }) => refused.includes(check.number))
    const before = killers.get(keyOf(check))
    return [...met.filter(({ name }) => name === before), ...met.filter(({ name }) => name !== before)]
  })
  const fates = runChains(chains.map((chain, at) => chain.map(({ program, index, seconds }) => ({
    program: fileOf(program), args: filtersOf(program), index, mutate: checks[at]?.number ?? 0, limit: slack + 10 * seconds,
  }))))
  return checks.map((check, at) => {
    const ran = fates[at] ?? []
    const last = ran[ran.length - 1]
    const chain = chains[at] ?? []
    const killer = last && last.fate !== 'passed' ? { fate: last.fate, name: chain[ran.length - 1]?.name ?? '' } : undefined
    return { check, killer, met: chain.length }
  })
}

/** readRows reads a list: a line for each check, with file, error, condition, which of several alike, and text. @param {string} file */
function readRows(file) {
  return fs.readFileSync(file, 'utf8').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
    const [source = '', error = '', condition = '', nth = '', text = ''] = line.split('\t')
    return { file: source, error, condition, nth: Number(nth), text }
  })
}

/** readSurvivors reads test/mutation/survivors.tsv. @param {string} file @returns {Survivor[]} */
const readSurvivors = (file) => readRows(file).map(({ text, ...check }) => ({ ...check, reason: text }))

/** readKillers reads test/mutation/killers.tsv: the name of a test case by keyOf. @param {string} file @returns {Map<string, string>} */
const readKillers = (file) => new Map(fs.existsSync(file) ? readRows(file).map((row) => [keyOf(row), row.text]) : [])

/** writeKillers writes down what killed each mutant. @param {string} file @param {Mutant[]} mutants */
function writeKillers(file, mutants) {
  const lines = mutants.flatMap(({ check, killer }) => (killer ? [`${keyOf(check)}\t${killer.name}`] : []))
  fs.writeFileSync(file, `# A test case that fails without a check, for each one that is killed; written by npm run test:mutation -- --record.
# A sample tries it first. Fields: file, error, condition, which of those that are alike in this file, test case.
${lines.join('\n')}
`)
}

/**
 * judge says what is wrong: survivors without a reason, reasons for mutants that are killed or are not there.
 * @param {Mutant[]} mutants
 * @param {Survivor[]} survivors
 * @param {Check[]} checks all of them
 */
function judge(mutants, survivors, checks) {
  const reasons = new Map(survivors.map((survivor) => [keyOf(survivor), survivor.reason]))
  const known = new Set(checks.map(keyOf))
  const problems = survivors.filter((survivor) => !known.has(keyOf(survivor)))
    .map(({ file, condition }) => `${file}: ${condition}: is listed as a survivor and is no check`)
  for (const { check, killer, met } of mutants) {
    const place = `${check.file}:${check.line}: ${check.error}: ${check.condition}`
    const reason = reasons.get(keyOf(check))
    if (killer === undefined && !reason) {
      problems.push(`${place}: lives, without a reason (${met === 0 ? 'in no test it is false' : `false in ${met} test cases`})`)
    }
    if (killer !== undefined && reason !== undefined) problems.push(`${place}: is listed as a survivor and was killed (${killer.fate}: ${killer.name})`)
  }
  return problems
}

module.exports = { checksOf, judge, keyOf, listCases, readKillers, readSurvivors, runCases, runMutants, writeKillers }
