// A store that has many slices of a group ready gave them all in one turn of the event loop, which waited for as long as all
// of them took: of 50,000 members up to 12 ms.
import { packBatch, rowChanges, type Slice } from '../../lib'
import { open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

/** Milliseconds that the reader of a slice is held up by. */
const slow = 2

test('a turn of the event loop passes between slices that come at once', async () => {
  const store = toldStore()
  const alice = await open('alice', { store })
  const { id } = await alice.createGroup()
  await alice.close()
  const again = await open('alice', { store })

  const { load } = store
  let turns = 0
  const seen: number[] = []
  store.load = async function* (...words) {
    for await (const slice of load(...words)) {
      for (const change of rowChanges(slice.rows)) {
        seen.push(turns)
        yield { ...slice, rows: packBatch([change]) } satisfies Slice
        const until = performance.now() + slow
        while (performance.now() < until);
      }
    }
  }
  let watched = true
  const count = (): void => {
    turns += 1
    if (watched) setImmediate(count)
  }
  setImmediate(count)
  await again.group(id)
  watched = false
  expect(seen.length).toBeGreaterThan(3)
  // The first turn may be that in which the load began.
  expect(new Set(seen).size).toBeGreaterThanOrEqual(seen.length - 1)
  await again.close()
})
