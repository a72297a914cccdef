// The results as an SVG, all of them: lines for what depends on the size of the group and is measured beside peers, dots for
// the delays of the event loop, and for state bars beside their targets. Each section has scales of its own.
import { drawCards } from './chart/bars'
import { drawDots } from './chart/dots'
import { drawLines } from './chart/lines'
import { BUSY, STATE, cardsOf } from './chart/sections'
import { type Drawn, FONT_SIZE, GREY, INK, colour, escapeText, text, widthOf } from './chart/svg'
import { DELAY, type ResultRow } from './results'

const WIDTH = 900
const MARGIN = 24
const INNER = WIDTH - 2 * MARGIN
const HEADING = 46
const BETWEEN = 18

interface Section {
  readonly title: string
  readonly what: string
  readonly drawn: Drawn
}

/**
 * drawChart gives the text of an SVG.
 * @param names ours first, then the peers
 * @param caption where and when it was measured
 */
export function drawChart(rows: readonly ResultRow[], names: readonly string[], caption = ''): string {
  const parts = [text(MARGIN, 28, 'Figures', { bold: true, size: 18 }), text(MARGIN + 90, 28, caption, { fill: GREY }), ...legend(names)]
  let y = 70
  for (const { title, what, drawn } of sectionsOf(rows, names)) {
    parts.push(`<path d="M${MARGIN} ${y}h${INNER}" stroke="${INK}" stroke-width="1"/>`)
    parts.push(text(MARGIN, y + 22, title, { bold: true, size: 15 }), text(MARGIN, y + 39, what, { fill: GREY }))
    parts.push(`<svg x="${MARGIN}" y="${y + HEADING}" width="${INNER}" height="${drawn.height}" overflow="visible">\n${drawn.parts.join('\n')}\n</svg>`)
    y += HEADING + drawn.height + BETWEEN
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="${FONT_SIZE}">
<title>${escapeText(`Figures. ${caption}`)}</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`
}

/** legend gives the names in their colours, and what is dashed. */
function legend(names: readonly string[]): string[] {
  let x = MARGIN
  const entry = (name: string, stroke: string, more: string): string => {
    const drawn = `<path d="M${x} 48h24" stroke="${stroke}" stroke-width="3"${more}/>${text(x + 30, 52, name, { fill: stroke, bold: true })}`
    x += 30 + widthOf(name) + 28
    return drawn
  }
  return [...names.map((name, index) => entry(name, colour(index), '')), entry('bare libcrypto calls', GREY, ' stroke-dasharray="4 3"')]
}

function sectionsOf(rows: readonly ResultRow[], names: readonly string[]): Section[] {
  const cards = [BUSY, ...STATE].map((rule) => ({ rule, cards: cardsOf(rule, rows) }))
  const inCards = new Set(cards.flatMap((one) => one.cards.flatMap(({ bars }) => bars.map(({ row }) => row))))
  const rest = rows.filter((row) => !inCards.has(row))
  const delays = rest.filter(({ row }) => row.endsWith(DELAY))
  const largest = Math.max(...delays.map(({ n }) => n))
  const dots = delays.filter(({ n }) => n === largest).map((row) => ({ ...row, row: row.row.slice(0, -DELAY.length) }))
  const [busy, ...state] = cards.map(({ rule, cards: own }) => ({ title: rule.title, what: rule.what, drawn: drawCards(own, INNER) }))
  const loop = `How long it was held up at most, in a group of ${largest.toLocaleString('en')}, on a logarithmic axis; and while the addon is busy.`
  const sections: Section[] = [
    {
      title: 'Time',
      what: 'Members to the right, time upwards, both on logarithmic axes.',
      drawn: drawLines(rest.filter((row) => !delays.includes(row)), names, INNER),
    },
    { title: 'Event loop', what: dots.length > 0 ? loop : 'How long it was held up while the addon is busy.', drawn: below(drawDots(dots, names, INNER), busy?.drawn) },
    ...state,
  ]
  return sections.filter(({ drawn }) => drawn.height > 0)
}

/** below puts a drawing below another one. */
function below(upper: Drawn, lower: Drawn = { parts: [], height: 0 }): Drawn {
  if (upper.height === 0 || lower.height === 0) return upper.height > 0 ? upper : lower
  const y = upper.height + BETWEEN
  return { parts: [...upper.parts, `<svg y="${y}" overflow="visible">${lower.parts.join('\n')}</svg>`], height: y + lower.height }
}
