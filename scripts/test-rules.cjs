// npm run test:rules: the tests of RFC 9420's rules, compared with the table test/rules/rules.tsv.
//
// A test covers the rules whose ids stand in its name before the colon. rules_tests (C++) writes down what it gave to
// whom; test/rules/replay.test.ts gives the same to the JavaScript API. Rules in test/rules/pending.txt have no test yet:
// the list must be exact, so that it can only shrink.
//
// What a rule says is to be refused is refused through the JavaScript API, too: in the replay, with every refusal of its
// tests, or by a test in TypeScript of its own. test/rules/not-in-javascript.tsv says of each other rule why not; that list
// is exact as well.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure, main, root } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { buildAddon } = require('./addon.cjs')
const { builds, compile, configure } = require('./cmake.cjs')
const { ctest } = require('./ctest.cjs')
const { reportOf } = require('./jest.cjs')

/** @typedef {{ name: string, passed: boolean }} Test */
/** @typedef {{ id: string, section: string, outcome: string }} Rule */

const folder = path.join(root, 'test', 'rules')

/** @param {string} name @returns {string[][]} */
function readRows(name) {
  const [, ...lines] = fs.readFileSync(path.join(folder, name), 'utf8').trimEnd().split('\n')
  return lines.map((line) => line.split('\t'))
}

/** @returns {Rule[]} */
const readTable = () => readRows('rules.tsv').map(([id = '', section = '', , , outcome = '']) => ({ id, section, outcome }))

/** readReasons gives why what a rule wants refused is not refused through the JavaScript API. @returns {Map<string, string>} */
const readReasons = () => new Map(readRows('not-in-javascript.tsv').map(([id = '', reason = '']) => [id, reason]))

