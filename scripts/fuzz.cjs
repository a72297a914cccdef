// npm run fuzz: the fuzz targets of test/fuzz under libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
//
//   --seconds N      how long each target runs (60)        --only NAME    one target
//   --jobs N         how many run at once (1)              --replay FILE  gives one input to the target of --only
//   --seeds          writes the corpus anew, from the targets' own seeds
//   --merge          puts what was found in build/fuzz/corpus into the corpus, smallest inputs first, and minimises it
//
// An input that breaks something is left in build/fuzz/artifacts, and the script fails. The target api_arguments is no
// libFuzzer program: it calls the JavaScript API on the addon under both sanitizers, and has seeds and no corpus.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { parseArgs } = require('node:util')
const { Failure, firstOf, main, root, run } = require('./process.cjs')
const { clang } = require('./clang-tools.cjs')
const { buildAddon } = require('./addon.cjs')
const { buildAsanAddon } = require('./asan-addon.cjs')
const { buildLib } = require('./build-lib.cjs')
const { needs } = require('./needs.cjs')
const { setup } = require('./setup.cjs')
const { builds, compile, configure, folderOf, jobs: cores } = require('./cmake.cjs')

/** @typedef {import('./ctest.cjs').Counts} Counts */
/** @typedef {import('./fuzz-run.cjs').Result} Result */

const sources = path.join(root, 'test', 'fuzz')
const corpus = path.join(sources, 'corpus')
const found = path.join(folderOf(builds.fuzz), 'corpus')
const artifacts = path.join(folderOf(builds.fuzz), 'artifacts')
const programs = path.join(folderOf(builds.fuzz), 'test', 'fuzz')

/** An input may take so many seconds, and its process so many MiB, of which one allocation is at most the second. */
const limits = ['-timeout=20', '-rss_limit_mb=2048', '-malloc_limit_mb=512']
/** How many files a target's corpus has at most, and the longest of them in bytes. */
const most = { files: 40, size: 16384 }

const environment = () => {
  const symbolizer = firstOf(['llvm-symbolizer-19', 'llvm-symbolizer'])
  return {
    ASAN_OPTIONS: 'quarantine_size_mb=32:detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1' +
      (symbolizer ? `:external_symbolizer_path=${pathOf(symbolizer)}` : ''),
    UBSAN_OPTIONS: 'print_stacktrace=1',
  }
}

/** @param {string} command */
const pathOf = (command) => (process.env.PATH ?? '').split(path.delimiter)
  .map((folder) => path.join(folder, command)).find((file) => fs.existsSync(file)) ?? command

const api = 'api_arguments'
const apiProgram = path.join(sources, 'api', 'arguments.cjs')

const engineTargets = () => fs.readdirSync(path.join(sources, 'targets')).map((file) => path.basename(file, '.cc')).sort()

/** targetsOf lists the targets, or the one that is named. @param {string | undefined} only */
function targetsOf(only) {
  const all = [...engineTargets(), api]
  if (!only) return all
  if (!all.includes(only)) throw new Failure(`no target ${only}; there are ${all.join(', ')}`)
  return [only]
}

/**
 * build compiles the targets, and gives the environment of node under the sanitizers, empty where node has none.
 * @param {string | undefined} only
 */
function build(only) {
  /** @type {Record<string, string>} */
  let node = {}
  if (!only || only === api) {
    buildAddon()
    buildLib()
    node = buildAsanAddon() ?? {}
  }
  if (only === api) return node
  const cxx = clang()
  if (!cxx) throw new Failure('clang is missing')
  console.log(`Builds the fuzz targets with ${cxx} in build/fuzz.`)
  configure(builds.fuzz, { CMAKE_CXX_COMPILER: cxx })
  compile(builds.fuzz, only ? `fuzz_${only}` : 'fuzz')
  return node
}

