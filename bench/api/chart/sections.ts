// Which rows of the results stand where in the chart. Rows that nobody claims are lines: see chart.ts.
import { DELAY, type ResultRow } from '../results'
import type { Bar, Card } from './bars'

/** Rows of one card: those whose name matches, by name and n. */
interface CardRule {
  readonly title: string
  readonly rows: RegExp
  /** label names a bar; `name` holds the groups of the match. */
  readonly label: (name: RegExpMatchArray, row: ResultRow) => string
  readonly aside?: RegExp
}

export interface SectionRule {
  readonly title: string
  readonly what: string
  readonly cards: readonly CardRule[]
}

const count = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`
const members = (_: RegExpMatchArray, { n }: ResultRow): string => count(n, 'member')
const step = ([, which = '']: RegExpMatchArray, { n }: ResultRow): string => `${which}, ${count(n, 'member')}`
const place = ([, kind = '']: RegExpMatchArray, { n }: ResultRow): string => `${kind}, ${count(n, 'group')}`
const control = /count|nothing/

/** The event loop while the addon is busy; its names begin with what is done meanwhile. */
export const BUSY: SectionRule = {
  title: '',
  what: '',
  cards: [
    {
      title: 'Busy with adding and receiving: 99th percentile',
      rows: new RegExp(`^(\\d+ added|nothing).*, p99${DELAY}$`),
      label: ([, which = '']) => (which === 'nothing' ? 'nothing at all' : 'busy'),
      aside: control,
    },
    {
      title: 'Busy with adding and receiving: longest delay',
      rows: new RegExp(`^(\\d+ added.*received|\\d+ threads that only count|nothing at all)(, median of \\d+)?${DELAY}$`),
      label: ([, which = '', median = '']) => `${/added/.test(which) ? 'busy' : which.replace('that only count', 'counting')}${median}`,
      aside: control,
    },
  ],
}

export const STATE: readonly SectionRule[] = [
  {
    title: 'Small writes',
    what: 'What a step in a group with a warm tree gives its store, as the most of five epochs.',
    cards: [
      { title: 'A commit: rows', rows: /^(\w+) commit, warm: rows written$/, label: step },
      { title: 'A commit: bytes', rows: /^(\w+) commit, warm: bytes written$/, label: step },
      { title: "A sender's first message of an epoch: bytes", rows: /^first message of an epoch, (\w+): bytes written$/, label: step },
      { title: 'A later message: bytes', rows: /^later message, (\w+): bytes written$/, label: step },
      { title: 'A first message: rows', rows: /^first message of an epoch, (\w+): rows written$/, label: step },
      { title: 'A later message: rows', rows: /^later message, (\w+): rows written$/, label: step },
    ],
  },
  {
    title: 'Loading a group from SQLite',
    what: 'In fresh processes: the median time, and the worst of the rest.',
    cards: [
      { title: 'Time', rows: /^load a group, SQLite$/, label: members },
      { title: 'Memory at its peak over final memory', rows: /^load a group, SQLite: peak over final memory$/, label: members },
      { title: 'Longest delay of the event loop meanwhile', rows: new RegExp(`^load a group, SQLite${DELAY}$`), label: members },
      { title: 'Final memory', rows: /^load a group, SQLite: final memory$/, label: members },
    ],
  },
  {
    title: 'Opening a client of very many groups',
    what: 'Store and client, in fresh processes, the median.',
    cards: [{ title: 'Time', rows: /^open a client of n groups, (\w+)$/, label: place }],
  },
  {
    title: 'Durable messages',
    what: 'Of 1 KiB; a call is over when its message is stored. One group with 256 calls under way, or 100 groups with one each.',
    cards: [
      { title: 'Sent', rows: /^send 1 KiB, (\w+), n groups$/, label: place },
      { title: 'Received', rows: /^receive 1 KiB, (\w+), n groups$/, label: place },
      { title: 'The disk alone: 4 KiB written and synced', rows: /^4 KiB written and synced/, label: () => 'one write', aside: /disk alone/ },
    ],
  },
]

/** cardsOf gives the cards that have rows among `rows`. */
export function cardsOf({ cards }: SectionRule, rows: readonly ResultRow[]): Card[] {
  return cards.flatMap((rule) => {
    const own = rows.filter(({ row }) => rule.rows.test(row))
    const names = [...new Set(own.map(({ row }) => row))]
    const sorted = names.flatMap((name) => own.filter(({ row }) => row === name).sort((a, b) => a.n - b.n))
    const bars = sorted.map((row): Bar => {
      const name = rule.rows.exec(row.row)
      return { label: name ? rule.label(name, row) : row.row, row, aside: rule.aside?.test(row.row) ?? false }
    })
    return bars.length > 0 ? [{ title: rule.title, bars }] : []
  })
}
