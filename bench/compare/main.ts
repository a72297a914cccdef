// npm run bench:compare: the figures of the README's table. How long each implementation holds up the event loop in one group,
// how long that takes, and how large its package is as it was installed. Each is measured in a process of its own.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Row, formatTable } from '../../examples/group-server/table'
import type { Operation } from '../api/world'
import { coreCrypto } from './core-crypto'
import { davey } from './davey'
import { Package, megabytes, sizeOfFiles } from './packages'
import { nodeMls, tsMls } from './peers'
import { type Findings, type Measured, type Setting, type Subject, messageOf } from './subject'

const SUBJECTS: readonly Subject[] = [nodeMls, tsMls, coreCrypto, davey]
const SHOWN: readonly Operation[] = [
  'make a key package', 'add all in one commit', 'join', 'add one member', 'process: one was added', 'commit with new keys',
  'process: new keys', 'send 1 KiB', 'receive 1 KiB',
]
/** What is measured by default, and what the native entry of core-crypto imports without saying so. */
const OTHERS = '@wireapp/core-crypto@10.3.0 @ubjs/node@0.31.0-3 @ubjs/core@0.31.0-3 @snazzah/davey@0.1.12'
const HELP = `npm run bench:compare -- [--members N] [--with DIR]

  --members N   size of the group (default: 1000)
  --with DIR    a folder whose node_modules has packages that are no devDependencies. To make one:
                npm install --no-save --prefix DIR ${OTHERS}
`

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '1000' },
    with: { type: 'string' },
    help: { type: 'boolean', default: false },
    // One subject in this process; its findings go to a file. For this program alone.
    one: { type: 'string' },
    out: { type: 'string', default: '' },
  },
})

async function main(): Promise<void> {
  if (values.help) return console.log(HELP)
  const members = Number(values.members)
  if (!Number.isInteger(members) || members < 3) throw new RangeError(`--members must be a size of a group, not "${values.members}"`)
  const setting: Setting = { members, folder: path.resolve(values.with ?? '.') }
  if (!fs.existsSync(path.join(setting.folder, 'node_modules'))) throw new RangeError(`--with: there is no ${setting.folder}/node_modules`)
  if (values.one !== undefined) return measureHere(values.one, setting)
  const load = (os.loadavg()[0] ?? 0).toFixed(1)
  console.log(`${new Date().toISOString().slice(0, 10)}: ${members} members, ${os.cpus()[0]?.model}, ${os.cpus().length} cores, Node ${process.version}, load ${load}\n`)
  const there = SUBJECTS.filter((subject) => packageOf(subject, setting)?.isInstalled ?? true)
  const findings = there.map((subject) => measureApart(subject, setting))
  const { measureIdleLoop } = await import('../api/busy-loop.js')
  const idle = await measureIdleLoop()
  print('Longest event-loop delay, ms', there, findings, ({ longestDelay }) => longestDelay)
  console.log(`nothing at all: ${milliseconds(idle.longest)}\n`)
  print('Time, ms', there, findings, ({ median }) => median)
  for (const [index, subject] of there.entries()) {
    console.log(`${subject.name}: ${subject.how}`)
    for (const note of findings[index]?.notes ?? []) console.log(`  ${note}`)
  }
  console.log(`\nnode-mls, MIT: addon ${megabytes(sizeOfAddon())} MB, JavaScript and declarations ${megabytes(sizeOfFiles('dist'))} MB`)
  for (const subject of there) {
    const found = packageOf(subject, setting)
    if (found) console.log(found.describe())
  }
  const missing = SUBJECTS.filter((subject) => !there.includes(subject))
  if (missing.length > 0) {
    console.log(`\nNot installed, so not measured: ${missing.map((subject) => subject.package).join(', ')}. In an empty folder DIR:
  npm install --no-save --prefix DIR ${OTHERS}
  npm run bench:compare -- --with DIR`)
  }
}

/** packageOf gives the package of a subject; null for ourselves. */
function packageOf(subject: Subject, { folder }: Setting): Package | null {
  if (subject === nodeMls) return null
  return new Package(subject.package, subject === tsMls ? '.' : folder)
}

function sizeOfAddon(): number {
  const folder = path.join('build', 'Release')
  return fs.readdirSync(folder).filter((name) => name.endsWith('.node')).reduce((sum, name) => sum + sizeOfFiles(path.join(folder, name)), 0)
}

/** measureHere ends this process, since some libraries keep one alive. */
async function measureHere(name: string, setting: Setting): Promise<never> {
  const subject = SUBJECTS.find((one) => one.name === name)
  if (!subject) throw new RangeError(`--one: there is no ${name}`)
  fs.writeFileSync(values.out, JSON.stringify(await subject.measure(setting)))
  process.exit(0)
}

function measureApart(subject: Subject, { members, folder }: Setting): Findings {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-compare-'))
  const out = path.join(temporary, 'findings.json')
  try {
    const words = [__filename, '--one', subject.name, '--members', String(members), '--with', folder, '--out', out]
    execFileSync(process.execPath, words, { stdio: ['ignore', 'inherit', 'pipe'], maxBuffer: 2 ** 26 })
    return JSON.parse(fs.readFileSync(out, 'utf8')) as Findings
  } catch (error) {
    const lines = String((error as { stderr?: Buffer }).stderr ?? error).split('\n')
    return { load: null, figures: {}, notes: [`could not be measured: ${lines.find((line) => line.includes('Error')) ?? messageOf(error)}`] }
  } finally {
    fs.rmSync(temporary, { recursive: true })
  }
}

function print(title: string, subjects: readonly Subject[], findings: readonly Findings[], of: (measured: Measured) => number): void {
  const cells = (pick: (one: Findings) => Measured | null | undefined): string[] =>
    findings.map((one) => {
      const measured = pick(one)
      return measured ? milliseconds(of(measured)) : '–'
    })
  const rows = SHOWN.map((operation): Row => [operation, ...cells((one) => one.figures[operation])])
  const load: Row = ['load the library', ...cells((one) => one.load)]
  console.log(`${title}\n\n${formatTable(['', ...subjects.map(({ name }) => name)], [load, ...rows])}\n`)
}

const milliseconds = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2))

void main()
