import path from 'node:path'
import { InputError } from '../../examples/group-server/input-error'
import { inventRoster, parseRoster, readRoster } from '../../examples/group-server/roster'
import { splitLines } from '../../examples/group-server/text-file'

const parse = (text: string) => parseRoster('r.csv', splitLines('r.csv', Buffer.from(text)))
const header = 'address,device\n'

test('members in their order', () => {
  expect(parse(`${header}a@x.org,phone\n\nb@x.org,laptop\r\na@x.org,laptop`)).toEqual(['a@x.org/phone', 'b@x.org/laptop', 'a@x.org/laptop'])
})

test.each([
  ['', 'r.csv: the first line must be "address,device"'],
  ['a@x.org,phone\n', 'r.csv:1: the first line must be "address,device"'],
  [header, 'r.csv: no members'],
  [`${header}a@x.org,phone\na@x.org\n`, 'r.csv:3: 2 fields expected, found 1'],
  [`${header}a@x.org,phone,blue\n`, 'r.csv:2: 2 fields expected, found 3'],
  [`${header}\nnobody,phone\n`, 'r.csv:3: "nobody" is not an address'],
  [`${header}a@x.org,a/b\n`, 'r.csv:2: "a/b" is not a device'],
  [`${header}a@x.org,\n`, 'r.csv:2: "" is not a device'],
  [`${header}a@x.org,phone\nb@x.org,phone\na@x.org,phone\n`, 'r.csv:4: a@x.org/phone is in line 2 already'],
])('%j is refused', (text, message) => {
  expect(() => parse(text)).toThrow(InputError)
  expect(() => parse(text)).toThrow(message)
})

test('bytes that are no text are refused with their line', () => {
  const bytes = Buffer.concat([Buffer.from(header), Buffer.from([0xff, 0xfe, 10])])
  expect(() => splitLines('r.csv', bytes)).toThrow('r.csv:2: not UTF-8')
})

test('a file that is not there is named', async () => {
  await expect(readRoster('/nowhere/roster.csv')).rejects.toThrow('/nowhere/roster.csv: no such file')
})

test('the sample roster is what is made up', async () => {
  const sample = path.join(__dirname, '../../examples/data/roster.csv')
  expect(await readRoster(sample)).toEqual(inventRoster(1000))
})
