// A group that moves from one file to another, killed at every write and sync on the way: at no moment both sides can
// send, what is done again ends well, and nothing of the group is lost.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { patience, times } from './support/counts'
import { lackOfFaults, Shim, type How } from './support/fault'

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-move-'))
const template = path.join(place, 'template')

interface Told {
  readonly value?: unknown
  readonly error?: string
}

/** run runs a mode of mover.cjs; null when it was killed. @throws Error with what went wrong in it */
async function run(folder: string, mode: string, argument = '', env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const child = fork(path.join(__dirname, 'programs', 'mover.cjs'), [folder, mode, argument], { execArgv: [], env: { ...process.env, ...env } })
  let told: Told | undefined
  child.on('message', (message) => (told = message as Told))
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  if (told?.error) throw new Error(told.error)
  return signal ? null : told?.value
}

/** move runs it with a fault at one call, 0 for none; it gives how many calls there were, and whether it ended. */
async function move(shim: Shim, folder: string, at: number, how: How): Promise<{ readonly calls: number; readonly ended: unknown }> {
  const fault = shim.fault(folder)
  try {
    fault.set(at, how)
    const ended = await run(folder, 'move', '', fault.env)
    return { calls: fault.calls, ended }
  } finally {
    fault.close()
  }
}

async function inCopy<T>(of: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(place, 'run-'))
  fs.cpSync(of, folder, { recursive: true })
  const result = await work(folder)
  fs.rmSync(folder, { recursive: true })
  return result
}

/** sendersOf tries both sides, in a copy, and gives the messages that bob reads. */
const sendersOf = (folder: string): Promise<string[]> => inCopy(folder, async (copy) => {
  const sent = await run(copy, 'senders') as Record<string, string>
  for (const message of Object.values(sent)) expect(await run(copy, 'receive', message)).toBe('message')
  return Object.keys(sent)
})

const lack = lackOfFaults()
if (lack) test.skip(`${lack}: no move is killed`, () => {})
else describe('a move', killedMoves)

function killedMoves(): void {
  let shim: Shim
  let calls = 0
  beforeAll(async () => {
    shim = new Shim(place)
    fs.mkdirSync(template)
    await run(template, 'begin')
    expect(await sendersOf(template)).toEqual(['old.db'])
    const whole = await inCopy(template, async (folder) => {
      const told = await move(shim, folder, 0, 'kill')
      expect(await sendersOf(folder)).toEqual(['new.db'])
      expect(await run(folder, 'move')).toBe('moved before')
      return told
    })
    expect(whole.ended).toBe('moved')
    calls = whole.calls
    expect(calls).toBeGreaterThan(20)
  }, patience(120_000))
  afterAll(() => fs.rmSync(place, { recursive: true }))

  test.each(['kill', 'torn'] as const)('%s at every write and sync of a move', async (how) => {
    const many = Math.min(calls, times(8, calls))
    const seen = new Set<string>()
    for (let i = 0; i < many; i += 1) {
      const at = 1 + Math.floor((i * (calls - 1)) / Math.max(1, many - 1))
      await inCopy(template, async (folder) => {
        const { ended } = await move(shim, folder, at, how)
        const between = await sendersOf(folder)
        expect(between.length).toBeLessThanOrEqual(1)
        seen.add(between.join() || 'nobody')
        if (ended === null) await move(shim, folder, 0, how)
        expect(await sendersOf(folder)).toEqual(['new.db'])
      })
    }
    expect([...seen].sort()).toEqual(['new.db', 'nobody', 'old.db'])
  }, patience(600_000))
}
