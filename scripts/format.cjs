// npm run format: clang-format over all C++ sources; `npm run format:fix` writes the result.
'use strict'

const { Failure, main, root, run } = require('./process.cjs')
const { setup } = require('./setup.cjs')
const { clangFormat } = require('./clang-tools.cjs')
const { filesIn } = require('./files.cjs')

/** @param {{ fix?: boolean }} [options] */
function format({ fix = false } = {}) {
  setup('format')
  const command = clangFormat()
  if (!command) throw new Failure('clang-format 19 is missing')
  const files = ['core', 'binding', 'test', 'examples', 'bench'].flatMap((folder) => filesIn(root, folder, ['.cc', '.h']))
  run(command, [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...files])
  console.log(`format: ${files.length} files ${fix ? 'written' : 'are formatted'}`)
}

module.exports = { format }

if (require.main === module) main(() => format({ fix: process.argv.includes('--fix') }))
