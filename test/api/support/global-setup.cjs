// Runs once before the tests: builds the addon when it is missing, so that `npx jest test/api` works alone.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..', '..', '..')

module.exports = () => {
  if (process.env.NODE_MLS_PREBUILD) return  // an addon from elsewhere
  const folder = path.join(root, 'build', 'Release')
  const built = fs.existsSync(folder) && fs.readdirSync(folder).some((name) => name.endsWith('.node'))
  if (!built) require(path.join(root, 'scripts', 'addon.cjs')).buildAddon()
}
