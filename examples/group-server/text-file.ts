// Text files, line by line.
import { readFile } from 'node:fs/promises'
import { InputError } from './input-error'

export interface Line {
  readonly number: number
  readonly text: string
}

/**
 * readLines gives the lines of a UTF-8 file that are not empty.
 * @throws InputError when it cannot be read or is not UTF-8.
 */
export async function readLines(file: string): Promise<Line[]> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(file, 0, code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`)
  }
  return splitLines(file, bytes)
}

export function splitLines(file: string, bytes: Uint8Array): Line[] {
  const lines: Line[] = []
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let start = 0
  for (let number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(10, start)
    const end = newline < 0 ? bytes.length : newline
    let text: string
    try {
      text = decoder.decode(bytes.subarray(start, end)).replace(/\r$/, '')
    } catch {
      throw new InputError(file, number, 'not UTF-8')
    }
    if (text !== '') lines.push({ number, text })
    start = end + 1
  }
  return lines
}
