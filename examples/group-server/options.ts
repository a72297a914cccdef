// The command line.
import path from 'node:path'
import { parseArgs } from 'node:util'

/** The command line makes no sense: say why, and how it is used. */
export class UsageError extends Error {}

export const USAGE = `Usage: npm start -- [options]

  --roster FILE     members, as CSV with the columns address,device  (default: examples/data/roster.csv)
  --members N       made-up members instead of a roster, up to 50000
  --messages FILE   chat log, a JSON object {"from", "text"} on each line  (default: examples/data/chat.jsonl)
  --live N          how many members really join and read along  (default: 50; everyone who speaks is among them)
  --help            this text`

export interface Options {
  readonly members: { readonly file: string } | { readonly count: number }
  /** `own` is true for a log that the user named: its speakers must be in the roster. */
  readonly messages: { readonly file: string; readonly own: boolean }
  readonly live: number
}

/**
 * readOptions gives the options, or null where only help is wanted.
 * @param data the folder with the sample files
 * @throws UsageError
 */
export function readOptions(args: readonly string[], data: string): Options | null {
  const values = parse(args)
  if (values.help) return null
  if (values.roster !== undefined && values.members !== undefined) throw new UsageError('--roster and --members exclude each other')
  return {
    members:
      values.members === undefined
        ? { file: values.roster ?? path.join(data, 'roster.csv') }
        : { count: wholeNumber('--members', values.members, 3, 50_000) },
    messages: { file: values.messages ?? path.join(data, 'chat.jsonl'), own: values.messages !== undefined },
    live: wholeNumber('--live', values.live ?? '50', 3, 10_000),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        roster: { type: 'string' },
        members: { type: 'string' },
        messages: { type: 'string' },
        live: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not "${text}"`)
  }
  return value
}
