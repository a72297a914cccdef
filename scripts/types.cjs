// npm run types: the TypeScript compiler over lib, scripts and tests, which must hold on a clone where nothing is built yet.
'use strict'

const path = require('node:path')
const { Failure, capture, main, root } = require('./process.cjs')
const { setup } = require('./setup.cjs')

function types() {
  setup('types')
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
  const { ok, out, err } = capture(tsc, ['--noEmit', '--listFiles', '-p', 'tsconfig.json'])
  const lines = out.split('\n')
  if (!ok) throw new Failure([...lines.filter((line) => !path.isAbsolute(line)), err].join('\n'))
  const built = lines.filter((line) => ['dist', 'build'].includes(path.relative(root, line).split(path.sep)[0] ?? ''))
  if (built.length > 0) throw new Failure(`types: the compiler reads what is built, which a clean clone lacks:\n${built.join('\n')}`)
  console.log('types: no errors')
}

module.exports = { types }

if (require.main === module) main(types)
