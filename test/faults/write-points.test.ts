// A fault at every write and sync of every kind of step: the process dies before it or in the middle of it, or the call
// fails with EIO or ENOSPC. No atom is torn, none that was said to be done is lost, what fails leaves every byte as it was, and
// the next try works.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { patience, times } from './support/counts'
import { Shim, lackOfFaults, type Fault, type How } from './support/fault'
import { LifeProcess, errorsOf, stepsOf, wrongEnd, wrongRows, writesOf, type Ended, type Spoil } from './support/life'

const lack = lackOfFaults()
if (lack) test.skip(`${lack}: not at every write and sync`, () => {})
else describe('at every write and sync', writePoints)

/** Memory, where there is enough: the calls are the same, and a sync takes no time. */
function temporary(): string {
  const memory = '/dev/shm'
  const isRoomy = fs.existsSync(memory) && fs.statfsSync(memory).bavail * fs.statfsSync(memory).bsize > 64 << 20
  return isRoomy ? memory : os.tmpdir()
}

/** So many lives at once: one waits for its store much of the time. */
const lanes = 3

function writePoints(): void {
  const place = fs.mkdtempSync(path.join(temporary(), 'node-mls-'))
  const shim = new Shim(place)
  const checker = new LifeProcess()
  afterAll(async () => {
    await checker.stop()
    fs.rmSync(place, { recursive: true })
  })

  // What tells the faults lies beside them.
  const runs = path.join(place, 'runs')
  fs.mkdirSync(runs)
  let folders = 0
  async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = path.join(runs, String(folders += 1))
    fs.mkdirSync(folder)
    const result = await work(folder)
    fs.rmSync(folder, { recursive: true })
    return result
  }
  /** What was found at some points, which does not hide what is at the others. */
  const wrong: { readonly at: number; readonly what: string }[] = []
  const atPoint = (at: number, work: (folder: string) => Promise<void>): Promise<void> =>
    inFolder((folder) => work(folder).catch((error: unknown) => void wrong.push({ at, what: String(error) })))
  beforeEach(() => void wrong.splice(0))

  /** A life without a fault, and how many calls of it one of a kind could strike. */
  async function undisturbed(how: How): Promise<Ended & { readonly calls: number }> {
    const { process, fault } = start()
    fault.set(0, how)
    const ended = { ...await inFolder((folder) => process.run(folder, 'live', { shapes: true })), calls: fault.calls }
    await stop({ process, fault })
    expect([...errorsOf(ended), ...stepsOf(ended).flatMap(({ lost = [] }) => lost)]).toEqual([])
    return ended
  }
  let reference: Ended & { readonly calls: number }
  beforeAll(async () => {
    reference = await undisturbed('kill')
  }, 60_000)

  interface Doomed {
    readonly process: LifeProcess
    readonly fault: Fault
  }
  function start(): Doomed {
    const fault = shim.fault(runs)
    return { fault, process: new LifeProcess(fault.env) }
  }
  async function stop({ process, fault }: Doomed): Promise<void> {
    await process.stop()
    fault.close()
  }

  test.each<How>(['kill', 'torn'])('%s', async (how) => {
    // In doubt is the step that was under way: it is there as a whole, or not at all.
    const states = [undefined, ...stepsOf(reference).map(({ state }) => state)]
    const { calls } = how === 'torn' ? await undisturbed(how) : reference
    const points = spread(times(20, Infinity), calls)
    const left = points.values()
    const lane = async (): Promise<void> => {
      // While one dies and what it left is looked at, the next one starts.
      let next = start()
      for (const at of left) {
        const doomed = next
        next = start()
        await atPoint(at, async (folder) => {
          doomed.fault.set(at, how)
          const ended = await doomed.process.run(folder, 'live')
          await stop(doomed)
          expect({ at, signal: ended.signal, errors: errorsOf(ended) }).toEqual({ at, signal: 'SIGKILL', errors: [] })
          const [found] = (await checker.run(folder, 'check')).told
          expect({ at, error: found?.error }).toEqual({ at, error: undefined })
          expect(wrongRows(ended, found?.rows, reference)).toBeNull()
          const done = stepsOf(ended).length
          // A client that was not there yet is begun by the check, as the first step does.
          const possible = [states[Math.max(1, done)], states[done + 1]]
          expect({ at, possible }).toEqual({ at, possible: expect.arrayContaining([found?.state]) as string[] })
        })
      }
      await stop(next)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    expect(wrong).toEqual([])
    process.stdout.write(`${how}: ${points.length} of ${calls} ${how === 'torn' ? 'writes' : 'writes and syncs'} of ${stepsOf(reference).length} steps, ${writesOf(reference).length} atoms\n`)
  }, patience(600_000))

  // The first call of each step, then, in another life, the second, and so on.
  test.each<How>(['eio', 'full'])('%s', async (how) => {
    const begun = stepsOf(reference).map(({ calls = 0 }) => calls)
    const callsOf = begun.map((calls, i) => (begun[i + 1] ?? reference.calls) - calls)
    const points = spread(times(10, Infinity), Math.max(...callsOf))
    const state = stepsOf(reference).at(-1)?.state
    let [failures, struck] = [0, 0]
    const left = points.values()
    const lane = async (): Promise<void> => {
      const living = start()
      for (const at of left) {
        await atPoint(at, async (folder) => {
          living.fault.set(0, how)
          const ended = await living.process.run(folder, 'live', { strikes: at })
          expect({ at, signal: ended.signal, errors: errorsOf(ended) }).toEqual({ at, signal: null, errors: [] })
          expect({ at, last: stepsOf(ended).at(-1)?.state }).toEqual({ at, last: state })
          struck += living.fault.struck
          failures += stepsOf(ended).filter(({ failed }) => failed).length
          const [found] = (await checker.run(folder, 'check')).told
          expect({ at, error: found?.error, state: found?.state }).toEqual({ at, error: undefined, state })
          expect(wrongEnd(ended, found?.rows, reference)).toBeNull()
        })
      }
      await stop(living)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    expect(wrong).toEqual([])
    const meant = points.reduce((sum, at) => sum + callsOf.filter((calls) => at <= calls).length, 0)
    process.stdout.write(`${how}: struck ${struck} calls, of ${reference.calls} those that were to be struck are ${meant}; ${failures} steps failed and then worked\n`)
    expect(struck).toBeGreaterThanOrEqual(meant)
    expect(failures).toBeGreaterThan(meant / 2)
  }, patience(600_000))

  test('a file that another holds, at each write', () => inFolder(async (folder) => {
    const life = new LifeProcess()
    const ended = await life.run(folder, 'live', { isHeld: true })
    await life.stop()
    expect(errorsOf(ended)).toEqual([])
    expect(stepsOf(ended).at(-1)?.state).toEqual(stepsOf(reference).at(-1)?.state)
    expect(stepsOf(ended).filter(({ failed }) => failed).length).toBeGreaterThan(stepsOf(reference).length / 2)
    const [found] = (await checker.run(folder, 'check')).told
    expect(found?.error).toBeUndefined()
    expect(wrongEnd(ended, found?.rows, reference)).toBeNull()
  }), 60_000)

  test.each<Spoil['then']>(['fail', 'die'])('an atom that is there by halves is noticed: %s', (then) => inFolder(async (folder) => {
    const life = new LifeProcess()
    const ended = await life.run(folder, 'live', { spoil: { at: 3, then } })
    await life.stop()
    expect(errorsOf(ended)).toEqual(then === 'fail' ? [expect.stringContaining('a write failed, and rows are others')] : [])
    expect(ended.signal).toBe(then === 'die' ? 'SIGKILL' : null)
    const [found] = (await checker.run(folder, 'check')).told
    if (then === 'die') expect(wrongRows(ended, found?.rows, reference)).toContain('neither as before write')
  }))
}

/** spread gives so many numbers from 1 to `last`, with the first and the last. */
function spread(count: number, last: number): number[] {
  const many = Math.min(count, last)
  return Array.from({ length: many }, (_, i) => 1 + Math.floor((i * (last - 1)) / Math.max(1, many - 1)))
}
