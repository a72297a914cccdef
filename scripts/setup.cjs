// The set-up: checks what a command needs, installs npm dependencies, and system packages where it may.
//
// Packages are installed when this runs as root with apt-get; otherwise the one command that does is printed.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure, main, root, run } = require('./process.cjs')
const { isRoot, packageManager } = require('./platform.cjs')
const { needs, purposes } = require('./needs.cjs')

/** @typedef {keyof typeof purposes} Purpose */

/** @param {Purpose[]} wanted */
const missingNeeds = (...wanted) =>
  [...new Set(wanted.flatMap((purpose) => purposes[purpose]))].flatMap((key) => needs[key] ?? []).filter((need) => !need.there())

/** @param {string} file @returns {any} */
const readJson = (file) => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'))

/** npmIsMissing says whether a direct dependency is absent or not the version of package-lock.json. */
function npmIsMissing() {
  const { dependencies, devDependencies } = readJson('package.json')
  const locked = readJson('package-lock.json').packages
  return Object.keys({ ...dependencies, ...devDependencies }).some((name) => {
    const file = path.join('node_modules', name, 'package.json')
    return !fs.existsSync(path.join(root, file)) || readJson(file).version !== locked[`node_modules/${name}`].version
  })
}

/**
 * installCommand gives the one command that installs what is missing, or undefined.
 * @param {import('./needs.cjs').Need[]} missing
 * @param {{ manager: import('./platform.cjs').Manager | undefined, asRoot: boolean }} machine
 */
function installCommand(missing, { manager, asRoot }) {
  if (!manager) return undefined
  const sudo = asRoot ? '' : 'sudo '
  const packages = packagesOf(missing, manager).join(' ')
  const install = {
    apt: `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${packages}`,
    dnf: `${sudo}dnf install -y ${packages}`,
    brew: `brew install ${packages}`,
  }
  const commands = [...new Set(missing.flatMap((need) => need.command?.[manager] ?? []))]
  const all = [...(packages ? [install[manager]] : []), ...commands]
  return (manager === 'brew' ? all.reverse() : all).join(' && ')  // brew itself needs the compiler
}

/** @param {import('./needs.cjs').Need[]} missing @param {import('./platform.cjs').Manager} manager */
const packagesOf = (missing, manager) => [...new Set(missing.flatMap((need) => need[manager]))]

/**
 * setup makes sure that everything for a purpose is there, or throws with the command that installs it.
 * @param {Purpose} purpose
 */
function setup(purpose) {
  const installs = npmIsMissing()
  const missing = installs ? missingNeeds(purpose, 'npm') : missingNeeds(purpose)
  if (missing.length > 0) installPackages(missing)
  if (installs) {
    console.log('Installing the npm dependencies of package-lock.json; better-sqlite3 may compile for a minute.')
    run('npm', ['ci', '--include=dev'], { env: { ...process.env, ...nodeHeaders() } })
  }
}

/** nodeHeaders tells npm of the headers of this node, where they are installed, so that compiling fetches none. */
function nodeHeaders() {
  const prefix = path.dirname(path.dirname(process.execPath))
  const file = path.join(prefix, 'include', 'node', 'node_version.h')
  if (!fs.existsSync(file)) return {}
  const text = fs.readFileSync(file, 'utf8')
  const version = ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`NODE_${part}_VERSION (\\d+)`).exec(text)?.[1]).join('.')
  return version === process.versions.node ? { npm_config_nodedir: prefix } : {}
}

/** @param {import('./needs.cjs').Need[]} missing */
function installPackages(missing) {
  console.log(`Missing: ${missing.map((need) => need.name).join(', ')}.`)
  if (packageManager() !== 'apt' || !isRoot) {
    const command = installCommand(missing, { manager: packageManager(), asRoot: isRoot })
    throw new Failure(command ? `Install it with:\n\n  ${command}` : 'Install it, then run this again.')
  }
  const packages = packagesOf(missing, 'apt')
  console.log(`Installing the packages ${packages.join(', ')}.`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-q'], { quiet: true })
  run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env, quiet: true })
  const still = missing.filter((need) => !need.there())
  if (still.length > 0) throw new Failure(`Still missing: ${still.map((need) => need.name).join(', ')}.`)
}

module.exports = { installCommand, setup }

if (require.main === module) {
  main(() => {
    const purpose = process.argv[2] ?? 'engine'
    if (!(purpose in purposes)) throw new Failure(`usage: setup.cjs ${Object.keys(purposes).join('|')}`)
    setup(/** @type {Purpose} */ (purpose))
  })
}
