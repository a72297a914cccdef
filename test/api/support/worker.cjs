// The first file of a worker: loads a module in TypeScript, with the library and the addon that it imports, in this thread,
// and sends what its function gives. workerData: { file, call }.
'use strict'

const fs = require('node:fs')
const Module = require('node:module')
const { isMainThread, parentPort, workerData } = require('node:worker_threads')
const { transformSync } = require('@swc/core')

if (isMainThread || !parentPort) throw new Error('this file is for a worker')
const port = parentPort

/** @typedef {{ _compile(code: string, file: string): void }} Compiling */
const extensions = /** @type {{ _extensions: Record<string, (module: Compiling, file: string) => void> }} */ (/** @type {unknown} */ (Module))._extensions
extensions['.ts'] = (module, file) => {
  const options = { filename: file, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }
  module._compile(transformSync(fs.readFileSync(file, 'utf8'), /** @type {import('@swc/core').Options} */ (options)).code, file)
}

require(workerData.file)[workerData.call]().then((/** @type {unknown} */ result) => port.postMessage(result))
