// What every part of the chart draws with: colours, text and how wide it is, scales, and figures with their units.
import type { Unit } from '../results'

/** Ours first, then the peers; told apart by those who see no red or no green, too. */
const COLOURS = ['#1f5fbf', '#c2571a', '#3f8f4f', '#8a5fb0']
export const INK = '#222'
export const GREY = '#666'
export const GRID = '#ddd'
export const FONT_SIZE = 12

export const colour = (index: number): string => COLOURS[index % COLOURS.length] ?? INK

/** What stands in a section of the chart, from 0, 0 on. */
export interface Drawn {
  readonly parts: readonly string[]
  readonly height: number
}

interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly fill?: string
  readonly bold?: boolean
  readonly size?: number
  /** White behind it, so that a line that it crosses does not strike it through. */
  readonly halo?: boolean
}

/** text gives an element whose baseline begins at x, y. */
export function text(x: number, y: number, words: string, style: TextStyle = {}): string {
  const { anchor = 'start', fill = INK, bold = false, size = FONT_SIZE, halo = false } = style
  const more = [
    anchor === 'start' ? '' : ` text-anchor="${anchor}"`,
    bold ? ' font-weight="bold"' : '',
    size === FONT_SIZE ? '' : ` font-size="${size}"`,
    halo ? ' stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' : '',
  ]
  return `<text x="${round(x)}" y="${round(y)}" fill="${fill}"${more.join('')}>${escapeText(words)}</text>`
}

/** line gives a straight one between two points. */
export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" stroke-width="${width}"/>`

/** part gives what was drawn from 0, 0 at its place. */
export const part = (x: number, y: number, drawn: readonly string[]): string =>
  `<g transform="translate(${round(x)} ${round(y)})">${drawn.join('')}</g>`

/** widthOf gives about how wide a text is, rather too much: who looks has a font that we don't know. */
export const widthOf = (words: string, size = FONT_SIZE): number => words.length * size * 0.62

export const round = (value: number): string => String(Math.round(value * 10) / 10)

export const escapeText = (words: string): string => words.replace(/&/g, '&amp;').replace(/</g, '&lt;')

/** scale gives where a value lies between `first` and `last`, as `from` to `to` lie there; in the middle, if these are one. */
export const scale = (from: number, to: number, first: number, last: number) => (value: number): number =>
  to === from ? (first + last) / 2 : first + ((value - from) / (to - from)) * (last - first)

/** decades gives the powers of ten, as exponents, that are around `values`: two at least. */
export function decades(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  return Array.from({ length: high - low + 1 }, (_, index) => low + index)
}

/** ticks gives at most `count` even steps from 0 up to `most`, of 1, 2 or 5 times a power of ten; of bytes, of a power of two. */
export function ticks(most: number, count: number, unit: Unit): number[] {
  const rough = most / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = unit === 'B' ? 2 ** Math.ceil(Math.log2(rough)) : ([1, 2, 5].find((times) => times * power >= rough) ?? 10) * power
  const whole = unit === 'rows' ? Math.max(1, step) : step
  return Array.from({ length: Math.floor(most / whole) + 1 }, (_, index) => index * whole)
}

/** figure gives a value with its unit, three digits of it at least. */
export function figure(value: number, unit: Unit): string {
  if (value === 0) return '0'
  if (unit === 'per s') return `${digits(value)} per s`
  if (unit === 'rows') return `${digits(value)} ${value === 1 ? 'row' : 'rows'}`
  if (unit === 'B') return value >= 1024 ? `${digits(value / 1024)} KiB` : `${digits(value)} B`
  if (unit !== 'ms') return `${digits(value)} ${unit}`
  if (value >= 1000) return `${digits(value / 1000)} s`
  return value >= 1 ? `${digits(value)} ms` : `${digits(value * 1000)} µs`
}

const digits = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 })
