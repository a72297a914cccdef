// No error, no log and no view of an object holds key material, nor what was said: known secrets are looked for in all that can
// be printed, by JavaScript and by native code.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { scene, type Scene } from './secrets-scene'
import { Haystack, printed } from './secrets-search'

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

/** shownIn gives the secrets that a text shows, and how. */
function shownIn(text: string, secrets: Scene['secrets']): string[] {
  const haystack = new Haystack(text)
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const form = haystack.find(fromHex(secret))
    return form === null ? [] : [`${name} as ${form}`]
  })
}

/** expectMuch: without so many errors and secrets the scene would have lost its sense; and what it shows is found. */
function expectMuch({ codes, secrets, texts, shown }: Scene): void {
  expect(codes.filter((code) => code === code.toUpperCase()).length).toBeGreaterThanOrEqual(50)
  expect(Object.keys(secrets).length).toBeGreaterThanOrEqual(30)
  expect(texts.length).toBeGreaterThan(100)
  expect(shownIn(texts.join('\n'), { 'the group id': shown })).toEqual([expect.stringMatching('the group id')])
}

const shapes: Record<string, (secret: Uint8Array) => unknown> = {
  bytes: (secret) => secret,
  'bytes in an object': (secret) => ({ inside: [Buffer.from(secret)], more: { secret } }),
  'a Map': (secret) => new Map([['key', new Uint8Array(secret)]]),
  'numbers in an array': (secret) => [...secret],
  'hex in a message': (secret) => new Error(`wrong key ${Buffer.from(secret).toString('hex')}`),
  'capital hex with colons': (secret) => (Buffer.from(secret).toString('hex').match(/../g) ?? []).join(':').toUpperCase(),
  'an array of C': (secret) => [...secret].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', '),
  'base64 in a message': (secret) => new Error(Buffer.from(secret).toString('base64')),
  'base64url': (secret) => Buffer.from(secret).toString('base64url'),
  'a property of an error': (secret) => Object.assign(new Error('x'), { secret }),
  'a hidden property of an error': (secret) => Object.defineProperty(new Error('x'), 'secret', { value: secret }),
  'the cause of an error': (secret) => new Error('x', { cause: { secret } }),
  'JSON': (secret) => JSON.stringify({ secret }),
  'a string': (secret) => Buffer.from(secret).toString('latin1'),
  'a string in an object': (secret) => inspect({ secret: Buffer.from(secret).toString('latin1') }),
  'its second half': (secret) => secret.subarray(12),
}

test.each(Object.entries(shapes))('the search finds a secret that is shown as %s', (_, shape) => {
  const [secret, other] = [randomBytes(32), randomBytes(32)]
  const text = `before ${printed(shape(new Uint8Array(secret)))} behind`
  expect(shownIn(text, { planted: secret.toString('hex'), other: other.toString('hex') })).toEqual([expect.stringMatching('planted')])
})

test('errors, logs and objects show no secret', async () => {
  const logged: string[] = []
  const note = (...values: readonly unknown[]): true => {
    logged.push(...values.map(printed))
    return true
  }
  const spies = [
    ...[process.stdout, process.stderr].map((out) => jest.spyOn(out, 'write').mockImplementation(note)),
    ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => jest.spyOn(console, name).mockImplementation(note)),
  ]
  const shown = await scene().finally(() => spies.forEach((spy) => spy.mockRestore()))
  expectMuch(shown)
  expect(shownIn([...shown.texts, ...logged].join('\n'), shown.secrets)).toEqual([])
}, 60_000)

/** inProcess runs a program in a process of its own and gives the bytes that it wrote to its descriptors 1 and 2. */
function inProcess(program: string, ...args: string[]): string {
  const child = spawnSync(process.execPath, ['-e', program, ...args], { timeout: 60_000, maxBuffer: 2 ** 28, env: { ...process.env, NODE_DEBUG: '' } })
  const written = Buffer.concat([child.stdout, child.stderr]).toString('latin1')
  if (child.status !== 0) throw new Error(`status ${child.status}, signal ${child.signal}: ${written}`)
  return written
}

test('what is written past JavaScript is caught', () => {
  const secret = randomBytes(32)
  for (const descriptor of ['1', '2']) {
    const written = inProcess('require("fs").writeSync(Number(process.argv[1]), Buffer.from(process.argv[2], "hex"))', descriptor, secret.toString('hex'))
    expect(shownIn(written, { planted: secret.toString('hex') })).toEqual(['planted as a string'])
  }
})

test('a process writes no secret to its descriptors, native code included', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))
  const report = path.join(folder, 'scene.json')
  const written = inProcess(`
    const { Worker } = require('node:worker_threads')
    const [file, report, first] = process.argv.slice(1)
    new Worker(first, { workerData: { file, call: 'scene' } }).on('message', (scene) =>
      require('node:fs').writeFileSync(report, JSON.stringify(scene)))
  `, path.join(__dirname, 'secrets-scene.ts'), report, path.join(__dirname, '..', 'api', 'support', 'worker.cjs'))
  const shown = JSON.parse(fs.readFileSync(report, 'utf8')) as Scene
  fs.rmSync(folder, { recursive: true })
  expectMuch(shown)
  expect(shownIn(written, shown.secrets)).toEqual([])
  expect(shownIn(shown.texts.join('\n'), shown.secrets)).toEqual([])
}, 60_000)
