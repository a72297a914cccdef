// npm run layers, second half: every source of core/ has a test of its name, or a line in test/core/README.md that
// says which tests cover it; and every field of struct Limits has a test case whose name says so: "Limits: field: …".
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Failure, main, root } = require('./process.cjs')
const { filesIn } = require('./files.cjs')

const table = 'test/core/README.md'

/**
 * namesIn gives the files below a folder without folder and extension.
 * @param {string} base
 * @param {string} folder
 * @param {string[]} extensions
 */
function namesIn(base, folder, extensions) {
  return new Set(filesIn(base, folder, extensions).map((file) =>
    file.slice(folder.length + 1, -path.extname(file).length)))
}

/** @param {string} line */
const quoted = (line) => [...line.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

/**
 * problemsIn lists every source without a test and every line of the table that is not true.
 * @param {string} base
 */
function problemsIn(base) {
  /** @type {string[]} */
  const problems = []
  const sources = namesIn(base, 'core', ['.cc', '.h'])
  const tests = namesIn(base, 'test/core', ['.cc'])
  const listed = new Set()
  const lines = fs.readFileSync(path.join(base, table), 'utf8').split('\n').filter((line) => line.startsWith('| `'))
  for (const line of lines) {
    const [source = '', ...covering] = quoted(line)
    if (listed.has(source)) problems.push(`${table}: ${source} stands there twice`)
    listed.add(source)
    if (!sources.has(source)) problems.push(`${table}: core/${source} is not there`)
    if (covering.length === 0) problems.push(`${table}: ${source} names no test`)
    problems.push(...covering.filter((test) => !tests.has(test)).map((test) => `${table}: ${test} is not there`))
  }
  for (const source of sources) {
    const own = tests.has(`${source}_test`)
    if (own && listed.has(source)) problems.push(`${table}: core/${source} has a test of its own`)
    if (!own && !listed.has(source)) problems.push(`core/${source} has no test of its name and no line in ${table}`)
  }
  return problems
}

/**
 * limitProblemsIn lists every field of struct Limits that no test case names, and every name that is no field.
 * @param {string} base
 */
function limitProblemsIn(base) {
  const header = path.join(base, 'core/base/limits.h')
  const fields = fs.existsSync(header)
    ? [...fs.readFileSync(header, 'utf8').matchAll(/^ +std::\w+ (\w+) =/gm)].map(([, field = '']) => field) : []
  const named = new Set(filesIn(base, 'test/core', ['.cc']).flatMap((file) =>
    [...fs.readFileSync(path.join(base, file), 'utf8').matchAll(/^TEST_CASE\("[^"]*\bLimits: ([a-z_, ]+):/gm)]
      .flatMap(([, names = '']) => names.split(', '))))
  return [
    ...fields.filter((field) => !named.has(field)).map((field) => `Limits::${field} has no test case "Limits: ${field}: …"`),
    ...[...named].filter((name) => !fields.includes(name)).map((name) => `Limits::${name} is not there, but a test case names it`),
  ]
}

/** checkTests throws when a source has no test. */
function checkTests() {
  const problems = [...problemsIn(root), ...limitProblemsIn(root)]
  if (problems.length > 0) throw new Failure(problems.join('\n'))
  console.log('tests: every source of core/ has a test of its name or is said to be covered, every limit a test that names it')
}

/** A project in which every source is tested: file → text. @type {Record<string, string>} */
const sound = {
  'core/tree/math.cc': '',
  'core/tree/math.h': '',
  'core/group/send.cc': '',
  'core/base/limits.h': 'struct Limits {\n  std::size_t max_a = 1;\n  std::uint32_t max_b = 2;\n};\n',
  'test/core/base/limits_test.cc': 'TEST_CASE("R1-1: Limits: max_a, max_b: at n and n + 1") {\n',
  'test/core/tree/math_test.cc': '',
  'test/core/group/lifecycle_test.cc': '',
  [table]: '| `group/send` | `group/lifecycle_test` |\n',
}

/** What is planted: name, file, text, and what the check must say. @type {[string, string, string, string][]} */
const faults = [
  ['a source without a test', 'core/tree/index.cc', '', 'core/tree/index has no test'],
  ['a header without a test', 'core/tree/leaf.h', '', 'core/tree/leaf has no test'],
  ['a source that is gone', table, `${sound[table]}| \`tree/gone\` | \`tree/math_test\` |\n`, 'core/tree/gone is not there'],
  ['a test that is gone', table, '| `group/send` | `group/gone_test` |\n', 'group/gone_test is not there'],
  ['a line without tests', table, '| `group/send` | nothing |\n', 'names no test'],
  ['a line twice', table, `${sound[table]}${sound[table]}`, 'twice'],
  ['a limit without a test', 'test/core/base/limits_test.cc', 'TEST_CASE("Limits: max_a: n") {\n', 'Limits::max_b has no test'],
  ['a test of a limit that is gone', 'test/core/tree/math_test.cc', 'TEST_CASE("Limits: max_c: n") {\n', 'Limits::max_c is not there'],
  ['a line that is needless', table, `${sound[table]}| \`tree/math\` | \`tree/math_test\` |\n`, 'a test of its own'],
]

/** @param {Record<string, string>} files */
function problemsOf(files) {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-tests-'))
  try {
    for (const [file, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(base, file)), { recursive: true })
      fs.writeFileSync(path.join(base, file), text)
    }
    return [...problemsIn(base), ...limitProblemsIn(base)]
  } finally {
    fs.rmSync(base, { recursive: true })
  }
}

/** testTheCheck plants one fault of each kind; it gives its counts, or throws unless each is found. */
function testTheCheck() {
  const noise = problemsOf(sound)
  if (noise.length > 0) throw new Failure(`tests self-test: a sound project is refused: ${noise.join('; ')}`)
  for (const [name, file, text, words] of faults) {
    const problems = problemsOf({ ...sound, [file]: text })
    if (problems.length !== 1 || !problems[0]?.includes(words)) {
      throw new Failure(`tests self-test: ${name} was not found (${problems.join('; ') || 'no problem'})`)
    }
  }
  console.log(`tests self-test: a sound project passes, ${faults.length} planted faults are found`)
  return { passed: faults.length + 1, failed: 0, skipped: 0 }
}

module.exports = { checkTests, testTheCheck }

if (require.main === module) main(() => (checkTests(), testTheCheck()))
