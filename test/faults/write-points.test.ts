// A fault at every write and sync of every kind of step: the process dies before it or in the middle of it, or the call
// fails with EIO or ENOSPC. No step is torn, none that was said to be done is lost, and the next try works.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { times } from './support/counts'
import { errorsOf, runLife, type Ended } from './support/life'

interface Run extends Ended {
  /** Writes and syncs. */
  readonly calls: number
}

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-'))
const shim = path.join(place, 'fault-at.so')
beforeAll(() => {
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, path.join(__dirname, 'support', 'fault-at.c'), '-ldl'])
})
afterAll(() => fs.rmSync(place, { recursive: true }))

/** run lets the program live, or check, in a folder, with a fault at a call; 0 for none. */
async function run(folder: string, mode: 'live' | 'check', at = 0, how = 'kill'): Promise<Run> {
  const count = path.join(place, 'count')
  fs.rmSync(count, { force: true })
  const fault = { LD_PRELOAD: shim, FAULT_FOLDER: folder, FAULT_AT: String(at), FAULT_HOW: how, FAULT_COUNT: count }
  const ended = await runLife(folder, mode, mode === 'live' ? fault : {})
  return { ...ended, calls: Number(fs.existsSync(count) ? fs.readFileSync(count, 'utf8') : 0) }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(place, 'run-'))
  const result = await work(folder)
  fs.rmSync(folder, { recursive: true })
  return result
}

/** spread gives so many numbers from 1 to `last`, with the first and the last. */
function spread(count: number, last: number): number[] {
  const many = Math.min(count, last)
  return Array.from({ length: many }, (_, i) => 1 + Math.floor((i * (last - 1)) / Math.max(1, many - 1)))
}

let reference: Run
beforeAll(async () => {
  reference = await inFolder((folder) => run(folder, 'live'))
  expect(errorsOf(reference)).toEqual([])
}, 60_000)

test.each(['kill', 'torn'])('%s at every write and sync', async (how) => {
  // In doubt is the step that was under way: it is there as a whole, or not at all.
  const states = [undefined, ...reference.told.map(({ state }) => state)]
  const points = spread(times(10, Infinity), reference.calls)
  for (const at of points) {
    await inFolder(async (folder) => {
      const { told, signal } = await run(folder, 'live', at, how)
      expect({ at, signal, errors: told.filter(({ error }) => error) }).toEqual({ at, signal: 'SIGKILL', errors: [] })
      const checked = await run(folder, 'check')
      const [found] = checked.told
      expect({ at, error: found?.error }).toEqual({ at, error: undefined })
      const done = told.length
      // A client that was not there yet is begun by the check, as the first step does.
      const possible = [states[Math.max(1, done)], states[done + 1]]
      expect({ at, possible }).toEqual({ at, possible: expect.arrayContaining([found?.state]) as string[] })
    })
  }
  process.stdout.write(`${how}: ${points.length} of ${reference.calls} writes and syncs of ${reference.told.length} steps\n`)
}, 3_600_000)

test.each(['eio', 'full'])('%s at every write and sync', async (how) => {
  const points = spread(times(10, Infinity), reference.calls)
  let failures = 0
  for (const at of points) {
    await inFolder(async (folder) => {
      const ended = await run(folder, 'live', at, how)
      const { told } = ended
      expect({ at, errors: errorsOf(ended) }).toEqual({ at, errors: [] })
      expect({ at, last: told.at(-1)?.state }).toEqual({ at, last: reference.told.at(-1)?.state })
      failures += told.filter(({ failed }) => failed).length
      const [found] = (await run(folder, 'check')).told
      expect({ at, state: found?.state }).toEqual({ at, state: reference.told.at(-1)?.state })
    })
  }
  process.stdout.write(`${how}: ${points.length} of ${reference.calls} calls, ${failures} steps failed and then worked\n`)
  expect(failures).toBeGreaterThan(0)
}, 3_600_000)