/** @param {string} folder */
const fresh = (folder) => (fs.rmSync(folder, { recursive: true, force: true }), fs.mkdirSync(folder, { recursive: true }), folder)

/** @param {string} target @param {number} seconds @param {Record<string, string>} node @returns {import('./fuzz-run.cjs').Run} */
function runOf(target, seconds, node) {
  const log = path.join(folderOf(builds.fuzz), `${target}.log`)
  if (target === api) {
    const words = ['--seconds', String(seconds), '--artifact', path.join(artifacts, `${api}-world`)]
    return { target, command: process.execPath, args: [apiProgram, ...words], env: node, log }
  }
  const folders = [path.join(found, target), path.join(corpus, target)]
  for (const folder of folders) fs.mkdirSync(folder, { recursive: true })
  const words = [
    ...folders, `-max_total_time=${seconds}`, `-artifact_prefix=${artifacts}${path.sep}${target}-`, ...limits,
    `-max_len=${most.size}`, '-print_final_stats=1', `-dict=${path.join(sources, 'wire.dict')}`,
  ]
  return { target, command: path.join(programs, target), args: words, env: environment(), log }
}

/** @param {Result[]} results */
function report(results) {
  console.log('\ntarget              seconds  executions  per second  edges  features  inputs')
  for (const { target, ok, seconds, executions, edges, features, inputs } of results) {
    console.log([
      target.padEnd(18), seconds.toFixed(0).padStart(8), String(executions).padStart(11),
      (executions / seconds).toFixed(0).padStart(11), String(edges).padStart(6), String(features).padStart(9),
      String(inputs).padStart(7), ...(ok ? [] : [' FAILED']),
    ].join(' '))
  }
  for (const { target, log } of results.filter(({ ok }) => !ok)) {
    const printed = fs.readFileSync(log, 'utf8')
    const start = printed.search(/^(==\d+==ERROR|.*runtime error:|does not hold)/m)
    console.error(`\n── ${target}\n${printed.slice(Math.max(start, 0)).split('\n', 40).join('\n')}`)
    const input = target === api ? path.join(artifacts, `${api}-world`) : /Test unit written to (\S+)/.exec(printed)?.[1]
    if (input) console.error(`\nThe input: ${input}\nAgain: npm run fuzz -- --only ${target} --replay ${input}`)
  }
}

/**
 * fuzz runs the targets and gives the counts of those that found nothing and those that did.
 * @param {{ seconds: number, only?: string | undefined, jobs?: number }} options
 * @returns {Counts}
 */
function fuzz({ seconds, only, jobs = 1 }) {
  const node = build(only)
  fs.mkdirSync(artifacts, { recursive: true })
  const runs = targetsOf(only).map((target) => runOf(target, seconds, node))
  console.log(`Runs ${runs.length} targets, each for ${seconds} s, ${jobs} at once.`)
  const input = JSON.stringify({ runs, jobs })
  const { stdout, status } = spawnSync(process.execPath, [path.join(__dirname, 'fuzz-run.cjs')],
    { cwd: root, input, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'inherit'] })
  if (status !== 0) throw new Failure('fuzz-run.cjs failed')
  /** @type {Result[]} */
  const results = JSON.parse(stdout)
  report(results)
  const passed = results.filter(({ ok }) => ok).length
  return { passed, failed: results.length - passed, skipped: 0 }
}

/** smoke runs each target for a few seconds, and says that it was skipped where there is no libFuzzer. */
function smoke() {
  if (!needs.fuzzer?.there()) return { passed: 0, failed: 0, skipped: 1 }
  setup('fuzz')
  return fuzz({ seconds: 20, jobs: Math.max(1, Math.min(cores, 8)) })
}

/** writeSeeds makes the corpus anew. @param {string | undefined} only */
function writeSeeds(only) {
  for (const target of targetsOf(only).filter((one) => one !== api)) {
    run(path.join(programs, target), [`--seeds=${fresh(path.join(corpus, target))}`], { env: { ...process.env, ...environment() } })
  }
}

