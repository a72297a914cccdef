// npm run test:mutation: the tests, tested. One check of the engine after the other is switched off, and a test must fail.
//
//   npm run test:mutation                      every check; with --record, what killed them is written down
//   npm run test:mutation -- --sample 30       some of them, chosen by the commit, or by --seed WORD
//   npm run test:mutation -- --only core/tree  those of some files
//   npm run test:mutation -- --list            the checks with their numbers and sections; runs nothing
//
// A mutant differs from the engine only where its check's condition does not hold, so only the test cases in which that happens
// can tell them apart. Which these are is found by running each test case once, by itself. Then each mutant runs its
// test cases, the fastest first, until one fails, crashes or does not end: it is killed. One that lives stands in
// test/mutation/survivors.tsv with a reason, or the command fails.
//
// A sample tries the test cases of test/mutation/killers.tsv first. The others run only if a mutant is left that these
// do not kill.
'use strict'

const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Failure, capture, main, root } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure } = require('./cmake.cjs')
const { filesIn } = require('./files.cjs')
const {
  checksOf, judge, keyOf, listCases, readKillers, readSurvivors, runCases, runMutants, writeKillers,
} = require('./mutants.cjs')
const { selfTest } = require('./mutation-self-test.cjs')

/** @typedef {import('./mutants.cjs').Check} Check */
/** @typedef {import('./mutants.cjs').Mutant} Mutant */
/** @typedef {import('./mutants.cjs').Survivor} Survivor */

/**
 * The random walks take a quarter of the time of all tests, and are honest groups; how long something takes says
 * nothing of a mutant. Of vectors only our own are run.
 * @type {import('./mutants.cjs').Program[]}
 */
const programs = [
  { target: 'core_tests_mutants', folder: 'test/core', without: '*random_walk*,*constant_time*' },
  { target: 'rules_tests_mutants', folder: 'test/rules', without: '' },
]

/** What share of the mutants is killed, at least. */
const share = 0.95

const list = path.join(root, 'test', 'mutation', 'survivors.tsv')
const known = path.join(root, 'test', 'mutation', 'killers.tsv')

/** checksInSources gives "file:line" of every check as it is written in core/. */
function checksInSources() {
  return filesIn(root, 'core', ['.cc', '.h']).filter((file) => file !== 'core/base/check.h').flatMap((file) =>
    fs.readFileSync(path.join(root, file), 'utf8').split('\n').flatMap((text, index) => {
      if (!/^\s*MLS_REQUIRE\(/.test(text)) return []
      if (file.endsWith('.h')) throw new Failure(`${file}:${index + 1}: a check in a header has no number: move it into a source`)
      return [`${file}:${index + 1}`]
    }))
}

/** allChecks gives the checks, the same in every program, or throws. */
function allChecks() {
  const [first = [], ...others] = programs.map((program) => checksOf(program))
  const places = first.map(({ file, line }) => `${file}:${line}`)
  const written = checksInSources()
  const missing = written.filter((place) => !places.includes(place))
  if (missing.length > 0 || places.length !== written.length) {
    throw new Failure(`${written.length} checks are written in core/ and ${places.length} numbered; without a number: ${missing.join(', ')}`)
  }
  for (const checks of others) {
    if (checks.map(keyOf).join('\n') !== first.map(keyOf).join('\n')) throw new Failure('the test programs number the checks differently')
  }
  return first
}

/** @param {Check[]} checks @param {number} size @param {string} seed */
function sampleOf(checks, size, seed) {
  /** @param {Check} check */
  const rank = (check) => crypto.createHash('sha256').update(`${seed}\t${keyOf(check)}`).digest('hex')
  return checks.map((check) => ({ check, rank: rank(check) })).sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, size).map(({ check }) => check).sort((a, b) => a.number - b.number)
}

/** @param {Check[]} checks */
function show(checks) {
  for (const { number, file, line, error, condition } of checks) {
    const text = fs.readFileSync(path.join(root, file), 'utf8').split('\n').slice(line - 1, line + 3).join(' ')
    const section = /\/\/ ((?:RFC \d+|FIPS \S+) §[^:]*)/.exec(text)?.[1] ?? ''
    console.log([number, `${file}:${line}`, error, condition, section].join('\t'))
  }
}

