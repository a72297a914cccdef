// Every member of Group in every phase of a group: what works, and what is said where it does not; here and in a worker.
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { Group } from '../../lib'
import { expected, memberOf, names, outcomeOf, phases, tableOf, type Table } from './support/phases'

test('every public member of Group is in the table, and nothing else', () => {
  const source = fs.readFileSync(path.join(__dirname, '..', '..', 'lib', 'group.ts'), 'utf8')
  const internal = [...source.matchAll(/@internal \*\/\n {2}(?:async |get )?(\w+)/g)].map(([, name]) => name)
  expect(internal).toEqual(expect.arrayContaining(['constructor', 'closing', 'use']))
  const members = Object.getOwnPropertyNames(Group.prototype).filter((name) => !internal.includes(name))
  expect([...new Set(names.map(memberOf))].filter(Boolean).sort()).toEqual(members.sort())
})

describe.each(phases)('in phase %s', (phase) => {
  test.each(names)('%s', async (name) => {
    expect(await outcomeOf(phase, name)).toBe(expected(phase, name))
  })
})

describe('in a worker', () => {
  let found: { readonly mainThread: boolean; readonly table: Table }

  beforeAll(async () => {
    const workerData = { file: path.join(__dirname, 'support', 'phases.ts'), call: 'runTable' }
    const worker = new Worker(path.join(__dirname, 'support', 'worker.cjs'), { workerData })
    ;[found] = await once(worker, 'message') as [typeof found]
    await worker.terminate()
  }, 240_000)

  test.each(phases)('in phase %s, all of them', async (phase) => {
    expect(found.mainThread).toBe(false)
    expect(found.table[phase]).toEqual((await tableOf(expected))[phase])
  })
})
