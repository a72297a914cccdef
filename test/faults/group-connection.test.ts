// A PostgreSQL connection that is lost at any message of a member's life: what fails changes nothing, in memory or in the
// store, and the next try works.
import { times } from './support/counts'
import { errorsOf, runLife, type Ended } from './support/life'
import { Proxy, type Cut } from './support/proxy'

const { startPostgres } = require('../../scripts/postgres.cjs') as typeof import('../../scripts/postgres.cjs')

let server: Awaited<ReturnType<typeof startPostgres>>
let proxy: Proxy
let reference: Ended
/** Messages of a whole life without faults. */
let messages = 0
let schemas = 0
const placeOf = (url: string): string => `${url}#life${schemas += 1}`

beforeAll(async () => {
  server = await startPostgres()
  proxy = await Proxy.start(server.folder)
  proxy.cut({ at: Infinity, message: 'lost' })
  reference = await runLife(placeOf(proxy.url), 'live')
  messages = proxy.count
  expect(errorsOf(reference)).toEqual([])
}, 120_000)
afterAll(async () => {
  await proxy?.stop()
  await server?.stop()
}, 120_000)

const cases: [string, Omit<Cut, 'at'>][] = [
  ['a message is lost with its connection', { message: 'lost' }],
  ['a message is delivered, and its answer lost', { message: 'delivered' }],
  ['the server is away for a while', { message: 'lost', forGood: true }],
]

test.each(cases)('%s', async (_, cut) => {
  const points = Math.min(times(8, Infinity), messages)
  let [cuts, failures] = [0, 0]
  for (let i = 0; i < points; i += 1) {
    const at = 1 + Math.floor((i * (messages - 1)) / Math.max(1, points - 1))
    proxy.cut({ ...cut, at })
    const healing = setInterval(() => proxy.wasCut && proxy.heal(), 200)
    const schema = schemas += 1
    const ended = await runLife(`${proxy.url}#life${schema}`, 'live')
    clearInterval(healing)
    proxy.heal()
    cuts += proxy.wasCut ? 1 : 0
    proxy.cut({ at: Infinity, message: 'lost' })
    expect({ at, errors: errorsOf(ended) }).toEqual({ at, errors: [] })
    expect({ at, state: ended.told.at(-1)?.state }).toEqual({ at, state: reference.told.at(-1)?.state })
    failures += ended.told.filter(({ failed }) => failed).length
    const [found] = (await runLife(`${server.url}#life${schema}`, 'check')).told
    expect({ at, state: found?.state }).toEqual({ at, state: reference.told.at(-1)?.state })
  }
  process.stdout.write(`${cuts} of ${messages} messages cut, ${failures} steps failed and then worked\n`)
  expect(cuts).toBeGreaterThan(points / 2)
}, 3_600_000)
