import { watchLoop } from '../../examples/group-server/loop-delay'
import { UsageError, readOptions } from '../../examples/group-server/options'
import { Progress } from '../../examples/group-server/progress'
import { sideBySide } from '../../examples/group-server/side-by-side'
import { formatBytes, formatTable } from '../../examples/group-server/table'

describe('options', () => {
  test('defaults', () => {
    expect(readOptions([], 'data')).toEqual({
      members: { file: 'data/roster.csv' },
      messages: { file: 'data/chat.jsonl', own: false },
      live: 50,
      store: { kind: 'temporary' },
    })
  })

  test('given', () => {
    expect(readOptions(['--members', '200', '--messages', 'm', '--live=9'], 'data')).toEqual({
      members: { count: 200 },
      messages: { file: 'm', own: true },
      live: 9,
      store: { kind: 'temporary' },
    })
    expect(readOptions(['--help'], 'data')).toBeNull()
  })

  test.each([
    ['memory', { kind: 'memory' }],
    ['sqlite:a b/c.db', { kind: 'sqlite', file: 'a b/c.db' }],
    ['postgres://me@localhost/mls', { kind: 'postgres', url: 'postgres://me@localhost/mls' }],
    ['postgresql://me@/mls?host=/run', { kind: 'postgres', url: 'postgresql://me@/mls?host=/run' }],
  ])('--store %s', (text, store) => {
    expect(readOptions(['--store', text], 'data')).toMatchObject({ store })
  })

  test.each(['', 'disk', 'sqlite', 'sqlite:', 'sqlite::memory:', 'postgres:mls', 'postgres://', 'mysql://me:secret@localhost/mls'])(
    '--store %j is refused, and not repeated',
    (text) => {
      const refused = expect(() => readOptions([`--store=${text}`], 'data'))
      refused.toThrow(UsageError)
      refused.toThrow(/^--store must be memory, sqlite:FILE or postgres:\/\/USER@HOST\/DATABASE$/)
    },
  )

  test.each([
    [['--members', '2'], '--members must be a whole number from 3 to 50000'],
    [['--members', '1e3'], '--members must be a whole number'],
    [['--live', 'x'], '--live must be a whole number'],
    [['--roster', 'r', '--members', '9'], '--roster and --members exclude each other'],
    [['--rooster', 'r'], '--rooster'],
    [['extra'], 'extra'],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args, 'data')).toThrow(message)
  })
})

describe('progress', () => {
  const record = (isTTY: boolean) => {
    const written: string[] = []
    let now = 0
    const output = { isTTY, columns: 60, write: (text: string) => written.push(text) }
    return { progress: new Progress(output, () => now), written, wait: (milliseconds: number) => (now += milliseconds) }
  }

  test('a terminal sees a bar, redrawn now and then, and one line that stays', () => {
    const { progress, written, wait } = record(true)
    progress.begin('Adding', 10)
    progress.at(1)
    wait(200)
    progress.at(5)
    progress.end('done')
    expect(written).toHaveLength(3)
    expect(written[1]).toMatch(/^\r\u001b\[KAdding +█{12}░+/)
    expect(written[1]?.length).toBeLessThan(60 + 4)
    expect(written[2]).toMatch(/Adding +0\.20 s {2}done\n$/)
  })

  test('elsewhere there are plain lines', () => {
    const { progress, written, wait } = record(false)
    progress.begin('Adding', 10)
    progress.at(5)
    wait(6000)
    progress.at(9)
    progress.end()
    expect(written).toEqual(['Adding: 9 of 10\n', `${'Adding'.padEnd(34)}    6.00 s\n`])
  })
})

test('side by side: everything in order, a few at once, and the first failure ends it', async () => {
  const items = Array.from({ length: 20 }, (_, index) => index)
  const begun: number[] = []
  let running = 0
  let most = 0
  const work = async (item: number): Promise<void> => {
    begun.push(item)
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 1))
    running--
  }
  await sideBySide(items, work)
  expect(begun).toEqual(items)
  expect(most).toBe(8)
  await expect(sideBySide(items, (item) => (item === 3 ? Promise.reject(new Error('three')) : Promise.resolve()))).rejects.toThrow('three')
  await sideBySide([], () => Promise.reject(new Error('never')))
  most = 0
  await sideBySide(items, work, 15)
  expect(most).toBe(15)
})

test('a table has its numbers to the right', () => {
  expect(formatTable(['what', 'count'], [['members', 1000], ['messages', 7]]).split('\n')).toEqual([
    'what      count',
    '────────  ─────',
    'members   1,000',
    'messages      7',
  ])
  expect([12, 1234, 12345678].map(formatBytes)).toEqual(['12 B', '1.2 kB', '12.3 MB'])
})

test('the loop delay is that of the loop, not of the watch', async () => {
  const ended = watchLoop()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const until = performance.now() + 40
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 20))
  const { longest } = ended()
  expect(longest).toBeGreaterThan(30)
})
