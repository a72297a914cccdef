// Small writes: how many rows and bytes a step in a warm group gives its store.
import assert from 'node:assert/strict'
import { type CountedStore, type Written, formatTags } from './counted-store'
import type { WarmGroup } from './warm-group'

/** Rows and bytes that a step may write. */
const COMMIT = { rows: 64, bytes: 64 << 10 }
const FIRST = { rows: null, bytes: 2 << 10 }
const LATER = { rows: null, bytes: 512 }

const ROUNDS = 5
/** So many epochs before: then each commit also lets go of past epochs and of a resumption PSK, which are kept for 16. */
const SETTLING = 17
/** After the first: more than the 32 generations that a sender reserves at a time. */
const LATER_MESSAGES = 40
const PAYLOAD = 'x'.repeat(1024)

export interface Write {
  readonly step: string
  readonly rows: number
  readonly bytes: number
  readonly targets: { readonly rows: number | null; readonly bytes: number | null }
  /** By tag, of the step that wrote most. */
  readonly tags: string
}

/** measureWrites gives what each step wrote at most, in five epochs that each begin with a commit of alice. */
export async function measureWrites(
  { alice, bob }: WarmGroup,
  counted: { readonly alice: CountedStore; readonly bob: CountedStore },
): Promise<Write[]> {
  const steps = new Map<string, { targets: Write['targets']; most: Written; rows: number }>()
  const note = (step: string, targets: Write['targets'], written: Written): void => {
    const { most = written, rows = 0 } = steps.get(step) ?? {}
    steps.set(step, { targets, most: written.bytes > most.bytes ? written : most, rows: Math.max(rows, written.rows) })
  }
  // Her first commit fills her own way, which nobody else could.
  for (let round = -SETTLING; round < ROUNDS; round++) {
    counted.alice.taken()
    counted.bob.taken()
    const commit = await alice.group.commit()
    await commit.accepted()
    const { kind } = await bob.group.receive(commit.message)
    assert.equal(kind, 'commit')
    if (round < 0) continue
    note('own commit, warm', COMMIT, counted.alice.taken())
    note('received commit, warm', COMMIT, counted.bob.taken())
    for (let message = 0; message <= LATER_MESSAGES; message++) {
      const which = message === 0 ? 'first message of an epoch' : 'later message'
      const targets = message === 0 ? FIRST : LATER
      const sent = await alice.group.send(PAYLOAD)
      note(`${which}, sent`, targets, counted.alice.taken())
      await bob.group.receive(sent)
      note(`${which}, received`, targets, counted.bob.taken())
    }
  }
  return [...steps].map(([step, { targets, most, rows }]) => ({ step, rows, bytes: most.bytes, targets, tags: formatTags(most) }))
}
