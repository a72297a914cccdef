// The source files of the project, by folder and extension.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

/** Folders that hold nothing written by hand. */
const skipped = new Set(['build', 'node_modules', 'dist', 'prebuilds'])

/**
 * filesIn lists files below a folder, as paths from `base` with forward slashes.
 * @param {string} base
 * @param {string} folder
 * @param {string[]} extensions
 * @returns {string[]}
 */
function filesIn(base, folder, extensions) {
  const full = path.join(base, folder)
  if (!fs.existsSync(full)) return []
  return fs.readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesIn(base, name, extensions)
    return extensions.includes(path.extname(entry.name)) ? [name] : []
  }).sort()
}

module.exports = { filesIn }
