// One figure of each operation for all implementations: dots on one logarithmic axis, and the figures beside them.
import type { ResultRow, Unit } from '../results'
import { type Drawn, GREY, GRID, colour, decades, figure, line, part, round, scale, text } from './svg'

const ROW = 22
const TOP = 26
const NAMES = 190
const FIGURES = 84

/**
 * drawDots gives a line for each of `rows`, from left to right its name, the dots and the figures.
 * @param names ours first, then the peers
 */
export function drawDots(rows: readonly ResultRow[], names: readonly string[], width: number): Drawn {
  const lines = rows.map(({ row, unit, value, peers }) => ({ row, unit, values: names.map((name, i) => (i === 0 ? value : peers[name]) ?? 0) }))
  const all = lines.flatMap(({ values }) => values.filter((value) => value > 0))
  if (all.length === 0) return { parts: [], height: 0 }
  const exponents = decades(all)
  const unit: Unit = lines[0]?.unit ?? 'ms'
  const right = width - names.length * FIGURES - 12
  const x = scale(exponents[0] ?? 0, exponents.at(-1) ?? 1, NAMES, right)
  const bottom = TOP + lines.length * ROW
  const drawn: string[] = []
  for (const exponent of exponents) {
    drawn.push(line(x(exponent), TOP, x(exponent), bottom, GRID))
    drawn.push(text(x(exponent), TOP - 8, figure(10 ** exponent, unit), { anchor: 'middle', fill: GREY, size: 11 }))
  }
  const column = (index: number): number => width - (names.length - 1 - index) * FIGURES
  for (const [index, name] of names.entries()) drawn.push(text(column(index), TOP - 8, name, { anchor: 'end', fill: colour(index), bold: true }))
  for (const [index, { row, values }] of lines.entries()) {
    const y = TOP + index * ROW + ROW / 2
    drawn.push(text(NAMES - 14, y + 4, row, { anchor: 'end' }))
    const places = values.map((value) => (value > 0 ? x(Math.log10(value)) : null))
    const shown = places.filter((place) => place !== null)
    if (shown.length > 1) drawn.push(line(Math.min(...shown), y, Math.max(...shown), y, '#bbb'))
    for (const [i, value] of values.entries()) {
      drawn.push(text(column(i), y + 4, value > 0 ? figure(value, unit) : '–', { anchor: 'end', fill: colour(i) }))
    }
    // Ours last, so that it lies on top.
    for (const [i, place] of [...places.entries()].reverse()) {
      if (place !== null) drawn.push(`<circle cx="${round(place)}" cy="${round(y)}" r="4.5" fill="${colour(i)}"/>`)
    }
  }
  return { parts: [part(0, 0, drawn)], height: bottom + 8 }
}
