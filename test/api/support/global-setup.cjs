// Runs once before the tests, so that `npx jest test/api` works alone: builds dist/ when it is not up to date, which has
// the worker of the SQLite store, and the addon when it is missing.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..', '..', '..')

module.exports = () => {
  require(path.join(root, 'scripts', 'build-lib.cjs')).buildLib()
  if (process.env.NODE_MLS_PREBUILD) return  // an addon from elsewhere
  const folder = path.join(root, 'build', 'Release')
  const built = fs.existsSync(folder) && fs.readdirSync(folder).some((name) => name.endsWith('.node'))
  if (!built) require(path.join(root, 'scripts', 'addon.cjs')).buildAddon()
}
