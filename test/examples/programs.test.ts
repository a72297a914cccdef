// The examples as programs: what a reader who runs them sees.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { buildPrograms, folder } from '../../scripts/build-programs.cjs'
import { startPostgres } from '../../scripts/postgres.cjs'

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-examples-'))
beforeAll(buildPrograms, 1_200_000)
afterAll(() => fs.rmSync(scratch, { recursive: true }))

/** Where programs put their temporary files; they leave none. */
const temporary = path.join(scratch, 'temporary')
fs.mkdirSync(temporary)
afterEach(() => expect(fs.readdirSync(temporary)).toEqual([]))

const cwd = path.join(__dirname, '../..')
const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary }
const programOf = (name: string): string => path.join(folder, 'examples', `${name}.js`)

function runWith(more: NodeJS.ProcessEnv, name: string, ...args: string[]) {
  const options = { cwd, env: { ...env, ...more }, encoding: 'utf8', timeout: 60_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [programOf(name), ...args], options)
  return { status, stdout, stderr }
}

const run = (name: string, ...args: string[]) => runWith({}, name, ...args)

/** fileOf writes a file and gives its path. */
function fileOf(name: string, text: string): string {
  const file = path.join(scratch, name)
  fs.writeFileSync(file, text)
  return file
}

test.each([
  ['bot', /the bot was killed, and is back in epoch 2: 8 of 8 questions answered\nalice: good to see you again\n {2}bot: You said: good to see you again\n$/],
  ['bridge', /^bob reads +"alice: is anyone in the south\?"\nalice reads +"bob: yes, hello!"\n$/],
  ['delivery-service', /of two commits one was taken: epoch 2, 2 members, 2 messages\nalice reads "hello"/],
  ['worker', /^bob: in a worker I read "hello"\n$/],
])('%s', (name, output) => {
  const { status, stdout, stderr } = run(name)
  expect(stderr).toBe('')
  expect(stdout).toMatch(output)
  expect(status).toBe(0)
})

