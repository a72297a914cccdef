// The chat log: who says what. A JSON object `{ "from": identity, "text": string }` on each line.
import { InputError } from './input-error'
import type { Identity } from './roster'
import { type Line, readLines } from './text-file'

export interface ChatMessage {
  readonly from: Identity
  readonly text: string
}

/**
 * readChat reads a log.
 * @param roster who may speak; without it, anybody
 * @throws InputError on a line that is no message, or whose sender is not in the roster
 */
export async function readChat(file: string, roster?: readonly Identity[]): Promise<ChatMessage[]> {
  return parseChat(file, await readLines(file), roster)
}

export function parseChat(file: string, lines: readonly Line[], roster?: readonly Identity[]): ChatMessage[] {
  const known = roster && new Set(roster)
  if (lines.length === 0) throw new InputError(file, 0, 'no messages')
  return lines.map((line) => {
    const message = parseMessage(file, line)
    if (known && !known.has(message.from)) throw new InputError(file, line.number, `${message.from} is not in the roster`)
    return message
  })
}

function parseMessage(file: string, { number, text }: Line): ChatMessage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InputError(file, number, error instanceof Error ? error.message : 'not JSON')
  }
  if (typeof value !== 'object' || value === null) throw new InputError(file, number, 'not an object')
  const from: unknown = Reflect.get(value, 'from')
  const said: unknown = Reflect.get(value, 'text')
  if (typeof from !== 'string') throw new InputError(file, number, '"from" must be a string')
  if (typeof said !== 'string') throw new InputError(file, number, '"text" must be a string')
  return { from, text: said }
}

/** recast gives the lines of a log to the members of another roster, each speaker always to the same one. */
export function recast(messages: readonly ChatMessage[], roster: readonly Identity[]): ChatMessage[] {
  const cast = new Map<Identity, Identity>()
  return messages.map(({ from, text }) => {
    const role = cast.get(from) ?? roster[cast.size % roster.length] ?? from
    cast.set(from, role)
    return { from: role, text }
  })
}
