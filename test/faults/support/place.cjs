// Where a store of the tests is, in words that go to other processes.
'use strict'

const path = require('node:path')

/**
 * Place: a file, or a schema of a server.
 * @typedef {{ kind: 'sqlite', file: string, options?: object }
 *   | { kind: 'postgres', url: string, options?: { schema?: string, retryTimeout?: number } }} Place
 */

/**
 * openStore opens it with the modules of dist/ alone that stores need.
 * @param {Place} place @param {string} dist
 * @returns {import('../../../lib').Store}
 */
function openStore(place, dist) {
  if (place.kind === 'sqlite') return require(path.join(dist, 'stores', 'sqlite.js')).sqliteStore(place.file, place.options)
  return require(path.join(dist, 'stores', 'postgres.js')).postgresStore(place.url, place.options)
}

module.exports = { openStore }
