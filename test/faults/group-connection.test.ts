// A PostgreSQL connection that is lost at any message of a member's life: what fails changes nothing, in memory or in any byte of
// the store, and the next try works.
import { patience, times } from './support/counts'
import { LifeProcess, errorsOf, stepsOf, wrongEnd, type Ended } from './support/life'
import { Proxy, type Cut } from './support/proxy'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

let server: Awaited<ReturnType<typeof startPostgres>>
let proxy: Proxy
let reference: Ended
const [liver, checker] = [new LifeProcess(), new LifeProcess()]
/** Messages of a whole life without faults. */
let messages = 0
let schemas = 0
/** Rows are looked at without the proxy. */
const placeOf = (url: string, schema: number): string => `${url}#life${schema}#${server.url}`

beforeAll(async () => {
  server = await startPostgres()
  proxy = await Proxy.start(server.folder)
  proxy.cut({ at: Infinity, message: 'lost' })
  reference = await liver.run(placeOf(proxy.url, schemas), 'live', { shapes: true })
  messages = proxy.count
  expect([...errorsOf(reference), ...stepsOf(reference).flatMap(({ lost = [] }) => lost)]).toEqual([])
}, patience(120_000))
afterAll(async () => {
  await Promise.all([liver, checker].map((one) => one.stop()))
  await proxy?.stop()
  await server?.stop()
}, patience(120_000))

const cases: [string, Omit<Cut, 'at'>][] = [
  ['a message is lost with its connection', { message: 'lost' }],
  ['a message is delivered, and its answer lost', { message: 'delivered' }],
  ['the server is away for a while', { message: 'lost', forGood: true }],
]

test.each(cases)('%s', async (_, cut) => {
  const points = Math.min(times(6, Infinity), messages)
  let [cuts, failures] = [0, 0]
  for (let i = 0; i < points; i += 1) {
    const at = 1 + Math.floor((i * (messages - 1)) / Math.max(1, points - 1))
    proxy.cut({ ...cut, at })
    const healing = setInterval(() => proxy.wasCut && proxy.heal(), 200)
    const schema = schemas += 1
    const ended = await liver.run(placeOf(proxy.url, schema), 'live')
    clearInterval(healing)
    proxy.heal()
    cuts += proxy.wasCut ? 1 : 0
    proxy.cut({ at: Infinity, message: 'lost' })
    expect({ at, errors: errorsOf(ended) }).toEqual({ at, errors: [] })
    const state = stepsOf(reference).at(-1)?.state
    expect({ at, state: stepsOf(ended).at(-1)?.state }).toEqual({ at, state })
    failures += stepsOf(ended).filter(({ failed }) => failed).length
    const [found] = (await checker.run(placeOf(server.url, schema), 'check')).told
    expect({ at, error: found?.error, state: found?.state }).toEqual({ at, error: undefined, state })
    expect(wrongEnd(ended, found?.rows, reference)).toBeNull()
  }
  process.stdout.write(`${cuts} of ${messages} messages cut, ${failures} steps failed and then worked\n`)
  expect(cuts).toBeGreaterThan(points / 2)
}, patience(600_000))
