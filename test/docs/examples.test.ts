// The examples of the documents and of lib/: all are type-checked as strictly as lib/ itself, and all but a few are run.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { transformSync } from '@swc/core'
import * as nodeMls from '../../lib'
import * as contract from '../../lib/stores/contract'
import { codePrograms, documentPrograms, root, sourceOf } from './blocks'
import { makePrelude, type Prelude } from './prelude'

const folder = path.join(root, 'build', 'docs-examples')
const lib = ['lib', 'lib/stores'].flatMap((at) =>
  fs.readdirSync(path.join(root, at)).filter((name) => name.endsWith('.ts')).map((name) => `${at}/${name}`))

const examples = [
  ...documentPrograms('README.md').map((program) => ({ program, whole: true })),
  ...['docs/api.md', 'docs/threads.md', 'docs/security.md'].flatMap(documentPrograms).map((program) => ({ program, whole: false })),
  ...lib.flatMap(codePrograms).map((program) => ({ program, whole: false })),
].map(({ program, whole }, i) => ({ ...program, whole, file: `example-${i}.ts`, source: sourceOf(program, whole) }))

/** load gives what a module exports by default; its imports of node-mls are lib/. */
function load(source: string): (prelude: Prelude) => Promise<void> {
  const { code } = transformSync(source, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } })
  const own: Record<string, unknown> = { 'node-mls': nodeMls, 'node-mls/store-contract': contract }
  const module = { exports: {} as { default?: (prelude: Prelude) => Promise<void> } }
  const silent = { ...console, log: () => {} }
  new Function('require', 'module', 'exports', 'console', code)(
    (name: string) => own[name] ?? require(name) as unknown, module, module.exports, silent)
  if (!module.exports.default) throw new Error('no program')
  return module.exports.default
}

// Some make files where they are run.
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-docs-'))
beforeAll(() => process.chdir(place))
afterAll(() => {
  process.chdir(root)
  fs.rmSync(place, { recursive: true })
})

test('there are examples in every document', () => {
  const counts = new Map<string, number>()
  for (const { title } of examples) counts.set(title.split(':')[0] ?? '', (counts.get(title.split(':')[0] ?? '') ?? 0) + 1)
  for (const file of ['README.md', 'docs/api.md', 'lib/client.ts', 'lib/group.ts']) expect(counts.get(file) ?? 0).toBeGreaterThan(0)
})

test('all examples have the types that they need', () => {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  for (const { file, source } of examples) fs.writeFileSync(path.join(folder, file), source)
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      noUnusedLocals: false, allowJs: false, checkJs: false,
      paths: { 'node-mls': ['../../lib/index.ts'], 'node-mls/store-contract': ['../../lib/stores/contract.ts'] },
    },
    include: ['*.ts', '../../lib/*.d.ts'],
  }
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', folder],
    { encoding: 'utf8' })
  const told = stdout.replace(/(example-\d+\.ts)/g, (file) => `${examples.find((one) => one.file === file)?.title} ${file}`)
  expect(told).toBe('')
}, 120_000)

test.each(examples.filter(({ runs }) => runs))('$title', async ({ source, title }) => {
  const { prelude, close } = await makePrelude(title.startsWith('lib/'))
  try {
    await load(source)(prelude)
  } finally {
    await close()
  }
})

test('each file of test/api has its section in docs/api.md', () => {
  const sections = [...fs.readFileSync(path.join(root, 'docs/api.md'), 'utf8').matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number))
  expect(sections).toEqual(sections.map((_, i) => i + 1))
  const tests = fs.readdirSync(path.join(root, 'test/api')).flatMap((name) => /^(\d\d)-.*\.test\.ts$/.exec(name)?.[1] ?? [])
  for (const number of tests) expect(sections).toContain(Number(number))
})

test('links between documents lead somewhere', () => {
  const documents = ['.', 'docs', 'examples', 'bench', 'prebuilds', 'lib', 'binding', 'deps'].flatMap((at) =>
    fs.readdirSync(path.join(root, at)).filter((name) => name.endsWith('.md')).map((name) => path.join(at, name)))
  const dead: string[] = []
  for (const file of documents) {
    for (const [, target = ''] of fs.readFileSync(path.join(root, file), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      if (!fs.existsSync(path.join(root, path.dirname(file), target))) dead.push(`${file}: ${target}`)
    }
  }
  expect(dead).toEqual([])
})
