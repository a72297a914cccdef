// A group that moves from one file to another, killed at every write and sync on the way: at no moment both sides can
// send, what is done again ends well, and nothing of the group is lost.
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { times } from './support/counts'

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-move-'))
const shim = path.join(place, 'fault-at.so')
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
async function move(folder: string, at: number, how: string): Promise<{ readonly calls: number; readonly ended: unknown }> {
  const count = path.join(place, 'count')
  fs.rmSync(count, { force: true })
  const ended = await run(folder, 'move', '', { LD_PRELOAD: shim, FAULT_FOLDER: folder, FAULT_AT: String(at), FAULT_HOW: how, FAULT_COUNT: count })
  return { calls: fs.existsSync(count) ? Number(fs.readFileSync(count, 'utf8')) : 0, ended }
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

let calls = 0
beforeAll(async () => {
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, path.join(__dirname, 'support', 'fault-at.c'), '-ldl'])
  fs.mkdirSync(template)
  await run(template, 'begin')
  expect(await sendersOf(template)).toEqual(['old.db'])
  const whole = await inCopy(template, async (folder) => {
    const told = await move(folder, 0, 'kill')
    expect(await sendersOf(folder)).toEqual(['new.db'])
    expect(await run(folder, 'move')).toBe('moved before')
    return told
  })
  expect(whole.ended).toBe('moved')
  calls = whole.calls
  expect(calls).toBeGreaterThan(20)
}, 120_000)
afterAll(() => fs.rmSync(place, { recursive: true }))

test.each(['kill', 'torn'])('%s at every write and sync of a move', async (how) => {
  const many = Math.min(calls, times(8, calls))
  const seen = new Set<string>()
  for (let i = 0; i < many; i += 1) {
    const at = 1 + Math.floor((i * (calls - 1)) / Math.max(1, many - 1))
    await inCopy(template, async (folder) => {
      const { ended } = await move(folder, at, how)
      const between = await sendersOf(folder)
      expect(between.length).toBeLessThanOrEqual(1)
      seen.add(between.join() || 'nobody')
      if (ended === null) await move(folder, 0, how)
      expect(await sendersOf(folder)).toEqual(['new.db'])
    })
  }
  expect([...seen].sort()).toEqual(['new.db', 'nobody', 'old.db'])
}, 1_200_000)
