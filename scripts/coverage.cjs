// npm run coverage: which branches of core/ the engine's tests and the rules' take, by folder.
//
//   npm run coverage -- --list core/tree   also each line below a path that has a branch no test takes
//   npm run coverage -- --again            what the last run counted
//
// The engine is compiled once more, by g++, not optimised and counting (cmake/Coverage.cmake), and linked with the tests. Each part
// of a condition has two branches, and so have MLS_REQUIRE, MLS_TRY and MLS_DO. Of a template, what one instance takes counts for
// all. In the folders that decode and validate, a line with a branch that no test takes stands in test/coverage/untaken.tsv with
// the reason, or the command fails.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { Failure, main, root } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure, folderOf, jobs } = require('./cmake.cjs')
const { filesIn } = require('./files.cjs')
const { findVectors } = require('./vectors.cjs')

/** @typedef {{ file: string, line: number, taken: number[] }} Place a line of a function: how often each of its branches was taken */
/** @typedef {{ line_number: number, function_name: string, branches: { count: number, throw: boolean }[] }} GcovLine */
/** @typedef {{ file: string, functions: { name: string, start_line: number, start_column: number }[], lines: GcovLine[] }} GcovFile */
/** @typedef {{ file: string, text: string, reason: string }} Untaken */

const programs = [
  { target: 'core_tests_counted', folder: 'test/core' },
  { target: 'rules_tests_counted', folder: 'test/rules' },
]

const engine = path.join(folderOf(builds.release), 'CMakeFiles', 'mls_core_counted.dir')
const list = path.join(root, 'test', 'coverage', 'untaken.tsv')

/** What share of the branches is taken, at least. */
const share = 0.95

/** Where input is decoded and validated. */
const explained = ['core/wire/', 'core/identity/', 'core/message/', 'core/tree/', 'core/group/', 'core/schedule/', 'core/store/',
  'core/crypto/x509', 'core/crypto/sealed_rows', 'core/crypto/nist_curve']

/** xargs: some commands ended with a failure, none by a signal. */
const someFailed = 123

const counts = () => filesIn(engine, 'core', ['.gcda'])

/** runTests runs the files of the tests side by side. That one fails is said elsewhere; here its times are those of another engine. */
function runTests() {
  for (const file of counts()) fs.rmSync(path.join(engine, file))
  const lines = programs.flatMap(({ target, folder }) =>
    filesIn(root, folder, ['.cc']).filter((file) => file.endsWith('_test.cc') && !file.includes('constant_time')).map((file) =>
      `${path.join(folderOf(builds.release), folder, target)} --minimal --source-file=*${file}`))
  const found = findVectors().folder
  const { status } = spawnSync('xargs', ['-P', String(jobs), '-L', '1', 'env'], {
    cwd: root, input: lines.join('\n'), stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, NODE_MLS_FULL: '1', ...(found && { NODE_MLS_VECTORS: found }) },
  })
  if (status !== 0 && status !== someFailed) throw new Failure('a test ended early while the branches were counted')
}

/** readPlaces reads what gcov makes of the counts. @returns {Place[]} */
function readPlaces() {
  /** @type {Map<string, Place>} */
  const places = new Map()
  const { stdout, status } = spawnSync('gcov', ['--json-format', '--branch-probabilities', '--stdout', ...counts()],
    { cwd: engine, encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] })
  if (status !== 0) throw new Failure('gcov failed')
  for (const unit of stdout.split('\n').filter((line) => line.startsWith('{'))) {
    for (const file of /** @type {{ files: GcovFile[] }} */ (JSON.parse(unit)).files) addPlaces(places, file)
  }
  return [...places.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}

/** addPlaces adds those of one file in one unit; the same line in another unit, or another instance, is the same place. @param {Map<string, Place>} places @param {GcovFile} unit */
function addPlaces(places, { file, functions, lines }) {
  const name = nameOf(file)
  if (!name) return
  const starts = new Map(functions.map((one) => [one.name, `${one.start_line}:${one.start_column}`]))
  for (const { line_number: line, function_name: inside, branches } of lines) {
    const counted = branches.filter((branch) => !branch.throw).map(({ count }) => count)
    if (counted.length < 2) continue
    const key = [name, line, starts.get(inside), counted.length].join('\t')
    const place = places.get(key)
    if (place) place.taken = place.taken.map((count, at) => count + (counted[at] ?? 0))
    else places.set(key, { file: name, line, taken: counted })
  }
}

/** nameOf gives the path of a file of core/ in the project; a compiler cache may name it from another folder. @param {string} file */
function nameOf(file) {
  const name = file.slice(file.lastIndexOf('core/'))
  return !file.includes('test/core/') && name.startsWith('core/') && fs.existsSync(path.join(root, name)) ? name : undefined
}

