// RFC 9420 §12.1: how many proposals a member keeps until somebody commits them.
import type { Limits } from '../../../lib'
import { addTo, agree, fails, open } from '../../api/support/people'
import { toldStore } from '../../api/support/stores'

const size = 1_000
const bounds: readonly (readonly [string, Limits, number])[] = [
  ['number', { maxCachedProposals: 3 }, 3],
  ['size', { maxCachedProposalBytes: 4 * size }, 3],
]

test.each(bounds)('R12.1-06: cached proposals are bounded in %s', async (_, limits, most) => {
  const alices = await (await open('alice')).createGroup()
  const store = toldStore()
  const bobs = await addTo(alices, await open('bob', { store, policy: { limits } }))
  const propose = async (): Promise<Uint8Array> =>
    (await alices.propose({ type: 'update' }, { authenticatedData: new Uint8Array(size) })).message
  for (let i = 0; i < most; i += 1) await bobs.receive(await propose())
  const before = store.atoms.length
  for (let i = 0; i < 20; i += 1) await fails(bobs.receive(await propose()), 'LIMIT_EXCEEDED')
  expect(store.atoms).toHaveLength(before)
  expect(bobs.proposals).toHaveLength(most)
  // A Commit that needs none of them is taken, and there is room again.
  const commit = await alices.commit({ includeProposals: false })
  await commit.accepted()
  await bobs.receive(commit.message)
  agree(alices, bobs)
  expect(bobs.proposals).toEqual([])
  await bobs.receive(await propose())
})