describe('group server', () => {
  const roster = fileOf('roster.csv', 'address,device\na@x.org,phone\nb@x.org,phone\nc@x.org,phone\nd@x.org,phone\n')
  const messages = fileOf('chat.jsonl', '{"from":"a@x.org/phone","text":"hello"}\n{"from":"c@x.org/phone","text":"hi"}\n')

  test('a small group, from its own files', () => {
    const { status, stdout, stderr } = run('group-server/main', '--roster', roster, '--messages', messages, '--live', '3')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^4 members, 3 of them live, 2 messages\n/)
    // Server and visitor come to the roster.
    expect(stdout).toMatch(/^members +6$/m)
    expect(stdout).toMatch(/^mismatches +0$/m)
    expect(stdout).toMatch(/All 5 live members agree: epoch authenticator [0-9a-f]{16}…\n$/)
    expect(status).toBe(0)
  })

  const few = ['--members', '30', '--live', '5']
  const made = /^30 members, \d+ of them live, 400 messages\n/

  test('made-up members speak the lines of the sample, and a new process reopens their file', () => {
    const file = path.join(scratch, 'kept.db')
    const { status, stdout, stderr } = run('group-server/main', ...few, '--store', `sqlite:${file}`)
    expect(stderr).toBe('')
    expect(stdout).toMatch(made)
    expect(stdout).toMatch(/^new process started +1 /m)
    expect(stdout).toMatch(/^reopened from the store +7 /m)
    expect(stdout).toMatch(/^messages sent and read by all +2,600 /m)
    expect(stdout).toMatch(/^bytes of the store on disk +[\d.]+ [kM]B$/m)
    expect(stdout).toMatch(/All 7 live members agree/)
    expect(status).toBe(0)
    const size = fs.statSync(file).size
    expect(size).toBeGreaterThan(10_000)

    const again = run('group-server/main', ...few, '--store', `sqlite:${file}`)
    expect(again.stderr).toBe(`${file}: exists already and is not empty: name another file for the store\n`)
    expect(again).toMatchObject({ status: 1, stdout: '' })
    expect(fs.statSync(file).size).toBe(size)
  })

  test('in memory one process does it all', () => {
    const { status, stdout, stderr } = run('group-server/main', ...few, '--store', 'memory')
    expect(stderr).toBe('')
    expect(stdout).not.toMatch(/new process/)
    expect(stdout).toMatch(/^reopened from the store +7 /m)
    expect(stdout).toMatch(/^messages sent and read by all +2,600 /m)
    expect(stdout).toMatch(/^bytes of the store on disk +none$/m)
    expect(status).toBe(0)
  })

  const tamper = path.join(__dirname, 'support', 'tamper.cjs')
  test.each([
    ['text before', /read something else than/],
    ['text after', /read something else than/],
    ['authenticator after', /^the epoch authenticator is not that of before the restart$/m],
    ['kill after', /^the new process ended with SIGKILL$/m],
    ['quit after', /^the new process ended without a report$/m],
    ['fail after', /no such state[^]*^the new process ended with exit status 1$/m],
    ['fail before', /no such state/],
  ])('what goes wrong gives exit status 1: %s the restart', (what, message) => {
    const tampered = { NODE_OPTIONS: `--require=${tamper}`, NODE_MLS_TAMPER: what }
    const store = what === 'fail before' ? ['--store', 'memory'] : []
    const { status, stdout, stderr } = runWith(tampered, 'group-server/main', ...few, ...store)
    expect(stderr).toMatch(message)
    expect(stdout).not.toMatch(/members agree/)
    expect(status).toBe(1)
  })

  test.each(['live members join', 'new process started'])('Ctrl-C after "%s" leaves no file', async (stage) => {
    const program = spawn(process.execPath, [programOf('group-server/main'), ...few], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(program, 'exit')
    let output = ''
    let killed = false
    // The output ends when the last process that has it does.
    for await (const text of program.stdout.setEncoding('utf8')) {
      output += text
      if (killed || !output.includes(stage)) continue
      expect(fs.readdirSync(temporary)).toHaveLength(1)
      killed = program.kill('SIGINT')
    }
    expect(await ended).toEqual([130, null])
    expect(output).not.toMatch(/members agree/)
  })

  test('a store in PostgreSQL, and a restart from it', async () => {
    const server = await startPostgres()
    try {
      const args = ['--roster', roster, '--messages', messages, '--live', '3', '--store', server.url]
      const { status, stdout, stderr } = run('group-server/main', ...args)
      expect(stderr).toBe('')
      expect(stdout).toMatch(/^new process started/m)
      expect(stdout).toMatch(/^mismatches +0$/m)
      expect(status).toBe(0)
      expect(run('group-server/main', ...args).stderr).toMatch(/the database has a store already/)
    } finally {
      await server.stop()
    }
  })

  test.each([
    ['no such roster', ['--roster', '/nowhere.csv'], /^\/nowhere\.csv: no such file\n$/],
    ['a chat log instead of a roster', ['--roster', messages], /chat\.jsonl:1: the first line must be "address,device"\n$/],
    [
      'a member twice',
      ['--roster', fileOf('twice.csv', 'address,device\na@x.org,phone\na@x.org,phone\n')],
      /twice\.csv:3: a@x\.org\/phone is in line 2 already\n$/,
    ],
    [
      'a speaker whom nobody knows',
      ['--roster', roster, '--messages', fileOf('stranger.jsonl', '{"from":"z@x.org/phone","text":"hello"}\n')],
      /stranger\.jsonl:1: z@x\.org\/phone is not in the roster\n$/,
    ],
    ['a bad line', ['--messages', fileOf('bad.jsonl', '{"from":"user-0001@example.org/phone"\n')], /bad\.jsonl:1: /],
  ])('%s is told in one line', (_, args, message) => {
    const { status, stdout, stderr } = run('group-server/main', ...args)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(status).toBe(1)
  })

  test('a wrong option comes with the usage', () => {
    const { status, stderr } = run('group-server/main', '--mebers', '5')
    expect(stderr).toMatch(/--mebers[\s\S]*Usage: npm start/)
    expect(status).toBe(2)
    expect(run('group-server/main', '--store', 'disk').stderr).toMatch(/^--store must be memory, sqlite:FILE or postgres:[^]*Usage: npm start/)
    expect(run('group-server/main', '--help').stdout).toMatch(/^Usage: npm start/)
  })
})
