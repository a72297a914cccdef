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
  --store STORE     where all state lives  (default: a SQLite file that is deleted at the end)
                      sqlite:FILE     a file, new or empty; it is kept
                      postgres://…    a database without a store; what is in it is kept
                      memory          nowhere; nothing outlives the process
  --help            this text

With SQLite and PostgreSQL everything is closed before the last part of the log, and a new process opens it again.`

/** StoreChoice says where the state is to live; `temporary` is a SQLite file that goes at the end. */
export type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'temporary' }
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string }

export interface Options {
  readonly members: { readonly file: string } | { readonly count: number }
  /** `own` is true for a log that the user named: its speakers must be in the roster. */
  readonly messages: { readonly file: string; readonly own: boolean }
  readonly live: number
  readonly store: StoreChoice
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
    store: values.store === undefined ? { kind: 'temporary' } : storeChoice(values.store),
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
        store: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** storeChoice reads --store. What it refuses it does not repeat: there may be a password in it. */
function storeChoice(text: string): StoreChoice {
  if (text === 'memory') return { kind: 'memory' }
  const file = /^sqlite:(.+)$/.exec(text)?.[1]
  if (file !== undefined && file !== ':memory:') return { kind: 'sqlite', file }
  if (/^postgres(ql)?:\/\/./.test(text)) return { kind: 'postgres', url: text }
  throw new UsageError('--store must be memory, sqlite:FILE or postgres://USER@HOST/DATABASE')
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not "${text}"`)
  }
  return value
}
