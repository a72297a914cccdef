// Forged inputs through the JavaScript API: whatever a stranger, the delivery service or a replay brings is refused with a
// typed error, changes not one row, and the genuine message that follows is taken. `npm run test:forge -- --count 1000000`.
import { decode, isMlsError, type Client, type Group } from '../../lib'
import { addTo, keyPackage, open } from '../api/support/people'
import { toldStore, type ToldStore } from '../api/support/stores'
import { Dice, forge, forgeries } from './forge'

const count = Number(process.env.NODE_MLS_FORGE_COUNT ?? 20_000)
if (!Number.isInteger(count) || count < 1) throw new RangeError('--count must be a number of inputs')
const suites = [1, 2, 3, 4, 5, 6, 7]

/** Door: a way into the library, and the genuine bytes that would be let in. */
interface Door {
  readonly name: string
  readonly genuine: readonly Uint8Array[]
  readonly give: (bytes: Uint8Array) => Promise<unknown>
}

interface World {
  readonly store: ToldStore
  readonly victim: Group
  readonly doors: readonly Door[]
  /** Genuine and out of place: consumed, of a past or future epoch, of another group. */
  readonly misplaced: readonly Uint8Array[]
  readonly close: () => Promise<void>
}

async function world(suite: number): Promise<World> {
  const store = toldStore()
  const options = { suites: [suite] }
  const victim = await open('victim', { ...options, store })
  const alice = await open('alice', { ...options, policy: { handshake: 'public', sendWithUncommittedProposals: 'allow' } })
  const carol = await open('carol', { ...options, policy: { sendWithUncommittedProposals: 'allow' } })
  const group = await alice.createGroup()
  const mine = await addTo(group, victim, [])
  const carols = await addTo(group, carol, [mine])
  const past = [await group.send('of the past epoch'), await carols.send('of the past epoch')]
  const turn = await group.commit()
  await turn.accepted()
  for (const one of [mine, carols]) await one.receive(turn.message)
  const seen = await group.send('seen')
  await mine.receive(seen)
  for (const message of past) await mine.receive(message)

  const messages = [await group.send('from alice'), await carols.send('from carol', { authenticatedData: Buffer.from('data') })]
  const proposals = [(await group.propose({ type: 'update' })).message, (await carols.propose({ type: 'update' })).message]
  const dave = await open('dave', options)
  const commits = [(await carols.commit()).message, (await group.commit({ add: [await keyPackage(await open('erin', options))] })).message]
  const strangers = await open('frank', options)
  const info = await group.groupInfo()
  const external = (await strangers.joinExternally(info)).message

  // A newcomer who is invited to another group, and a group that nobody here is in.
  const other = await carol.createGroup()
  const invited = await other.commit({ add: [await keyPackage(victim)] })
  const { welcome } = await invited.accepted()
  const early = await other.send('of another group')
  const future = await (async () => {
    const commit = await carols.commit()
    await commit.accepted()
    return carols.send('of the next epoch')
  })()
  const packages = [await keyPackage(dave), await keyPackage(strangers)]
  const handshakes = [...proposals, ...commits, external]
  return {
    store, victim: mine,
    doors: [
      { name: 'receive', genuine: [...messages, ...handshakes], give: (bytes) => mine.receive(bytes) },
      { name: 'receiveMany', genuine: [...messages, ...handshakes], give: (bytes) => mine.receiveMany([bytes]).then(refusedOf) },
      { name: 'join', genuine: [welcome as Uint8Array], give: (bytes) => victim.join(bytes) },
      { name: 'joinExternally', genuine: [await other.groupInfo()], give: (bytes) => victim.joinExternally(bytes) },
      { name: 'add', genuine: packages, give: (bytes) => mine.commit({ add: [bytes] }) },
      { name: 'decode', genuine: [...messages, ...handshakes, ...packages, info, welcome as Uint8Array], give: decodeOrRefuse },
    ],
    misplaced: [seen, ...past, turn.message, early, future],
    close: async () => {
      await Promise.all([victim, alice, carol, dave, strangers].map((client: Client) => client.close()))
    },
  }
}

/** What receiveMany could not take, as receive would say it. */
function refusedOf([received]: readonly { kind: string; error?: unknown }[]): void {
  if (received?.kind === 'error') throw received.error
}

/** Decoded: not a refusal, and nothing wrong. */
class Decoded extends Error {}

/** decode judges nothing but the form: what it reads is not a fault. */
async function decodeOrRefuse(bytes: Uint8Array): Promise<void> {
  await decode(bytes)
  throw new Decoded()
}

const tally = new Map<string, number>()

/** refused gives bytes to a door, and what is wrong with what it says, or null. */
async function refused(door: Door, bytes: Uint8Array): Promise<string | null> {
  try {
    await door.give(bytes)
    return `${door.name} took ${Buffer.from(bytes).toString('hex')}`
  } catch (error) {
    if (error instanceof Decoded) return null
    if (!isMlsError(error) || error.code === 'INTERNAL' || error.code === 'STORE_FAILED') return `${door.name}: ${String(error)}`
    tally.set(error.code, (tally.get(error.code) ?? 0) + 1)
    return null
  }
}

test.each(suites)('of suite %i: nothing forged is taken, changes anything, or ends in an untyped error', async (suite) => {
  const { store, victim, doors, misplaced, close } = await world(suite)
  const seed = Number(process.env.NODE_MLS_SEED ?? suite)
  const dice = new Dice(seed)
  const all = doors.flatMap(({ genuine }) => genuine)
  const known = new Set([...all, ...misplaced].map((bytes) => Buffer.from(bytes).toString('latin1')))
  const { epochAuthenticator } = victim
  const before = store.atoms.length
  for (const bytes of misplaced) expect(await refused(doors[0] as Door, bytes)).toBeNull()
  let given = 0
  while (given < count / suites.length) {
    const batch: Promise<string | null>[] = []
    while (batch.length < 64) {
      const door = dice.of(doors)
      const bytes = forge(dice, dice.of(forgeries), dice.of(door.genuine), dice.of([...all, ...misplaced]))
      if (known.has(Buffer.from(bytes).toString('latin1'))) continue
      batch.push(refused(door, bytes))
    }
    const wrong = (await Promise.all(batch)).filter((one) => one !== null)
    expect({ seed, given, wrong }).toEqual({ seed, given, wrong: [] })
    given += batch.length
    expect(store.atoms.length).toBe(before)
  }
  expect(victim.epochAuthenticator).toEqual(epochAuthenticator)
  expect(victim.pending()).toEqual([])
  // And all that was genuine is taken now.
  for (const bytes of (doors[0] as Door).genuine.slice(0, 5)) await victim.receive(bytes)
  await close()
}, 3_600_000)

afterAll(() => {
  expect(tally.size).toBeGreaterThan(10)
})
