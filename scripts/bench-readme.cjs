// npm run bench:readme: the figures of README.md, from bench/results/latest.json.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure, main, root } = require('./process.cjs')

const begin = '<!-- figures: written by npm run bench:readme from bench/results/latest.json -->'
const end = '<!-- end of figures -->'
const delay = ': longest loop delay'

/** @typedef {{ row: string, n: number, threads: number, floor: number | null, ratio: number | null, value: number | null, unit: string, target: number | null, ok: boolean | null,
 *   peers: Record<string, number> }} Row */
/** @typedef {{ machine: { cpu: string, cores: number, node: string, openssl: string, load: [number, number], date: string },
 *   suite: number, rows: Row[] }} Results */

/** @param {number | null | undefined} value */
const figure = (value) => {
  if (value === null || value === undefined) return '–'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(2)
}

/** @param {Row[]} rows @param {string[]} peers @param {(row: string) => string} name */
function table(rows, peers, name) {
  const floors = rows.some(({ floor }) => floor !== null)
  const head = ['members', 'node-mls', ...(floors ? ['× floor'] : []), ...peers]
  return [
    `| | ${head.join(' | ')} |`,
    `|---|${head.map(() => '---|').join('')}`,
    ...rows.map(({ row, n, value, ratio, peers: theirs }) => {
      const cells = [figure(value), ...(floors ? [ratio === null ? '–' : ratio.toFixed(1)] : []), ...peers.map((peer) => figure(theirs[peer]))]
      return `| ${name(row)} | ${n === 0 ? '' : n.toLocaleString('en')} | ${cells.join(' | ')} |`
    }),
  ].join('\n')
}

/** Rows of state, which no peer keeps; their names say where it lies, or that it is written. @param {Row} row */
const isState = ({ row }) => /written|SQLite|PostgreSQL/.test(row)

/** @param {Row[]} rows */
const stateTable = (rows) => [
  '| | n | | target |',
  '|---|---|---|---|',
  ...rows.map(({ row, n, value, unit, target, ok }) => {
    const whole = unit === 'rows' || unit === 'B' || (value ?? 0) >= 1000
    const shown = whole ? Math.round(value ?? 0).toLocaleString('en') : figure(value)
    const verdict = target === null ? '' : `${target.toLocaleString('en')}${ok ? '' : ', missed'}`
    return `| ${row} | ${n.toLocaleString('en')} | ${shown} ${unit} | ${verdict} |`
  }),
].join('\n')

/** @param {Results} results */
function figures({ machine, suite, rows }) {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))]
  const isDelay = (/** @type {Row} */ { row }) => row.includes(delay)
  const [before, after] = machine.load
  const head = `${machine.date.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.openssl}, suite ${suite}, ` +
    `${rows[0]?.threads} threads; load ${before.toFixed(1)} at the beginning, ${after.toFixed(1)} at the end.`
  const rest = rows.filter((row) => !isDelay(row))
  const state = rest.filter(isState)
  return [head, `Time, ms:`, table(rest.filter((row) => !isState(row)), peers, (row) => row),
    'Longest event-loop delay, ms:', table(rows.filter(isDelay), peers, (row) => row.replace(delay, '')),
    ...(state.length > 0 ? ['State; n is members, or groups where the row says so:', stateTable(state)] : [])].join('\n\n')
}

main(() => {
  const source = path.join(root, 'bench', 'results', 'latest.json')
  if (!fs.existsSync(source)) throw new Failure('There is no bench/results/latest.json; npm run bench makes it.')
  const readme = path.join(root, 'README.md')
  const text = fs.readFileSync(readme, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Failure('README.md has no place for the figures.')
  const results = JSON.parse(fs.readFileSync(source, 'utf8'))
  fs.writeFileSync(readme, `${text.slice(0, from + begin.length)}\n\n${figures(results)}\n\n${text.slice(to)}`)
  console.log('README.md has the figures of bench/results/latest.json')
})