/** report prints the killed per file and the survivors. @param {Mutant[]} mutants @param {Survivor[]} survivors */
function report(mutants, survivors) {
  const reasons = new Map(survivors.map((survivor) => [keyOf(survivor), survivor.reason]))
  /** @type {Map<string, Mutant[]>} */
  const files = new Map()
  for (const mutant of mutants) files.set(mutant.check.file, [...(files.get(mutant.check.file) ?? []), mutant])
  for (const [file, some] of files) {
    console.log(`${file.padEnd(40)} ${some.filter(({ killer }) => killer !== undefined).length}/${some.length}`)
  }
  for (const { check } of mutants.filter(({ killer }) => killer === undefined)) {
    console.log(`lives: ${check.file}:${check.line}: ${check.error}: ${check.condition}: ${reasons.get(keyOf(check)) ?? 'no reason'}`)
  }
}

/**
 * tryAll runs the mutants of these checks. In a sample, what a known test case kills or what is known to live spares the
 * run of all test cases.
 * @param {Check[]} checks
 * @param {Survivor[]} survivors
 * @param {'sample' | 'all'} kind
 * @returns {Mutant[]}
 */
function tryAll(checks, survivors, kind) {
  const listed = programs.flatMap((program) => listCases(program))
  const killers = readKillers(known)
  /** @type {Mutant[]} */
  let settled = []
  if (kind === 'sample') {
    const names = new Set(checks.map((check) => killers.get(keyOf(check))))
    const reasons = new Set(survivors.map(keyOf))
    settled = runMutants(checks, runCases(listed.filter(({ name }) => names.has(name))), { killers })
      .filter(({ check, killer }) => killer !== undefined || reasons.has(keyOf(check)))
  }
  const rest = checks.filter((check) => !settled.some((mutant) => mutant.check === check))
  if (rest.length === 0) return settled
  console.log(`mutation: ${listed.length} test cases for ${rest.length} mutants`)
  return [...settled, ...runMutants(rest, runCases(listed), { killers })].sort((a, b) => a.check.number - b.check.number)
}

/**
 * mutation gives the counts: a mutant passes when it is killed, or lives for a reason that is written down.
 * @param {{ sample?: number, seed?: string, only?: string, list?: boolean, record?: boolean, verbose?: boolean }} [options]
 * @returns {Record<string, import('./ctest.cjs').Counts>}
 */
function mutation({ sample, seed, only, list: listOnly, record, verbose } = {}) {
  setup('tests')
  configure(builds.release, { NODE_MLS_TESTS: 'ON' })
  const itself = selfTest()
  for (const { target } of programs) compile(builds.release, target)
  const checks = allChecks()
  if (listOnly) {
    show(checks)
    return {}
  }
  let chosen = only ? checks.filter(({ file }) => file.startsWith(only)) : checks
  if (sample !== undefined) {
    const word = seed ?? (capture('git', ['rev-parse', 'HEAD']).out || 'no commit')
    console.log(`mutation: ${sample} of ${checks.length} checks, chosen by --seed ${word}`)
    chosen = sampleOf(chosen, sample, word)
  }
  const whole = sample === undefined && only === undefined
  const start = process.hrtime.bigint()
  const survivors = readSurvivors(list)
  const mutants = tryAll(chosen, survivors, sample === undefined ? 'all' : 'sample')
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  if (verbose) {
    for (const { check, killer } of mutants) console.log(`${check.file}:${check.line}: ${killer ? `${killer.fate}: ${killer.name}` : 'lives'}`)
  }
  report(mutants, survivors)
  const problems = judge(mutants, survivors, checks)
  const killed = mutants.filter(({ killer }) => killer !== undefined).length
  if (whole && killed < share * mutants.length) problems.push(`less than ${100 * share} % are killed`)
  if (whole && record) writeKillers(known, mutants)
  for (const problem of problems) console.error(problem)
  console.log(`mutation: ${killed} of ${mutants.length} killed (${(100 * killed / mutants.length).toFixed(1)} %) ` +
    `in ${seconds.toFixed(1)} s, ${problems.length} problems`)
  return {
    mutants: { passed: Math.max(0, mutants.length - problems.length), failed: problems.length, skipped: 0 },
    'mutation self-test': itself,
  }
}

module.exports = { mutation }

if (require.main === module) {
  main(() => {
    /** @param {string} name */
    const word = (name) => {
      const at = process.argv.indexOf(`--${name}`)
      return at < 0 ? undefined : process.argv[at + 1]
    }
    const sample = word('sample')
    const counts = mutation({
      ...(sample !== undefined && { sample: Number(sample) }), ...(word('seed') && { seed: String(word('seed')) }),
      ...(word('only') && { only: String(word('only')) }), list: process.argv.includes('--list'),
      record: process.argv.includes('--record'), verbose: process.argv.includes('--verbose'),
    })
    if (Object.values(counts).some(({ failed }) => failed > 0)) process.exitCode = 1
  })
}
