// Forged inputs through the JavaScript API: whatever a stranger, the delivery service or a replay brings is refused with a
// typed error and changes nothing, not one row; and what is genuine is taken afterwards. `npm run test:forge -- --count
// 1000000`; NODE_MLS_SEED repeats a run.
import { Tracker, isMlsError, trustAnyCredential } from '../../lib'
import { Harmless, doorsOf, type Door, type World } from './doors'
import { Dice, spoil, spoilings, type Spoiling } from './forge'
import { packagesOf, transfersOf, waysOf } from './offers'
import { peopleOf } from './people'
import { roomOf, type Misplacement } from './room'
import { changesOf, stateOf } from './state'
import { takeAll } from './taken'

const count = Number(process.env.NODE_MLS_FORGE_COUNT ?? 20_000)
if (!Number.isInteger(count) || count < 1) throw new RangeError('--count must be a number of inputs')
const suites = [1, 2, 3, 4, 5, 6, 7]
/** Inputs that are under way at once; after each batch the whole state is looked at. */
const batchSize = 64

/** Forgery: an input, where it is given, and what is wrong with it. */
interface Forgery {
  readonly door: Door
  readonly kind: Spoiling | Misplacement
  readonly bytes: Uint8Array
}

/** Counts of inputs by a word. */
class Tally extends Map<string, number> {
  add(word: string): void {
    this.set(word, (this.get(word) ?? 0) + 1)
  }
  override toString(): string {
    return [...this].sort(([, a], [, b]) => b - a).map(([word, times]) => `${word} ${times}`).join(', ')
  }
}
const tallies = { kind: new Tally(), door: new Tally(), answer: new Tally() }

async function worldOf(suite: number): Promise<World> {
  const people = await peopleOf(suite)
  const room = await roomOf(people)
  return {
    people, room,
    packages: await packagesOf(people), ways: await waysOf(people, room), transfers: await transfersOf(people),
    fresh: new Tracker({ authenticate: trustAnyCredential }),
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Forger makes forgeries of what the doors would let in. */
class Forger {
  readonly #dice: Dice
  readonly #doors: readonly Door[]
  readonly #all: readonly Uint8Array[]
  readonly #known: ReadonlySet<string>

  constructor(seed: number, doors: readonly Door[]) {
    this.#dice = new Dice(seed)
    this.#doors = doors
    this.#all = [...new Set(doors.flatMap(({ genuine, misplaced, more }) => [...genuine, ...misplaced.map(({ bytes }) => bytes), ...more]))]
    this.#known = new Set(this.#all.map(latin1))
  }

  next(): Forgery {
    const dice = this.#dice
    for (;;) {
      const door = dice.of(this.#doors)
      const misplaced = door.misplaced
      if (misplaced.length > 0 && dice.below(3) === 0) {
        const kind = dice.of([...new Set(misplaced.map((one) => one.kind))])
        return { door, kind, bytes: dice.of(misplaced.filter((one) => one.kind === kind)).bytes }
      }
      const kind = dice.of(spoilings)
      const bytes = spoil(dice, kind, dice.of(this.#sources(door)), dice.of(dice.below(2) === 0 ? this.#sources(door) : this.#all))
      if (!this.#known.has(latin1(bytes)) && !door.isGenuine(bytes)) return { door, kind, bytes }
    }
  }

  #sources({ genuine, misplaced, more }: Door): readonly Uint8Array[] {
    if (more.length > 0 && this.#dice.below(8) === 0) return more
    return misplaced.length > 0 && this.#dice.below(6) === 0 ? [this.#dice.of(misplaced).bytes] : genuine
  }
}

const described = ({ door, kind, bytes }: Forgery): string => `${door.name}, ${kind}: ${Buffer.from(bytes).toString('hex')}`

/** refused gives bytes to a door, and what is wrong with what it says, or null. */
async function refused(forgery: Forgery): Promise<string | null> {
  const { door, kind, bytes } = forgery
  tallies.kind.add(kind)
  tallies.door.add(door.name)
  try {
    const result = await door.give(bytes)
    if (!(result instanceof Harmless)) return `taken: ${described(forgery)}`
    tallies.answer.add(result.word)
    return null
  } catch (error) {
    if (!isMlsError(error) || error.code === 'INTERNAL' || error.code === 'STORE_FAILED') return `${String(error)}: ${described(forgery)}`
    tallies.answer.add(error.code)
    return null
  }
}

test.each(suites)('of suite %i: nothing forged is taken, changes anything, or ends in an untyped error', async (suite) => {
  const world = await worldOf(suite)
  const { people: { victim, all }, room, fresh } = world
  const seed = Number(process.env.NODE_MLS_SEED ?? suite)
  const forger = new Forger(seed, await doorsOf(world))
  const heard: string[] = []
  for (const kind of ['message', 'commit', 'superseded', 'removed'] as const) victim.on(kind, () => heard.push(kind))
  const before = await stateOf(world, heard)
  for (let given = 0; given < count / suites.length; given += batchSize) {
    const batch = Array.from({ length: batchSize }, () => forger.next())
    const wrong = (await Promise.all(batch.map(refused))).filter((one) => one !== null)
    expect({ seed, given, wrong }).toEqual({ seed, given, wrong: [] })
    const changed = changesOf(before, await stateOf(world, heard))
    expect({ seed, given, changed, by: changed.length > 0 ? batch.map(described) : [] }).toEqual({ seed, given, changed: [], by: [] })
  }
  expect(await takeAll(world)).toBe(34)
  await Promise.all([...all, room.tracker, fresh].map((one) => one.close()))
}, 3_600_000)

afterAll(() => {
  const sum = [...tallies.kind.values()].reduce((all, one) => all + one, 0)
  process.stdout.write(`${sum} forged inputs\n${Object.entries(tallies).map(([name, tally]) => `  by ${name}: ${tally}\n`).join('')}`)
  if (count < 20_000) return
  expect(tallies.kind.size).toBe(spoilings.length + 11)
  expect(tallies.door.size).toBe(25)
  expect(tallies.answer.size).toBeGreaterThan(30)
})