/** @param {Place} place */
const untakenAt = ({ taken }) => taken.filter((count) => count === 0).length

/** printFolders prints the shares and gives that of all. @param {Place[]} places */
function printFolders(places) {
  /** @type {Map<string, { branches: number, taken: number }>} */
  const sums = new Map()
  for (const place of places) {
    for (const name of [path.dirname(place.file), 'core']) {
      const sum = sums.get(name) ?? { branches: 0, taken: 0 }
      sum.branches += place.taken.length
      sum.taken += place.taken.length - untakenAt(place)
      sums.set(name, sum)
    }
  }
  console.log('folder            branches   taken')
  for (const [name, { branches, taken }] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`${name.padEnd(16)} ${String(branches).padStart(9)} ${(100 * taken / branches).toFixed(1).padStart(6)}%`)
  }
  const all = sums.get('core') ?? { branches: 1, taken: 0 }
  return all.taken / all.branches
}

/** textOf gives a line without its indentation and its comment. @param {Place} place */
function textOf({ file, line }) {
  const text = fs.readFileSync(path.join(root, file), 'utf8').split('\n')[line - 1] ?? ''
  return text.replace(/\/\/.*/, '').trim()
}

/** @returns {Untaken[]} */
function readList() {
  return fs.readFileSync(list, 'utf8').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
    const [file = '', text = '', reason = ''] = line.split('\t')
    return { file, text, reason }
  })
}

/**
 * judge compares the places that no reason is given for, and the reasons that have no place; what threads do is taken sometimes.
 * @param {Place[]} places
 * @param {Untaken[]} reasons
 */
function judge(places, reasons) {
  const open = places.filter((place) => untakenAt(place) > 0 && explained.some((folder) => place.file.startsWith(folder)))
  const keyOf = (/** @type {{ file: string, text: string }} */ { file, text }) => `${file}\t${text}`
  const given = new Set(reasons.filter(({ reason }) => reason).map(keyOf))
  const found = new Set(open.map((place) => keyOf({ file: place.file, text: textOf(place) })))
  return {
    unexplained: open.filter((place) => !given.has(keyOf({ file: place.file, text: textOf(place) }))),
    stale: reasons.filter((reason) => !found.has(keyOf(reason)) && !reason.reason.startsWith('sometimes taken')),
  }
}

/** selfTest: the judgement finds a branch without a reason, and a reason without a branch. */
function selfTest() {
  const file = 'core/wire/codec.h'
  const open = { file, line: 1, taken: [3, 0] }
  const text = textOf(open)
  const held = judge([{ file, line: 1, taken: [3, 1] }], []).unexplained.length === 0 &&
    judge([open], []).unexplained.length === 1 && judge([{ ...open, file: 'core/base/bytes.h' }], []).unexplained.length === 0 &&
    judge([open], [{ file, text, reason: '' }]).unexplained.length === 1 &&
    judge([open], [{ file, text, reason: 'so' }]).unexplained.length === 0 && judge([], [{ file, text, reason: 'so' }]).stale.length === 1 &&
    judge([], [{ file, text, reason: 'sometimes taken: so' }]).stale.length === 0
  if (!held) throw new Failure('coverage does not find a branch without a reason, or a reason without a branch')
}

/**
 * coverage counts, or takes what was counted, and says whether enough is taken and the rest explained.
 * @param {{ again?: boolean, under?: string | null }} [options] `under`: the path below which each line is printed that has a branch left
 * @returns {boolean}
 */
function coverage({ again = false, under = null } = {}) {
  console.log('coverage builds the engine and its tests in build/release, with an engine that counts, and runs them.')
  selfTest()
  setup('tests')
  configure(builds.release, { NODE_MLS_TESTS: 'ON' })
  if (!again) {
    for (const { target } of programs) compile(builds.release, target)
    runTests()
  }
  const places = readPlaces()
  const open = places.filter((place) => under !== null && place.file.startsWith(under) && untakenAt(place) > 0)
  for (const place of open) console.log(`${place.file}:${place.line}\t${untakenAt(place)} of ${place.taken.length}\t${textOf(place)}`)
  const taken = printFolders(places)
  const { unexplained, stale } = judge(places, readList())
  for (const place of unexplained) console.log(`no reason: ${place.file}:${place.line}\t${textOf(place)}`)
  for (const { file, text } of stale) console.log(`taken, or gone: ${file}\t${text}`)
  console.log(`coverage: ${(100 * taken).toFixed(1)} % of the branches of core/ are taken`)
  return taken >= share && unexplained.length + stale.length === 0
}

module.exports = { coverage }

if (require.main === module) {
  main(() => {
    const words = process.argv.slice(2)
    const under = words.includes('--list') ? words[words.indexOf('--list') + 1] ?? 'core' : null
    if (!coverage({ again: words.includes('--again'), under })) process.exitCode = 1
  })
}
