// What the bench of the API makes of its figures.
import { drawChart } from '../../bench/api/chart'
import { median } from '../../bench/api/measure'
import { type ResultRow, formatResults, ratioOf } from '../../bench/api/results'

const row = (more: Partial<ResultRow>): ResultRow => {
  return { row: 'join', n: 2, threads: 2, floor: null, value: 1.5, unit: 'ms', ratio: null, target: null, ok: null, peers: {}, ...more }
}

test('median', () => {
  expect(median([3])).toBe(3)
  expect(median([5, 1, 3])).toBe(3)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})

test('a table has a column for each peer, and says whether a target was met', () => {
  const rows = [
    row({ peers: { other: 20.25 } }),
    row({ n: 1000, value: 123.4 }),
    row({ row: 'delay', value: 9, target: 10, ok: true }),
    row({ row: 'delay', value: 11, target: 10, ok: false }),
  ]
  expect(formatResults(rows, ['other']).split('\n')).toEqual([
    '       members  node-mls  other  unit    target',
    '─────  ───────  ────────  ─────  ────  ────────',
    'join         2     1.500   20.3    ms',
    'join     1,000       123      –    ms',
    'delay        2     9.000      –    ms  under 10',
    'delay        2      11.0      –    ms   OVER 10',
  ])
})

test('counts are whole, and n may be something else than members', () => {
  const rows = [
    row({ row: 'write', unit: 'rows', value: 3 }),
    row({ row: 'write', n: 50_000, unit: 'B', value: 11440, target: 65536, ok: true }),
    row({ row: 'send', n: 100, unit: 'per s', value: 12345.6 }),
  ]
  expect(formatResults(rows, [], 'n').split('\n')).toEqual([
    '            n  node-mls   unit        target',
    '─────  ──────  ────────  ─────  ────────────',
    'write       2         3   rows',
    'write  50,000    11,440      B  under 65,536',
    'send      100    12,346  per s',
  ])
})

test('a floor has a column, and the ratio to it', () => {
  expect(ratioOf(3, 2)).toBe(1.5)
  for (const [value, floor] of [[null, 2], [3, null], [3, 0]] as const) expect(ratioOf(value, floor)).toBeNull()
  const rows = [row({ floor: 0.75, ratio: 2, peers: { other: 20.25 } }), row({ row: 'delay' })]
  expect(formatResults(rows, ['other']).split('\n')).toEqual([
    '       members  node-mls  floor  ratio  other  unit  target',
    '─────  ───────  ────────  ─────  ─────  ─────  ────  ──────',
    'join         2     1.500  0.750   2.00   20.3    ms',
    'delay        2     1.500      –      –      –    ms',
  ])
})

test('a chart has a panel per operation and a line per implementation', () => {
  const rows = [2, 10, 100].map((n) => row({ n, value: n, peers: { other: 10 * n } }))
  const svg = drawChart([...rows, row({ row: 'send <1 KiB>' })], ['node-mls', 'other'])
  expect(svg.match(/<g /g)).toHaveLength(2)
  expect(svg.match(/<polyline /g)).toHaveLength(2)
  expect(svg.match(/<circle /g)).toHaveLength(7)
  expect(svg).toContain('send &lt;1 KiB>')
  expect(svg).not.toMatch(/NaN|undefined/)
})

test('a chart of one size only has points and no lines', () => {
  const svg = drawChart([row({})], ['node-mls'])
  expect(svg).not.toMatch(/polyline|NaN/)
})

test('an axis of a chart has the unit of its rows', () => {
  const svg = drawChart([1, 100].map((n) => row({ row: 'send', n, unit: 'per s', value: 5000 * n })), ['node-mls'])
  expect(svg).toContain('>1,000 per s<')
  expect(svg).not.toContain(' ms<')
})
