// The examples as programs: what a reader who runs them sees.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { buildPrograms, folder } from '../../scripts/build-programs.cjs'

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-examples-'))
beforeAll(buildPrograms, 1_200_000)
afterAll(() => fs.rmSync(scratch, { recursive: true }))

function run(name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(folder, 'examples', `${name}.js`), ...args], {
    cwd: path.join(__dirname, '../..'),
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

/** fileOf writes a file and gives its path. */
function fileOf(name: string, text: string): string {
  const file = path.join(scratch, name)
  fs.writeFileSync(file, text)
  return file
}

test.each([
  ['bot', /the bot is back, in epoch 2\nalice: good to see you again\n {2}bot: You said: good to see you again\n$/],
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

  test('made-up members speak the lines of the sample', () => {
    const { status, stdout } = run('group-server/main', '--members', '5', '--live', '3')
    expect(stdout).toMatch(/^5 members, 3 of them live, 400 messages\n/)
    expect(status).toBe(0)
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
    expect(run('group-server/main', '--help').stdout).toMatch(/^Usage: npm start/)
  })
})
