// The package as it is published: require, import, and a worker, from one build.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'

const root = path.join(__dirname, '..', '..')
const node = (...args: readonly string[]): string => execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim()

beforeAll(() => {
  execFileSync(process.execPath, [path.join(root, 'scripts', 'build-lib.cjs')], { cwd: root, stdio: 'ignore' })
}, 120_000)

test('import and require give the same classes, under the package\'s name', () => {
  const program = `
    import { createRequire } from 'node:module'
    import * as esm from 'node-mls'
    const cjs = createRequire(process.cwd() + '/x.js')('node-mls')
    const names = Object.keys(cjs).filter((name) => name !== '__esModule')
    console.log(names.length > 20 && names.every((name) => esm[name] === cjs[name]), Object.keys(esm).length === names.length)`
  expect(node('--input-type=module', '-e', program)).toBe('true true')
})

test('the declarations hold together, also for who checks libraries', () => {
  const folder = fs.mkdtempSync(path.join(root, 'build', 'consumer-'))
  try {
    fs.writeFileSync(path.join(folder, 'index.ts'), `
      import { Client, memoryStore, trustAnyCredential, type Received } from 'node-mls'
      import { storeContract } from 'node-mls/store-contract'
      export const opened: Promise<Client> = Client.open({ identity: 'a', store: memoryStore(), authenticate: trustAnyCredential })
      export const kinds: Received['kind'][] = ['message', 'proposal', 'commit', 'own', 'staged']
      export const contract = storeContract`)
    const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
    const flags = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', 'false', '--types', 'node', '--lib', 'es2023']
    for (const module of ['node20', 'nodenext']) {
      execFileSync(tsc, [...flags, '--module', module, '--target', 'es2022', path.join(folder, 'index.ts')], { cwd: root })
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

test('the store contract is an entry of its own', () => {
  expect(node('-e', `console.log(typeof require('node-mls/store-contract').storeContract)`)).toBe('function')
})

const life = (name: string): string => `
  const { Client, memoryStore, trustAnyCredential } = require('node-mls')
  const live = async () => {
    const open = (identity) => Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential })
    const [alice, bob] = [await open('alice ${name}'), await open('bob ${name}')]
    const group = await alice.createGroup()
    const [made] = await bob.keyPackages.create()
    const { welcome } = await (await group.commit({ add: [made.message] })).accepted()
    const bobs = await bob.join(welcome)
    const { data } = await bobs.receive(await group.send('hello ${name}'))
    await Promise.all([alice.close(), bob.close()])
    return Buffer.from(data).toString()
  }`

test('a program ends when its work is done', () => {
  expect(node('-e', `${life('program')}; live().then(console.log)`)).toBe('hello program')
})

test('workers have clients of their own, several at once', async () => {
  const said = await Promise.all(['one', 'two', 'three'].map((name) => new Promise((resolve, reject) => {
    const source = `${life(name)}; live().then((text) => require('node:worker_threads').parentPort.postMessage(text))`
    const worker = new Worker(source.replaceAll("require('node-mls')", `require(${JSON.stringify(root)})`), { eval: true })
    worker.once('message', resolve)
    worker.once('error', reject)
  })))
  expect(said).toEqual(['hello one', 'hello two', 'hello three'])
})
