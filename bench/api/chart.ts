// The results as an SVG: one panel per row, n to the right, the figure in its unit upwards, both on logarithmic axes.
import type { ResultRow, Unit } from './results'

const PANEL = { width: 250, height: 170, left: 50, right: 12, top: 28, bottom: 28 }
const COLUMNS = 3
const LEGEND = 30
const COLOURS = ['#1f5fbf', '#c2571a', '#3f8f4f', '#8a5fb0']

interface Point {
  readonly n: number
  readonly value: number
}

/** drawChart gives the text of an SVG; `names` are ours first, then the peers. */
export function drawChart(rows: readonly ResultRow[], names: readonly string[]): string {
  const titles = [...new Set(rows.map((row) => row.row))]
  const panels = titles.map((title) => {
    const own = rows.filter((row) => row.row === title)
    return { title, unit: own[0]?.unit ?? 'ms', series: names.map((name, index) => pointsOf(own, index === 0 ? null : name)) }
  })
  const width = COLUMNS * PANEL.width
  const height = LEGEND + Math.ceil(panels.length / COLUMNS) * PANEL.height
  const parts = panels.map(({ title, unit, series }, index) => {
    const x = (index % COLUMNS) * PANEL.width
    const y = LEGEND + Math.floor(index / COLUMNS) * PANEL.height
    return `<g transform="translate(${x} ${y})">${drawPanel(title, unit, series)}</g>`
  })
  const legend = names.map((name, index) => {
    return `<text x="${PANEL.left + index * 120}" y="20" fill="${colour(index)}" font-weight="bold">${escapeText(name)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, ...parts].join('\n')}
</svg>
`
}

/** pointsOf gives the figures of a peer, or ours for null. */
function pointsOf(rows: readonly ResultRow[], peer: string | null): Point[] {
  return rows.flatMap((row) => {
    const value = peer === null ? row.value : (row.peers[peer] ?? null)
    return value === null || value <= 0 ? [] : [{ n: row.n, value }]
  })
}

function drawPanel(title: string, unit: Unit, series: readonly (readonly Point[])[]): string {
  const points = series.flat()
  const ns = [...new Set(points.map((point) => point.n))].sort((a, b) => a - b)
  if (ns.length === 0) return ''
  const low = Math.floor(Math.log10(Math.min(...points.map((point) => point.value))))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...points.map((point) => point.value)))))
  const x = scale(Math.log10(ns[0] ?? 1), Math.log10(ns.at(-1) ?? 10), PANEL.left, PANEL.width - PANEL.right)
  const y = scale(low, high, PANEL.height - PANEL.bottom, PANEL.top)
  const parts = [`<text x="${PANEL.left}" y="18" font-weight="bold">${escapeText(title)}</text>`]
  for (let exponent = low; exponent <= high; exponent++) {
    const at = y(exponent).toFixed(1)
    parts.push(`<line x1="${PANEL.left}" x2="${PANEL.width - PANEL.right}" y1="${at}" y2="${at}" stroke="#ddd"/>`)
    parts.push(`<text x="${PANEL.left - 4}" y="${(y(exponent) + 4).toFixed(1)}" text-anchor="end" fill="#666">${label(exponent, unit)}</text>`)
  }
  for (const n of ns) {
    parts.push(`<text x="${x(Math.log10(n)).toFixed(1)}" y="${PANEL.height - 10}" text-anchor="middle" fill="#666">${n}</text>`)
  }
  for (const [index, line] of series.entries()) {
    const places = line.map((point) => `${x(Math.log10(point.n)).toFixed(1)},${y(Math.log10(point.value)).toFixed(1)}`)
    if (places.length > 1) parts.push(`<polyline points="${places.join(' ')}" fill="none" stroke="${colour(index)}" stroke-width="2"/>`)
    for (const place of places) {
      const [cx, cy] = place.split(',')
      parts.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour(index)}"/>`)
    }
  }
  return parts.join('')
}

const colour = (index: number): string => COLOURS[index % COLOURS.length] ?? '#000'

const scale = (from: number, to: number, first: number, last: number) => (value: number) =>
  to === from ? (first + last) / 2 : first + ((value - from) / (to - from)) * (last - first)

function label(exponent: number, unit: Unit): string {
  if (unit !== 'ms') return `${exponent < 0 ? 10 ** exponent : (10 ** exponent).toLocaleString('en')} ${unit}`
  if (exponent >= 3) return `${10 ** (exponent - 3)} s`
  return exponent >= 0 ? `${10 ** exponent} ms` : `${10 ** (exponent + 3)} µs`
}

const escapeText = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