/** merge makes the corpus anew of itself and what was found: the inputs that reach most. @param {string | undefined} only */
function merge(only) {
  for (const target of targetsOf(only).filter((one) => one !== api)) {
    const folder = fresh(path.join(folderOf(builds.fuzz), 'merged'))
    const [smallest, control] = [path.join(folder, 'corpus'), path.join(folder, 'control')]
    fs.mkdirSync(smallest)
    const words = ['-set_cover_merge=1', '-use_counters=0', `-merge_control_file=${control}`, ...limits]
    run(path.join(programs, target), [...words, smallest, path.join(corpus, target), path.join(found, target)],
      { env: { ...process.env, ...environment() }, quiet: true })
    const inputs = reached(fs.readFileSync(control, 'utf8'))
    const chosen = cover(inputs).map((file) => ({ name: path.basename(file), bytes: fs.readFileSync(file) }))
    const into = fresh(path.join(corpus, target))
    for (const { name, bytes } of chosen) fs.writeFileSync(path.join(into, name), bytes)
    console.log(`${target}: ${chosen.length} inputs of ${inputs.length}`)
  }
}

/**
 * reached reads libFuzzer's control file: the names of all inputs, then lines "FT number feature…".
 * @param {string} control
 */
function reached(control) {
  const lines = control.split('\n')
  const names = lines.slice(2, 2 + Number(lines[0]))
  return lines.flatMap((line) => {
    const [kind, number, ...features] = line.trim().split(' ')
    const file = kind === 'FT' ? names[Number(number)] : undefined
    return file ? [{ file, features }] : []
  })
}

/**
 * cover chooses the input that reaches most of what none before it does, the smallest of those, again and again.
 * @param {{ file: string, features: string[] }[]} inputs
 */
function cover(inputs) {
  const left = new Map(inputs.map(({ file, features }) => [file, new Set(features)]))
  const sizes = new Map(inputs.map(({ file }) => [file, fs.statSync(file).size]))
  /** @type {string[]} */
  const chosen = []
  while (chosen.length < most.files) {
    const [best] = [...left].sort(([a, of], [b, others]) => others.size - of.size || (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0))
    if (!best || best[1].size === 0) break
    chosen.push(best[0])
    for (const features of left.values()) {
      if (features !== best[1]) for (const feature of best[1]) features.delete(feature)
    }
    left.delete(best[0])
  }
  return chosen
}

module.exports = { fuzz, smoke }

if (require.main === module) {
  main(() => {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '60' }, only: { type: 'string' }, jobs: { type: 'string', default: '1' },
        replay: { type: 'string' }, seeds: { type: 'boolean' }, merge: { type: 'boolean' }, smoke: { type: 'boolean' },
      },
    })
    const { only } = values
    if (!values.smoke) setup('fuzz')
    if (values.seeds || values.merge || values.replay) {
      const node = build(only)
      if (values.seeds) writeSeeds(only)
      if (values.merge) merge(only)
      if (values.replay) {
        if (!only) throw new Failure('--replay wants --only')
        const input = path.resolve(values.replay)
        if (only === api) run(process.execPath, [apiProgram, '--replay', input], { env: { ...process.env, ...node } })
        else run(path.join(programs, only), [...limits, input], { env: { ...process.env, ...environment() } })
      }
      return
    }
    const seconds = Number(values.seconds)
    const jobs = Number(values.jobs)
    if (!Number.isInteger(seconds) || seconds < 1) throw new Failure('--seconds wants a number of seconds')
    if (!Number.isInteger(jobs) || jobs < 1) throw new Failure('--jobs wants a number of processes')
    const { failed, skipped } = values.smoke ? smoke() : fuzz({ seconds, only, jobs })
    if (skipped > 0) console.log('fuzz:smoke: skipped, there is no libFuzzer')
    if (failed > 0) process.exitCode = 1
  })
}
