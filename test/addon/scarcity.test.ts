// A process that may have no more memory or threads, or whose memory is not given back: errors, and not its end.
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const root = path.join(__dirname, '..', '..')
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0

/** Runs a program in a process of its own, which may use `more` MiB of addresses beyond what it has when `limit()` is called. */
function program(text: string, more = 300, env: NodeJS.ProcessEnv = {}): string {
  const whole = `
    const mls = require(${JSON.stringify(root)})
    const size = (name) => Number(new RegExp(name + ':\\\\s+(\\\\d+)').exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
    const limit = () => require('node:child_process').spawnSync('prlimit', ['--pid', process.pid, '--as=' + (size('VmSize') + ${more} * 2 ** 20)])
    const main = async () => {${text}}
    main().then(() => process.exit())`
  const child = spawnSync(process.execPath, ['-e', whole], { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...env } })
  if (child.status !== 0) throw new Error(`status ${child.status}, signal ${child.signal}: ${child.stderr}`)
  return child.stdout.trim()
}

const limited = hasPrlimit && !process.env.LD_PRELOAD ? test : test.skip  // a sanitizer's own memory is under the limit, too

limited('an argument that there is no memory to copy is an error', () => {
  expect(program(`
    const large = new Uint8Array(900 * 2 ** 20)
    await mls.decode(new Uint8Array(4)).catch(() => {})
    limit()
    await mls.decode(large).catch((error) => console.log(error.code))
    await mls.decode(new Uint8Array(4)).catch((error) => console.log(error.code))
  `)).toBe('INTERNAL\nUNSUPPORTED_VERSION')
})

limited('where the system gives fewer threads than were asked for, those do the work', () => {
  expect(program(`
    limit()
    mls.threads(200)
    await mls.decode(new Uint8Array(4)).catch((error) => console.log(error.code))
    const threads = mls.threads()
    console.log(threads > 0 && threads < 200)
  `)).toBe('UNSUPPORTED_VERSION\ntrue')
})

const watched = process.platform === 'linux' && !process.env.LD_PRELOAD ? test : test.skip

watched('long inputs are let go when they were read, whatever V8 collects', () => {
  const peak = Number(program(`
    const junk = new Uint8Array(8 * 2 ** 20)
    for (let i = 0; i < 100; i += 1) await mls.decode(junk).catch(() => {})
    const tracker = new mls.Tracker({ authenticate: mls.trustAnyCredential })
    for (let i = 0; i < 50; i += 1) await tracker.seed(junk, { tree: junk }).catch(() => {})
    const client = await mls.Client.open({ identity: 'a', store: mls.memoryStore(), authenticate: mls.trustAnyCredential })
    for (let i = 0; i < 50; i += 1) await client.join(junk, { tree: junk }).catch(() => {})
    for (let i = 0; i < 50; i += 1) await client.joinExternally(junk, { tree: junk }).catch(() => {})
    const group = await client.createGroup()
    for (let i = 0; i < 50; i += 1) await group.commit({ add: [junk] }).catch(() => {})
    console.log(size('VmHWM'))
  `))
  expect(peak).toBeLessThan(300 * 2 ** 20)
})

test('a worker ends at once, though a large result of its own waits behind the work of others', () => {
  const took = Number(program(`
    const { Worker } = require('node:worker_threads')
    const client = await mls.Client.open({ identity: 'a', store: mls.memoryStore(), authenticate: mls.trustAnyCredential })
    const group = await client.createGroup()
    const message = await group.send(new Uint8Array(2 * 2 ** 20))
    const worker = new Worker(\`
      const { parentPort, workerData } = require('node:worker_threads')
      const mls = require(workerData.root)
      parentPort.once('message', () => mls.decode(workerData.message).catch(() => {}))
      parentPort.postMessage('ready')
    \`, { eval: true, workerData: { root: ${JSON.stringify(root)}, message } })
    await new Promise((resolve) => worker.once('message', resolve))
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    let done = 0
    const others = Array.from({ length: 2 }, () => client.keyPackages.create(400).then(() => (done += 1)))
    await sleep(10)
    worker.postMessage('go')
    await sleep(30)
    others.push(...Array.from({ length: 10 }, () => client.keyPackages.create(400).then(() => (done += 1))))
    while (done < 3) await sleep(5)  // the message was decoded between, and its result waits
    const start = performance.now()
    await worker.terminate()
    console.log(done < 12 ? performance.now() - start : 1e9)
  `, 300, { NODE_MLS_THREADS: '1' }))
  expect(took).toBeLessThan(150)
})
