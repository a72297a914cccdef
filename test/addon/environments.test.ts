// Environments come and go with work under way: the main thread, workers, many of them, ended at any moment.
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const addon = path.join(__dirname, '..', '..', 'build', 'Release', 'node_mls.node')
const rounds = process.env.NODE_MLS_FULL ? 200 : 40

/** Runs a program in a process of its own; it must end by itself with status 0. */
function program(text: string, ...args: (string | number)[]): string {
  const child = spawnSync(process.execPath, ['-e', text, addon, ...args.map(String)], { encoding: 'utf8', timeout: 30_000 + 2_500 * rounds })
  if (child.signal || child.status !== 0) throw new Error(`status ${child.status}, signal ${child.signal}: ${child.stderr}`)
  return child.stdout.trim()
}

/** A client with a group, and `busy(count)`, which starts that many operations and waits for none. */
const prelude = `
  const native = require(require('node:worker_threads').workerData ?? process.argv[1])
  const none = new Uint8Array(0), now = 1_700_000_000
  const policy = { limits: {}, customProposals: [], knownCertificates: [], lifetimes: 'ignore', externalCommits: 'resync', newMemberProposals: 'allow',
    handshake: 'private', padding: 'none', sendWithUncommittedProposals: 'refuse' }
  async function makeClient() {
    const client = new native.Client({ scope: Buffer.from('c'), sealingKey: new Uint8Array(32) })
    await client.addSigner({ suite: 1, credential: { type: 'basic', identity: Buffer.from('a') }, extensionTypes: [],
      proposalTypes: [], credentialTypes: [], leafExtensions: [], signaturePrivateKey: null }, [])
    return client
  }
  const makeGroup = (client, name) => client.createGroup(
    { scope: Buffer.from(name), suite: 1, groupId: none, extensions: [], policy }, now)
  async function busy(count) {
    const client = await makeClient()
    const groups = await Promise.all(Array.from({ length: 8 }, (_, i) => makeGroup(client, 'g' + i)))
    const work = []
    for (let i = 0; i < count; i++) {
      work.push(client.generateKeyPackages({ suite: 1, count: 20, notBefore: 0n, notAfter: 2_000_000_000n, lastResort: false,
        extensions: [] }, null))
      work.push(groups[i % 8].group.run(Array.from({ length: 20 }, () => (
        { kind: 'send', data: Buffer.alloc(20_000), authenticatedData: none })), true, now))
      work.push(groups[i % 8].group.save(), native.decode(new native.Bytes(0)))
    }
    for (const one of work) one.catch(() => {})
    return work
  }
`

describe('environments', () => {
  jest.setTimeout(60_000 + 5_000 * rounds)

  test('the addon loads in the main thread and in workers at once, and each works', () => {
    const out = program(`${prelude}
      const { Worker } = require('node:worker_threads')
      const text = ${JSON.stringify(prelude)} + 'busy(3).then((work) => Promise.allSettled(work)).then((all) => ' +
        'require("node:worker_threads").parentPort.postMessage(all.filter((one) => one.status === "fulfilled").length))'
      const workers = Array.from({ length: 6 }, () => new Promise((resolve, reject) => {
        const worker = new Worker(text, { eval: true, workerData: process.argv[1] })
        worker.on('message', resolve).on('error', reject)
      }))
      Promise.all([...workers, busy(3).then((work) => Promise.allSettled(work)).then((all) => all.length)])
        .then((counts) => console.log(JSON.stringify(counts)))`)
    const counts = JSON.parse(out) as number[]
    expect(counts).toHaveLength(7)
    for (const count of counts) expect(count).toBeGreaterThan(2)
  })

  test(`worker.terminate() with hundreds of operations in flight, ${rounds} times`, () => {
    const out = program(`
      const { Worker } = require('node:worker_threads')
      const text = ${JSON.stringify(prelude)} + 'busy(100).then(() => require("node:worker_threads").parentPort.postMessage(1))'
      ;(async () => {
        for (let i = 0; i < Number(process.argv[2]); i++) {
          const worker = new Worker(text, { eval: true, workerData: process.argv[1] })
          await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
          await new Promise((resolve) => setTimeout(resolve, i % 5))
          await worker.terminate()
        }
        console.log('ended')
      })()`, rounds)
    expect(out).toBe('ended')
  })

  test(`process.exit() with hundreds of operations in flight, ${rounds} times`, () => {
    for (let i = 0; i < rounds; i++) {
      expect(program(`${prelude} busy(100).then(() => setTimeout(() => { console.log('out'); process.exit(0) }, ${i % 5}))`)).toBe('out')
    }
  })

  test('a worker that was the only one to load the addon ends, and another loads it again', () => {
    const out = program(`
      const { Worker } = require('node:worker_threads')
      const text = ${JSON.stringify(prelude)} + 'busy(5).then((work) => Promise.allSettled(work))'
      ;(async () => {
        for (let i = 0; i < 5; i++) {
          const worker = new Worker(text, { eval: true, workerData: process.argv[1] })
          await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
        }
        console.log('ended')
      })()`)
    expect(out).toBe('ended')
  })

  test('the pool has the size that was asked for before its first operation, and keeps it', () => {
    const out = program(`const native = require(process.argv[1])
      const before = native.threads(), set = native.threads(3), asked = native.threads()
      native.decode(new native.Bytes(0)).catch(() => {}).then(() => console.log(before > 0, set, asked, native.threads(5)))`)
    expect(out).toBe('true 3 3 3')
  })

  test('work under way keeps the process alive until its promise settles; no work does not', () => {
    const out = program(`${prelude} makeClient().then((client) => client.generateKeyPackages(
      { suite: 1, count: 3000, notBefore: 0n, notAfter: 2n, lastResort: false, extensions: [] }, null))
      .then((made) => console.log(made.infos.suites.length))`)
    expect(out).toBe('3000')
  })
})
