import path from 'node:path'
import { parseChat, readChat, recast } from '../../examples/group-server/chat'
import { inventRoster } from '../../examples/group-server/roster'
import { splitLines } from '../../examples/group-server/text-file'

const parse = (text: string) => parseChat('c.jsonl', splitLines('c.jsonl', Buffer.from(text)), ['a@x.org/phone'])

test('messages in their order', () => {
  expect(parse('{"from":"a@x.org/phone","text":"1"}\n{"text":"zwei ☔","from":"a@x.org/phone","more":1}\n')).toEqual([
    { from: 'a@x.org/phone', text: '1' },
    { from: 'a@x.org/phone', text: 'zwei ☔' },
  ])
})

test.each([
  ['', 'c.jsonl: no messages'],
  ['{"from":"a@x.org/phone","text":"1"}\n{"from":', 'c.jsonl:2: '],
  ['[]', 'c.jsonl:1: "from" must be a string'],
  ['null', 'c.jsonl:1: not an object'],
  ['{"text":"1"}', 'c.jsonl:1: "from" must be a string'],
  ['{"from":"a@x.org/phone","text":1}', 'c.jsonl:1: "text" must be a string'],
  ['{"from":"b@x.org/phone","text":"1"}', 'c.jsonl:1: b@x.org/phone is not in the roster'],
])('%j is refused', (text, message) => {
  expect(() => parse(text)).toThrow(message)
})

test('the sample log is for the sample roster', async () => {
  const messages = await readChat(path.join(__dirname, '../../examples/data/chat.jsonl'), inventRoster(1000))
  expect(messages).toHaveLength(400)
  expect(messages.every(({ text }) => text !== '' && !text.includes('{'))).toBe(true)
})

test('a log for others keeps its voices apart as far as it can', () => {
  const log = ['a', 'b', 'a', 'c'].map((from) => ({ from, text: from }))
  expect(recast(log, ['x', 'y']).map(({ from }) => from)).toEqual(['x', 'y', 'x', 'x'])
})
