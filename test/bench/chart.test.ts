// The chart carries every figure of the tables: what is measured today finds its section, and texts keep apart.
import { readFileSync } from 'node:fs'
import { drawChart } from '../../bench/api/chart'
import { STATE, cardsOf } from '../../bench/api/chart/sections'
import { figure, ticks } from '../../bench/api/chart/svg'
import { DELAY, type ResultRow, type Results } from '../../bench/api/results'

const { rows } = JSON.parse(readFileSync('bench/results/latest.json', 'utf8')) as Results

test('every row of state has a bar in one card, and each card has one unit', () => {
  const state = rows.filter(({ row }) => /written|SQLite|PostgreSQL/.test(row))
  const cards = STATE.flatMap((section) => cardsOf(section, rows))
  const bars = cards.flatMap((card) => card.bars.map(({ row }) => row))
  expect(new Set(bars)).toEqual(new Set(state))
  expect(bars).toHaveLength(state.length)
  for (const card of cards) expect(new Set(card.bars.map(({ row }) => row.unit)).size).toBe(1)
})

test('a bar stands beside its target, and says when that is missed', () => {
  const row = (more: Partial<ResultRow>): ResultRow => {
    const none = { floor: null, ratio: null, peers: {} }
    return { row: 'load a group, SQLite', n: 1000, threads: 2, value: 9.3, unit: 'ms', target: 500, ok: true, ...none, ...more }
  }
  const met = drawChart([row({})], ['node-mls'])
  expect(met).toContain('>at most 500 ms<')
  expect(met).toContain('>9.3 ms<')
  expect(met).not.toMatch(/missed|NaN|undefined|Infinity/)
  expect(drawChart([row({ n: 50_000, value: 650, ok: false })], ['node-mls'])).toContain('>650 ms, missed<')
})

test('delays of the loop are dots in the largest group', () => {
  const delays = rows.filter(({ row, peers }) => row.endsWith(DELAY) && Object.keys(peers).length > 0)
  const svg = drawChart(delays, ['node-mls', 'ts-mls', 'mls-ts'])
  const largest = delays.filter(({ n }) => n === 1000)
  expect(svg.match(/<circle /g)).toHaveLength(largest.reduce((sum, { peers }) => sum + 1 + Object.keys(peers).length, 0))
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
})

test('axes and figures', () => {
  expect(ticks(69, 5, 'rows')).toEqual([0, 20, 40, 60])
  expect(ticks(70_000, 5, 'B')).toEqual([0, 16384, 32768, 49152, 65536])
  expect(ticks(1.3, 5, 'rows')).toEqual([0, 1])
  expect([figure(65_536, 'B'), figure(571, 'B'), figure(1, 'rows'), figure(1500, 'ms'), figure(0.118, 'ms'), figure(14_369.4, 'per s')]).toEqual(
    ['64 KiB', '571 B', '1 row', '1.5 s', '118 µs', '14,369 per s'],
  )
})
