// A member who proposed a PSK that another does not hold kept that one from committing, and with proposals waiting from
// sending; so did a proposed newcomer whom `authenticate` had accepted and accepts no longer.
import { Client, memoryStore } from '../../lib'

test('what others proposed, and we cannot commit, is left out of our commit', async () => {
  const banned = new Set<string>()
  const asked: string[][] = []
  const open = (identity: string) => Client.open({
    identity, store: memoryStore(),
    authenticate: (questions) => {
      const names = questions.map(({ credential }) =>
        credential.type === 'basic' ? Buffer.from(credential.identity).toString() : '')
      asked.push(names)
      return names.map((name) => !banned.has(name))
    },
  })
  const [alice, bob, carol, dora] = await Promise.all(['alice', 'bob', 'carol', 'dora'].map(open))
  const package_ = async (client: Client | undefined) => (await client!.keyPackages.create())[0]!.message
  const group = await alice!.createGroup()
  const { welcome } = await (await group.commit({ add: [await package_(bob)] })).accepted()
  const bobs = await bob!.join(welcome!)

  const id = Buffer.from('of bob alone')
  await bob!.psks.put(id, Buffer.alloc(32, 7))
  for (const message of [
    await bobs.propose({ type: 'psk', psk: id }),
    await bobs.propose({ type: 'add', keyPackage: await package_(carol) }),
    await bobs.propose({ type: 'add', keyPackage: await package_(dora) }),
  ]) await group.receive(message.message)

  banned.add('carol')
  asked.length = 0
  const commit = await group.commit()
  // Asked about both, and then about what is left.
  expect(asked).toEqual([['carol', 'dora'], ['dora']])
  await commit.accepted()
  expect(group.memberCount).toBe(3)
  await bobs.receive(commit.message)
  expect(bobs.epoch).toBe(group.epoch)
  await group.send(Buffer.from('and on'))

  // What the call itself names is not left out.
  await expect(group.commit({ psk: [id] })).rejects.toMatchObject({ code: 'MISSING_PSK' })
  await expect(group.commit({ add: [await package_(carol)] })).rejects.toMatchObject({ code: 'CREDENTIAL_REJECTED' })
  await Promise.all([alice, bob, carol, dora].map((client) => client!.close()))
})
