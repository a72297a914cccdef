// RFC 9420 §7.5: of the private keys that a Commit outdates, nothing is left in the files of a store.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sqliteStore } from '../../../lib'
import { addTo, agree, open } from '../../api/support/people'
import { filesWith, rowsWith, type Row } from './support/rows'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-rules-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** The tag of the row with the private keys of our direct path (docs/store-format.md). */
const keysTag = 4

const inFiles = (row: Row): number => filesWith(folder, row)

test('R7.5-07: outdated path secrets, node secrets and key pairs are deleted', async () => {
  const store = sqliteStore(path.join(folder, 'a.db'))
  const alice = await open('alice', { store })
  const bob = await open('bob')
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  for (const committer of ['bob', 'alice', 'bob'] as const) {
    const before = await rowsWith(store, keysTag)
    expect(before).toHaveLength(1)
    expect(before.map(inFiles)).toEqual([1])  // what can be found is found
    const [from, to] = committer === 'bob' ? [bobs, group] : [group, bobs]
    const commit = await from.commit()
    await commit.accepted()
    await to.receive(commit.message)
    agree(group, bobs)
    expect(before.map(inFiles)).toEqual([0])
  }
  await alice.close()
  await store.close()
})
