// After a burst over many groups they stayed in memory for good: with all others at work the table let go of the very one that was used,
// which loaded itself again and was forgotten. And each time a group went from memory a registration of it was kept.
import { open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('groups that a burst brought into memory leave it again', async () => {
  const store = toldStore()
  let loads = 0
  const { load } = store
  store.load = (...words) => {
    loads += 1
    return load.apply(store, words)
  }
  const alice = await open('alice', { store, maxLoadedGroups: 2 })
  const groups = await Promise.all(Array.from({ length: 20 }, () => alice.createGroup()))
  for (const group of groups) group.on('message', () => {})
  await Promise.all(groups.map((group) => group.send('at once')))
  const before = loads
  for (let i = 0; i < 50; i += 1) await groups[i % 2]?.send('one by one')
  expect(loads - before).toBeLessThanOrEqual(2)  // no group goes while it is used
  for (const group of groups.slice(2)) {
    const then = loads
    await group.tree()
    expect(loads).toBe(then + 1)
  }
})
