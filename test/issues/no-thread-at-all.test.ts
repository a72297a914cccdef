// Where the system gave no thread at all, an operation threw a plain Error, its promise was lost, and the process never ended
// by itself: what keeps it alive while an operation is under way was not given back.
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const root = path.join(__dirname, '..', '..')
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0
const limited = hasPrlimit && !process.env.LD_PRELOAD ? test : test.skip  // a sanitizer's own memory is under the limit, too

limited('where no thread can be started an operation is an error, the next may start one, and the process ends', () => {
  const program = `
    const mls = require(${JSON.stringify(root)})
    const { readFileSync } = require('node:fs')
    const { spawnSync } = require('node:child_process')
    const size = Number(/VmSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
    const limit = (bytes) => spawnSync('prlimit', ['--pid', process.pid, '--as=' + bytes + ':unlimited'])
    const decode = () => mls.decode(new Uint8Array(4)).catch((error) => console.log(error.name, error.code))
    limit(size + 4 * 2 ** 20)  // half the stack of a thread
    decode().then(() => limit('unlimited')).then(decode)`
  const child = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 20_000 })
  expect(child.stderr).toBe('')
  expect(child.stdout).toBe('MlsError INTERNAL\nMlsError UNSUPPORTED_VERSION\n')
  expect(child.status).toBe(0)
})