/** @returns {string[]} */
function readPending() {
  const file = path.join(folder, 'pending.txt')
  if (!fs.existsSync(file)) return []
  return fs.readFileSync(file, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'))
}

/** idsOf gives the ids that a test's name begins with. @param {string} name */
const idsOf = (name) => (name.split(':')[0] ?? '').match(/\bR[0-9]+(\.[0-9]+)*-[0-9]+\b/g) ?? []

/** @param {string} journal @returns {Test[]} */
function runEngine(journal) {
  setup('tests')
  configure(builds.release, { NODE_MLS_TESTS: 'ON' })
  compile(builds.release, 'rules_tests')
  fs.rmSync(journal, { recursive: true, force: true })
  fs.mkdirSync(journal, { recursive: true })
  const counts = ctest(builds.release, { label: 'rules', env: { ...process.env, NODE_MLS_RULES_JOURNAL: journal } })
  const files = fs.readdirSync(journal).filter((name) => name.endsWith('.results'))
  const lines = files.flatMap((name) => fs.readFileSync(path.join(journal, name), 'utf8').trimEnd().split('\n'))
  const tests = lines.map((line) => ({ passed: line.startsWith('passed '), name: line.slice('passed '.length) }))
  // A file that ended early has not told of all its tests.
  const told = tests.filter(({ passed }) => !passed).length
  return counts.failed > told ? [...tests, { name: 'a file of rules_tests ended early', passed: false }] : tests
}

/** @param {string} journal @returns {Test[]} */
function runJavaScript(journal) {
  buildAddon()
  const report = reportOf(['rules'], [], { NODE_MLS_RULES_JOURNAL: journal })
  return report.testResults.flatMap((file) => {
    const tests = file.assertionResults.map(({ title, status }) => ({ name: title, passed: status === 'passed' }))
    // A file that could not be read or run has no tests.
    return tests.length > 0 || file.status === 'passed' ? tests : [{ name: file.name, passed: false }]
  })
}

/**
 * judge compares what ran with the table.
 * @param {Rule[]} table
 * @param {string[]} pending
 * @param {Test[]} tests
 */
function judge(table, pending, tests) {
  /** @type {Map<string, boolean>} */
  const covered = new Map()
  for (const { name, passed } of tests) {
    for (const id of idsOf(name)) covered.set(id, (covered.get(id) ?? true) && passed)
  }
  const known = new Set(table.map(({ id }) => id))
  return {
    covered,
    unknown: [...covered.keys()].filter((id) => !known.has(id)),
    missing: table.filter(({ id }) => !covered.has(id) && !pending.includes(id)).map(({ id }) => id),
    stale: pending.filter((id) => covered.has(id) || !known.has(id)),
    broken: tests.filter(({ passed }) => !passed).map(({ name }) => name),
  }
}

/** What test/rules/replay.test.ts says in its tests' names. */
const replayed = /, ([0-9]+) refusals, ([0-9]+) left out$/

/**
 * refusedIn gives the ids of the rules that the tests in TypeScript broke and saw refused.
 * @param {Test[]} tests
 */
function refusedIn(tests) {
  /** @type {Map<string, { own: boolean, refusals: number, leftOut: number }>} */
  const found = new Map()
  for (const { name } of tests.filter(({ passed }) => passed)) {
    const [, refusals = '0', leftOut = '0'] = replayed.exec(name) ?? []
    for (const id of idsOf(name)) {
      const sum = found.get(id) ?? { own: false, refusals: 0, leftOut: 0 }
      sum.own ||= !replayed.test(name)
      sum.refusals += Number(refusals)
      sum.leftOut += Number(leftOut)
      found.set(id, sum)
    }
  }
  return new Set([...found].filter(([, { own, refusals, leftOut }]) => own || (refusals > 0 && leftOut === 0)).map(([id]) => id))
}

/**
 * judgeJavaScript compares what was refused through the JavaScript API with the table.
 * @param {Rule[]} table
 * @param {Map<string, string>} reasons
 * @param {Test[]} tests
 */
function judgeJavaScript(table, reasons, tests) {
  const refused = refusedIn(tests)
  const wanted = table.filter(({ outcome }) => /\bREJECT\b/.test(outcome)).map(({ id }) => id)
  return {
    wanted: wanted.length,
    refused: wanted.filter((id) => refused.has(id)).length,
    unexplained: wanted.filter((id) => !refused.has(id) && !reasons.get(id)),
    needless: [...reasons.keys()].filter((id) => refused.has(id) || !wanted.includes(id)),
  }
}

/** @param {Rule[]} table @param {Map<string, boolean>} covered */
function printSections(table, covered) {
  /** @type {Map<string, { rules: number, covered: number, passed: number }>} */
  const sections = new Map()
  for (const { id, section } of table) {
    const sum = sections.get(section) ?? { rules: 0, covered: 0, passed: 0 }
    sum.rules += 1
    if (covered.has(id)) sum.covered += 1
    if (covered.get(id)) sum.passed += 1
    sections.set(section, sum)
  }
  console.log('section     rules  covered  passed')
  for (const [section, sum] of sections) {
    const numbers = [sum.rules, sum.covered, sum.passed].map((number) => String(number).padStart(7))
    console.log(`§${section.padEnd(9)}${numbers.join('')}`)
  }
}

/** selfTest: the judgement finds what it is there for. */
function selfTest() {
  const table = [
    { id: 'R1-01', section: '1', outcome: 'REJECT MALFORMED' },
    { id: 'R1.2-03', section: '1.2', outcome: 'USAGE / REJECT LIMIT_EXCEEDED' },
    { id: 'R2-01', section: '2', outcome: 'ACCEPT' },
  ]
  /** @param {string} name @param {boolean} [passed] */
  const ran = (name, passed = true) => ({ name, passed })
  selfTestOfTests(table.slice(0, 2), ran)
  selfTestOfJavaScript(table, ran)
}

/** @typedef {(name: string, passed?: boolean) => Test} Ran */

/** @param {Rule[]} table @param {Ran} ran */
function selfTestOfTests(table, ran) {
  const sound = judge(table, [], [ran('R1-01, R1.2-03: both'), ran('kit: R1-01 is not an id here')])
  const absent = judge(table, [], [ran('R1-01: one')])
  const late = judge(table, ['R1-01', 'R1.2-03'], [ran('R1-01: one')])
  const wrong = judge(table, [], [ran('R1-01: one'), ran('R1-01: again', false), ran('R1.2-03: x'), ran('R9-99: y')])
  const held = sound.covered.size === 2 && sound.missing.length === 0 && sound.broken.length === 0 &&
    absent.missing.join() === 'R1.2-03' && late.stale.join() === 'R1-01' && late.missing.length === 0 &&
    wrong.covered.get('R1-01') === false && wrong.unknown.join() === 'R9-99' && wrong.broken.length === 1
  if (!held) throw new Failure('test:rules does not find a rule without a test, or a test that failed')
}

/** @param {Rule[]} table @param {Ran} ran */
function selfTestOfJavaScript(table, ran) {
  /** @param {string} ids @param {number} refusals @param {number} leftOut */
  const again = (ids, refusals, leftOut) => ran(`${ids}: the same, 3 lives, ${refusals} refusals, ${leftOut} left out`)
  /** @param {Test[]} tests @param {[string, string][]} reasons */
  const judged = (tests, ...reasons) => judgeJavaScript(table, new Map(reasons), tests)
  const sound = judged([again('R1-01, R1.2-03', 2, 0), again('R2-01', 0, 0)])
  const own = judged([again('R1-01', 4, 0), again('R1.2-03', 4, 1), ran('R1.2-03: by itself')])
  const explained = judged([again('R1-01', 1, 0)], ['R1.2-03', 'no bytes'])
  const absent = judged([again('R1-01', 0, 0), again('R1.2-03', 3, 1), ran('R1-01: failed', false)], ['R1-01', ''])
  const needless = judged([again('R1-01, R1.2-03', 1, 0)], ['R1-01', 'why'], ['R2-01', 'why'], ['R9-99', 'why'])
  const held = sound.wanted === 2 && sound.refused === 2 && sound.unexplained.length === 0 && own.refused === 2 &&
    explained.refused === 1 && explained.unexplained.length === 0 && explained.needless.length === 0 &&
    absent.unexplained.join() === 'R1-01,R1.2-03' && needless.needless.join() === 'R1-01,R2-01,R9-99'
  if (!held) throw new Failure('test:rules does not find a rule that is not refused through the JavaScript API')
}

/** testRules gives the counts of the stage. @returns {Record<string, import('./ctest.cjs').Counts>} */
function testRules() {
  selfTest()
  const journal = path.join(root, 'build', 'rules')  // a folder
  const engine = runEngine(journal)
  const javaScript = runJavaScript(journal)
  const tests = [...engine, ...javaScript]
  const table = readTable()
  const pending = readPending()
  const reasons = readReasons()
  const { covered, unknown, missing, stale, broken } = judge(table, pending, tests)
  printSections(table, covered)
  for (const name of broken) console.log(`failed: ${name}`)
  for (const id of missing) console.log(`no test: ${id}`)
  for (const id of unknown) console.log(`not in the table: ${id}`)
  for (const id of stale) console.log(`no longer pending: ${id}`)
  const { wanted, refused, unexplained, needless } = judgeJavaScript(table, reasons, javaScript)
  for (const id of unexplained) console.log(`not refused through JavaScript: ${id}`)
  for (const id of needless) console.log(`nothing to explain in not-in-javascript.tsv: ${id}`)
  console.log(`through JavaScript: ${refused} of ${wanted} REJECT rules, ${reasons.size} explained`)
  const failed = table.filter(({ id }) => covered.get(id) === false).length
  const left = pending.length > 0 ? `, ${pending.length} pending` : ''
  console.log(`rules: ${table.filter(({ id }) => covered.has(id)).length} of ${table.length} covered, ${failed} failed${left}`)
  const wrong = broken.length + missing.length + unknown.length + stale.length + unexplained.length + needless.length
  return { rules: { passed: table.length - pending.length - missing.length - failed, failed: wrong, skipped: pending.length } }
}

module.exports = { testRules }

if (require.main === module) {
  main(() => {
    if (Object.values(testRules()).some(({ failed }) => failed > 0)) process.exitCode = 1
  })
}
