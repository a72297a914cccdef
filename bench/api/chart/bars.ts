// Figures beside their bars: a card for what is measured in one unit, with a scale of its own from 0, a bar for each row, and
// a line where the row's target is.
import type { ResultRow, Unit } from '../results'
import { type Drawn, GREY, GRID, INK, colour, figure, line, part, round, scale, text, ticks, widthOf } from './svg'

const COLUMNS = 2
const GAP = 36
const BAR = { pitch: 22, height: 14 }
const TITLE = 16
/** Where bars begin below the title, with and without the targets' line of text. */
const TOP = { targets: 42, none: 28 }
const AXIS = 20
const BELOW = 18
const LABEL = 11
const TARGET = '#8a1c7c'
const MISSED = '#b3261e'
const ASIDE = '#8d97a5'

export interface Card {
  readonly title: string
  readonly bars: readonly Bar[]
}
export interface Bar {
  readonly label: string
  readonly row: ResultRow
  /** What the machine brings, to compare with: no figure of ours. */
  readonly aside: boolean
}

/** drawCards gives the cards, two beside each other, each as high as its bars need; the bars of all begin at one place. */
export function drawCards(cards: readonly Card[], width: number): Drawn {
  const card = (width - (COLUMNS - 1) * GAP) / COLUMNS
  const left = Math.max(...cards.flatMap(({ bars }) => bars.map(({ label }) => widthOf(label, LABEL)))) + 10
  const parts: string[] = []
  let y = 0
  for (let first = 0; first < cards.length; first += COLUMNS) {
    const beside = cards.slice(first, first + COLUMNS).map((one) => drawCard(one, left, card))
    parts.push(...beside.map(({ drawn }, index) => part(index * (card + GAP), y, drawn)))
    y += Math.max(...beside.map(({ height }) => height))
  }
  return { parts, height: y }
}

function drawCard({ title, bars }: Card, left: number, width: number): { readonly drawn: readonly string[]; readonly height: number } {
  const unit: Unit = bars[0]?.row.unit ?? 'ms'
  const targets = [...new Set(bars.flatMap(({ row }) => row.target ?? []))]
  const most = Math.max(...targets, ...bars.map(({ row }) => row.value ?? 0)) * 1.08 || 1
  const x = scale(0, most, left, width)
  const top = targets.length > 0 ? TOP.targets : TOP.none
  const bottom = top + bars.length * BAR.pitch
  const drawn = [text(0, TITLE, title, { bold: true })]
  for (const at of axisOf(most, unit, width - left)) {
    drawn.push(line(x(at), top, x(at), bottom, at === 0 ? GREY : GRID))
    const words = figure(at, unit)
    // The last one stays within the card.
    const anchor = x(at) + widthOf(words, LABEL) / 2 > width ? 'end' : 'middle'
    drawn.push(text(anchor === 'end' ? width : x(at), bottom + 14, words, { anchor, fill: GREY, size: LABEL }))
  }
  for (const target of targets) drawn.push(drawTarget(x(target), top, `at most ${figure(target, unit)}`, width))
  for (const [index, bar] of bars.entries()) drawn.push(...drawBar(bar, top + index * BAR.pitch, left, x, width))
  return { drawn, height: bottom + AXIS + BELOW }
}

/** axisOf gives as many ticks, up to five, as have room for their names on an axis of `length`. */
function axisOf(most: number, unit: Unit, length: number): readonly number[] {
  const all = [5, 4, 3, 2, 1].map((steps) => ticks(most, steps, unit))
  const fits = (at: readonly number[]): boolean => {
    const room = ((at[1] ?? most) / most) * length
    return at.every((value) => widthOf(figure(value, unit), LABEL) + 8 <= room)
  }
  return all.find(fits) ?? all.at(-1) ?? []
}

/** drawTarget names a target above its line, as near to it as the card's edge lets it. */
function drawTarget(x: number, top: number, words: string, width: number): string {
  const half = widthOf(words, LABEL) / 2
  const anchor = x + half > width ? 'end' : 'middle'
  return text(anchor === 'end' ? width : x, top - 6, words, { anchor, fill: TARGET, size: LABEL })
}

function drawBar({ label, row, aside }: Bar, y: number, left: number, x: (value: number) => number, width: number): string[] {
  const middle = y + BAR.pitch / 2
  const value = row.value ?? 0
  const end = x(value)
  const fill = row.ok === false ? MISSED : aside ? ASIDE : colour(0)
  const drawn = [
    text(left - 8, middle + 4, label, { anchor: 'end', fill: aside ? GREY : INK, size: LABEL }),
    `<rect x="${round(left)}" y="${round(middle - BAR.height / 2)}" width="${round(Math.max(1, end - left))}" height="${BAR.height}" fill="${fill}"/>`,
  ]
  const line = row.target === null ? null : x(row.target)
  if (line !== null) drawn.push(`<path d="M${round(line)} ${round(y)}v${BAR.pitch + 0.5}" stroke="${TARGET}" stroke-width="2"/>`)
  const words = row.value === null ? '–' : `${figure(value, row.unit)}${row.ok === false ? ', missed' : ''}`
  const place = placeFigure(widthOf(words, LABEL), left, end, line, width)
  drawn.push(text(place.x, middle + 4, words, { anchor: place.anchor, fill: place.inside ? '#fff' : fill, size: LABEL, bold: true, halo: !place.inside }))
  return drawn
}

/** placeFigure puts a bar's figure behind its end, or inside the bar, where it would cross the card's edge or the target. */
function placeFigure(words: number, left: number, end: number, target: number | null, width: number) {
  const space = words + 10
  const crosses = target !== null && target >= end && target <= end + space
  if (!crosses && end + space <= width) return { x: end + 5, anchor: 'start', inside: false } as const
  const edge = target !== null && target <= end && target >= end - space ? target : end
  if (edge - left >= space) return { x: edge - 5, anchor: 'end', inside: true } as const
  return { x: Math.max(end, target ?? 0) + 6, anchor: 'start', inside: false } as const
}
