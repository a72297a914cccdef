// The test of the test of the tests: test/mutation/self_test.cc has checks whose fates are known.
'use strict'

const { Failure } = require('./process.cjs')
const { builds, compile } = require('./cmake.cjs')
const { checksOf, judge, listCases, runCases, runMutants } = require('./mutants.cjs')

/** What becomes of each check of self_test.cc, in its order: how it is killed, or in how many test cases it is met. */
const fates = ['failed', 1, 0, 1, 'crashed', 'hung', 'failed', 'failed']

/**
 * selfTest gives its counts, or throws. The build must be configured.
 * @returns {import('./ctest.cjs').Counts}
 */
function selfTest() {
  const program = { target: 'mutation_self_test', folder: 'test/mutation', without: '' }
  compile(builds.release, program.target)
  const checks = checksOf(program)
  const mutants = runMutants(checks, runCases(listCases(program)), { slack: 4 })
  const found = mutants.map(({ killer, met }) => killer?.fate ?? met)
  if (found.join() !== fates.join()) throw new Failure(`mutation self-test: ${found.join()} instead of ${fates.join()}`)

  const living = mutants.filter(({ killer }) => killer === undefined).map(({ check }) => ({ ...check, reason: 'known' }))
  const [killed, stranger] = [{ ...mutants[0]?.check, reason: 'known' }, { ...mutants[1]?.check, condition: 'other', reason: 'known' }]
  /** A list of survivors, and what is wrong with it. @type {[string, any[], string | undefined][]} */
  const lists = [
    ['the list of those that live', living, undefined],
    ['a list that lacks one', living.slice(1), 'lives, without a reason'],
    ['a list with an empty reason', living.map((one, at) => ({ ...one, reason: at ? 'known' : '' })), 'lives, without a reason'],
    ['a list with one that is killed', [...living, killed], 'was killed'],
    ['a list with one that is not there', [...living, stranger], 'is no check'],
  ]
  for (const [name, survivors, words] of lists) {
    const problems = judge(mutants, survivors, checks)
    const right = words === undefined ? problems.length === 0 : problems.length === 1 && problems[0]?.includes(words)
    if (!right) throw new Failure(`mutation self-test: ${name}: ${problems.join('; ') || 'no problem'}`)
  }
  console.log(`mutation self-test: ${fates.length} mutants live or die as they should, ${lists.length} lists are judged`)
  return { passed: fates.length + lists.length, failed: 0, skipped: 0 }
}

module.exports = { selfTest }
