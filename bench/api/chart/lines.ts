// Time by the size of the group: a panel for each operation, n to the right, the figure upwards, both axes logarithmic.
import type { ResultRow } from '../results'
import { type Drawn, GREY, GRID, colour, decades, figure, line, part, round, scale, text, widthOf } from './svg'

const COLUMNS = 3
const PANEL = { height: 176, left: 58, right: 26, top: 28, bottom: 32 }
const LABEL = 11

interface Point {
  readonly n: number
  readonly value: number
}

/**
 * drawLines gives a panel for each name of a row.
 * @param names ours first, then the peers
 */
export function drawLines(rows: readonly ResultRow[], names: readonly string[], width: number): Drawn {
  const titles = [...new Set(rows.map((row) => row.row))]
  const panel = width / COLUMNS
  const parts = titles.map((title, index) => {
    const own = rows.filter((row) => row.row === title)
    return part((index % COLUMNS) * panel, Math.floor(index / COLUMNS) * PANEL.height, drawPanel(title, own, names, panel))
  })
  return { parts, height: Math.ceil(titles.length / COLUMNS) * PANEL.height }
}

function drawPanel(title: string, rows: readonly ResultRow[], names: readonly string[], width: number): string[] {
  const series = names.map((name, index) => pointsOf(rows, (row) => (index === 0 ? row.value : row.peers[name])))
  const floor = pointsOf(rows, (row) => row.floor)
  const points = [...series.flat(), ...floor]
  const ns = [...new Set(points.map((point) => point.n))].sort((a, b) => a - b)
  if (ns.length === 0) return []
  const exponents = decades(points.map((point) => point.value))
  const unit = rows[0]?.unit ?? 'ms'
  const labels = exponents.map((exponent) => figure(10 ** exponent, unit))
  const left = Math.max(PANEL.left, ...labels.map((label) => widthOf(label, LABEL) + 8))
  const x = scale(Math.log10(ns[0] ?? 1), Math.log10(ns.at(-1) ?? 10), left, width - PANEL.right)
  const y = scale(exponents[0] ?? 0, exponents.at(-1) ?? 1, PANEL.height - PANEL.bottom, PANEL.top)
  const drawn = [text(left, 18, title, { bold: true })]
  for (const [index, exponent] of exponents.entries()) {
    drawn.push(line(left, y(exponent), width - PANEL.right, y(exponent), GRID))
    drawn.push(text(left - 6, y(exponent) + 4, labels[index] ?? '', { anchor: 'end', fill: GREY, size: LABEL }))
  }
  for (const n of ns) {
    drawn.push(text(x(Math.log10(n)), PANEL.height - PANEL.bottom + 16, n.toLocaleString('en'), { anchor: 'middle', fill: GREY, size: LABEL }))
  }
  const place = ({ n, value }: Point): readonly [number, number] => [x(Math.log10(n)), y(Math.log10(value))]
  drawn.push(polyline(floor.map(place), GREY, ' stroke-dasharray="4 3"'))
  for (const [index, line] of series.entries()) {
    const places = line.map(place)
    drawn.push(polyline(places, colour(index), ''))
    for (const [cx, cy] of places) drawn.push(`<circle cx="${round(cx)}" cy="${round(cy)}" r="3.5" fill="${colour(index)}"/>`)
  }
  return drawn
}

/** pointsOf gives the figures that are there and have a logarithm. */
function pointsOf(rows: readonly ResultRow[], of: (row: ResultRow) => number | null | undefined): Point[] {
  return rows.flatMap((row) => {
    const value = of(row) ?? 0
    return value <= 0 ? [] : [{ n: row.n, value }]
  })
}

const polyline = (places: readonly (readonly [number, number])[], stroke: string, more: string): string =>
  places.length < 2 ? '' : `<polyline points="${places.map((at) => at.map(round).join(',')).join(' ')}" fill="none" stroke="${stroke}" stroke-width="2"${more}/>`
