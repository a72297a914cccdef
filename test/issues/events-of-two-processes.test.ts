// Two processes of a client that received in the same millisecond stored their events under one number: one event replaced
// the other, or was acknowledged with it, and was never told again.
import { Client, memoryStore, trustAnyCredential } from '../../lib'
import { addTo, open } from '../api/support/people'

test('what two processes receive at one time is kept, each for itself', async () => {
  const store = memoryStore()
  const process = (): Promise<Client> =>
    Client.open({ identity: 'alice', store, authenticate: trustAnyCredential, durableEvents: true })
  const one = await process()
  const group = await one.createGroup()
  const people = [await open('bob'), await open('carol')]
  const senders = [await addTo(group, people[0]!)]
  const adding = await group.commit({ add: [(await people[1]!.keyPackages.create())[0]!.message] })
  const { welcome } = await adding.accepted()
  senders.push(await people[1]!.join(welcome!))
  await senders[0]!.receive(adding.message)

  const two = await process()
  const count = 300
  const groups = [group, await two.group(group.id)]
  await Promise.all(groups.map(async (receiver, i) => {
    for (const message of await senders[i]!.sendMany(Array.from({ length: count }, (_, at) => `${i} ${at}`))) {
      await receiver.receive(message)
    }
  }))
  const told = new Set<string>()
  for await (const event of (await process()).unacknowledged()) {
    if (event.kind === 'message') told.add(Buffer.from(event.data).toString())
  }
  expect(told.size).toBe(2 * count)
})
