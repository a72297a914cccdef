// The roster: who is to be a member. A CSV file with the columns address and device, or made-up members.
import { InputError } from './input-error'
import { type Line, readLines } from './text-file'

/** A member's identity, an address and a device: `user-0001@example.org/phone`. */
export type Identity = string

const HEADER = 'address,device'
const ADDRESS = /^[^\s@/,]+@[^\s@/,]+$/
const DEVICE = /^[^\s/,]+$/
const DEVICES = ['phone', 'laptop', 'tablet', 'desktop']

/** @throws InputError on a line that is no member, or one that was there before. */
export async function readRoster(file: string): Promise<Identity[]> {
  return parseRoster(file, await readLines(file))
}

export function parseRoster(file: string, lines: readonly Line[]): Identity[] {
  const [header, ...rows] = lines
  if (header?.text !== HEADER) throw new InputError(file, header?.number ?? 0, `the first line must be "${HEADER}"`)
  if (rows.length === 0) throw new InputError(file, 0, 'no members')
  const seen = new Map<Identity, number>()
  for (const { number, text } of rows) {
    const fields = text.split(',')
    const [address = '', device = ''] = fields
    if (fields.length !== 2) throw new InputError(file, number, `2 fields expected, found ${fields.length}`)
    if (!ADDRESS.test(address)) throw new InputError(file, number, `"${address}" is not an address`)
    if (!DEVICE.test(device)) throw new InputError(file, number, `"${device}" is not a device`)
    const identity = `${address}/${device}`
    const before = seen.get(identity)
    if (before !== undefined) throw new InputError(file, number, `${identity} is in line ${before} already`)
    seen.set(identity, number)
  }
  return [...seen.keys()]
}

/** inventRoster makes up members, named like those of examples/data/roster.csv. */
export function inventRoster(count: number): Identity[] {
  return Array.from({ length: count }, (_, index) => {
    return `user-${String(index + 1).padStart(4, '0')}@example.org/${DEVICES[index % DEVICES.length]}`
  })
}
