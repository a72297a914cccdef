// One process deleted a group, but its rows stayed behind as versions; another that had it open found out while it came up to what
// is stored. It told its own table, which knew the group no more, and that error ended the loop that runs the group's calls: no
// call settled any more, close() neither, and the rejection was unhandled.
import { fails, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'

test('a group that another process deleted ends its calls with an error', async () => {
  const store = toldStore()
  store.delete = async () => { throw new Error('the connection is gone') }
  const [one, two] = [await open('alice', { store }), await open('alice', { store })]
  const group = await one.createGroup()
  const other = await two.group(group.id)
  await group.delete()
  await two.refresh()
  await fails(other.commit(), 'REMOVED')
  await fails(other.send('hello'), 'REMOVED')
  await other.close()
  await Promise.all([one.close(), two.close()])
})

test('a store whose delete throws at once is as good as one that rejects', async () => {
  const store = toldStore()
  store.delete = () => { throw new Error('the connection is gone') }
  const alice = await open('alice', { store })
  const group = await alice.createGroup()
  await group.delete()
  expect([...alice.groups()]).toEqual([])
})
