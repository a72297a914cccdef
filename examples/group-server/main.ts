// npm start: a group server on real input. --help tells the options.
import path from 'node:path'
import { type ChatMessage, readChat, recast } from './chat'
import type { Outcome } from './after-restart'
import type { Input } from './before-restart'
import { InputError } from './input-error'
import { type Options, USAGE, UsageError, readOptions } from './options'
import { Progress } from './progress'
import { type Identity, inventRoster, readRoster } from './roster'
import { AFTER_RESTART, RestartError, goOn } from './restart'
import { runScenario } from './scenario'
import { Stages } from './stages'
import { bytesOnDisk, newPlace } from './storage'
import { formatBytes, formatTable } from './table'

/** The project's folder is where npm runs its scripts. */
const DATA = path.join('examples', 'data')

async function main(): Promise<number> {
  const args = process.argv.slice(2)
  if (args[0] === AFTER_RESTART && process.send) {
    await goOn()
    return 0
  }
  const options = readOptions(args, DATA)
  if (!options) {
    console.log(USAGE)
    return 0
  }
  const input = await readInput(options)
  const place = await newPlace(options.store)
  console.log(`${input.roster.length} members, ${input.live.length} of them live, ${input.messages.length} messages\n`)
  const stages = new Stages(new Progress(process.stdout))
  const outcome = await runScenario(input, place, __filename, stages)
  return report(outcome, stages, await bytesOnDisk(place))
}

async function readInput(options: Options): Promise<Input> {
  const { members, messages: log } = options
  const roster = 'file' in members ? await readRoster(members.file) : inventRoster(members.count)
  const messages = log.own ? await readChat(log.file, roster) : recastSample(await readChat(log.file), roster, options.live)
  return { roster, messages, live: chooseLive(roster, messages, options.live) }
}

/** recastSample gives the sample's lines to members of this roster where it was not made for them. */
function recastSample(messages: readonly ChatMessage[], roster: readonly Identity[], live: number): readonly ChatMessage[] {
  const known = new Set(roster)
  const speakers = new Set(messages.map(({ from }) => from))
  const fits = speakers.size <= live && [...speakers].every((speaker) => known.has(speaker))
  return fits ? messages : recast(messages, roster.slice(0, live))
}

/** chooseLive takes everyone who speaks, and others up to the number wanted. */
function chooseLive(roster: readonly Identity[], messages: readonly ChatMessage[], count: number): Identity[] {
  const live = new Set(messages.map(({ from }) => from))
  for (const identity of roster) {
    if (live.size >= count) break
    live.add(identity)
  }
  return [...live]
}

/** report prints the tables and gives the exit status. */
function report(outcome: Outcome, stages: Stages, stored: number | null): number {
  const { received, messageBytes, commitBytes, welcomeBytes, mismatches } = outcome.counts
  const agreed = mismatches.length === 0
  console.log(`\n${stages.table()}\n`)
  console.log(
    formatTable(
      ['', 'total'],
      [
        ['members', outcome.memberCount],
        ['epoch', outcome.epoch.toString()],
        ['messages received', received],
        ['bytes of messages', formatBytes(messageBytes)],
        ['bytes of commits', formatBytes(commitBytes)],
        ['bytes of Welcomes', formatBytes(welcomeBytes)],
        ['bytes of the store on disk', stored === null ? 'none' : formatBytes(stored)],
        ['longest event-loop delay', `${stages.longestDelay.toFixed(1)} ms`],
        ['seconds', stages.seconds.toFixed(1)],
        ['mismatches', mismatches.length],
      ],
    ),
  )
  const verdict = agreed ? 'agree' : 'DO NOT AGREE'
  console.log(`\nAll ${outcome.live} live members ${verdict}: epoch authenticator ${outcome.authenticator.slice(0, 16)}…`)
  for (const mismatch of mismatches.slice(0, 10)) console.error(mismatch)
  return agreed ? 0 : 1
}

// Whatever ends the process before it comes to a verdict is a failure.
process.exitCode = 1
main().then(
  (status) => {
    process.exitCode = status
  },
  (error: unknown) => {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`)
    else console.error(error instanceof InputError || error instanceof RestartError ? error.message : error)
    process.exitCode = error instanceof UsageError ? 2 : 1
  },
)
