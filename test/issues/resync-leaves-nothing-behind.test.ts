// Who came back into a group by a resync, an external commit in the place of the own leaf, had two handles of it, and all rows of the
// former one stayed in the store for good: its keys of the tree, the secrets of its last epochs, keys of messages that were passed
// over, the signature key. No limit of past epochs came to them, and after a restart nothing could delete them.
import type { Client } from '../../lib'
import { toHex } from '../../lib/bytes'
import { namesOf, rowsOf } from '../../lib/stores/contract-rows'
import { addTo, agree, fails, open } from '../api/support/people'
import { toldStore, type ToldStore } from '../api/support/stores'

const groupScopes = Uint8Array.of(2)
const epochRow = '01'

/** scopesOf gives the rows of each group of the store, by its scope. */
async function scopesOf(store: ToldStore): Promise<Map<string, Readonly<Record<string, string>>>> {
  const scopes = new Map<string, Readonly<Record<string, string>>>()
  for (const scope of await namesOf(store, groupScopes)) scopes.set(toHex(scope), await rowsOf(store, scope))
  return scopes
}

/** scene has bob in a group of alice's, with a past epoch, a key that was passed over, and a commit of his that waits. */
async function scene(bob: Client) {
  const group = await (await open('alice')).createGroup()
  const former = await addTo(group, bob)
  await group.send('never received')
  const commit = await group.commit()
  await former.receive(await group.send('received'))
  await former.receive(commit.message)
  await commit.accepted()
  await former.commit()
  return { group, former }
}

/** What is left of a group that has ended for us: a row that says so. */
const ended = { '15': '' }

test('a group that a resync replaces keeps nothing but its entry', async () => {
  const store = toldStore()
  const bob = await open('bob', { store, durableEvents: true })
  const { group, former } = await scene(bob)
  const [[name = '', before] = []] = await scopesOf(store)
  expect(Object.keys(before ?? {}).map((key) => key.slice(0, 2))).toEqual(expect.arrayContaining([epochRow, '04', '05', '08', '0c', '0f', '11', '14']))

  const join = await bob.joinExternally(await group.groupInfo(), { resync: former.leafIndex })
  await group.receive(join.message)
  expect((await scopesOf(store)).get(name)).toEqual(before)
  store.atoms.length = 0
  await join.accepted()
  expect(store.atoms).toHaveLength(1)

  const after = await scopesOf(store)
  expect(after.get(name)).toEqual(ended)
  expect(after.size).toBe(2)
  const [[, present = {}] = []] = [...after].filter(([scope]) => scope !== name)
  expect(Object.keys(present)).toContain(epochRow)
  await bob.close()

  // What the former received and nobody acknowledged is still there, and so is the group.
  const again = await open('bob', { store, durableEvents: true })
  const kinds: string[] = []
  for await (const event of again.unacknowledged()) kinds.push(event.kind)
  expect(kinds).toEqual(['message', 'commit'])
  expect(again.groups()).toMatchObject([{ key: group.key, status: 'active' }])
  const bobs = await again.group(group.id)
  agree(group, bobs)
  await bobs.receive(await group.send('in the new one'))
  await fails(bobs.commit({ psk: [{ groupId: group.id, epoch: 1 }] }), 'MISSING_PSK')
})

test('another process that has the former group open is told', async () => {
  const store = toldStore()
  const [one, two] = [await open('bob', { store }), await open('bob', { store })]
  const { group, former } = await scene(one)
  const other = await two.group(group.id)
  const join = await one.joinExternally(await group.groupInfo(), { resync: former.leafIndex })
  await group.receive(join.message)
  await join.accepted()
  await fails(other.commit(), 'REMOVED')
  expect(other.phase).toBe('removed')
  await two.refresh()
  const present = await two.group(group.id)
  agree(group, present)
  await group.receive(await present.send('from the other process'))
  await Promise.all([one.close(), two.close()])
})

test('and what it computes meanwhile is not stored', async () => {
  const store = toldStore()
  const bob = await open('bob', { store })
  const { group, former } = await scene(bob)
  const join = await bob.joinExternally(await group.groupInfo(), { resync: former.leafIndex })
  await group.receive(join.message)
  const commits = Array.from({ length: 4 }, () => former.commit())
  const [, ...settled] = await Promise.allSettled([join.accepted(), ...commits])
  for (const one of settled) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'REMOVED' })
  const left = [...(await scopesOf(store)).values()]
  expect(left).toHaveLength(2)
  expect(left).toContainEqual(ended)
})
