// rejected() of a commit that another member's commit had dropped a moment before threw STALE_CANDIDATE, depending on which
// of the two came first into the group's order.
import { pair } from '../api/support/people'

test('a commit may be rejected while the one that takes its place is being received', async () => {
  const { alices, bobs } = await pair()
  const mine = await alices.commit()
  const others = await bobs.commit()
  const [received, rejected] = await Promise.allSettled([alices.receive(others.message), mine.rejected()])
  expect([received.status, rejected.status]).toEqual(['fulfilled', 'fulfilled'])
})

test('but not one that came back, and so was accepted', async () => {
  const { alices } = await pair()
  const mine = await alices.commit()
  const [received, rejected] = await Promise.allSettled([alices.receive(mine.message), mine.rejected()])
  expect(received.status).toBe('fulfilled')
  expect(rejected).toMatchObject({ status: 'rejected', reason: { code: 'STALE_CANDIDATE' } })
})
