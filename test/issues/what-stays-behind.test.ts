// Small things that stayed behind: listeners on a signal, a source that was not told that nobody asks any more, memory of the client
// in what it gave, and a list of places copied for each message to be sent.
import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { prefixEnd } from '../../lib/stores/slices'
import { open } from '../api/support/people'

test('events() of a closed group leaves no listener on the signal', async () => {
  const alice = await open('alice')
  const group = await alice.createGroup()
  await group.close()
  const { signal } = new AbortController()
  for await (const _ of group.events({ signal })) throw new Error('there is none')
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test.each(['aborted', 'no bytes'])('an iterable of key packages is told when it is left: %s', async (why) => {
  const group = await (await open('alice')).createGroup()
  const controller = new AbortController()
  let left = false
  const source = function* (): Generator<Uint8Array> {
    try {
      for (;;) {
        yield why === 'aborted' ? new Uint8Array(100) : 1 as never
        controller.abort()
      }
    } finally {
      left = true
    }
  }
  const commit = group.commit({ add: source(), signal: controller.signal })
  await expect(commit).rejects.toThrow(why === 'aborted' ? 'ABORTED' : 'must be a Uint8Array')
  for (let turns = 0; !left && turns < 1000; turns += 1) await turn()
  expect(left).toBe(true)
})

test('a reference of a key package is the caller\'s own', async () => {
  const alice = await open('alice')
  const [made] = await alice.keyPackages.create()
  const { reference } = made!
  const name = Buffer.from(reference).toString('hex')
  reference.fill(0)
  alice.keyPackages.list()[0]!.reference.fill(0)
  const [listed] = alice.keyPackages.list()
  expect(Buffer.from(listed!.reference).toString('hex')).toBe(name)
  await alice.keyPackages.delete([listed!.reference])
  expect(alice.keyPackages.list()).toEqual([])
})

test('the end of a prefix is not written into the prefix', () => {
  const prefix = Buffer.from([6, 0, 5])
  expect([...prefixEnd(prefix)]).toEqual([6, 0, 6])
  expect([...prefix]).toEqual([6, 0, 5])
})

test('sendMany takes no longer for each message when there are more', async () => {
  const alice = await open('alice')
  const group = await alice.createGroup()
  const turnOf = async (count: number): Promise<number> => {
    const items = Array.from({ length: count }, () => ({ group, data: 'x' }))
    const start = process.cpuUsage()
    const sending = alice.sendMany(items)
    const { user } = process.cpuUsage(start)  // of the turn of the call
    await sending
    return user / count
  }
  await turnOf(1000)
  const [few, many] = [Math.min(await turnOf(1000), await turnOf(1000)), await turnOf(16_000)]
  expect(many).toBeLessThan(6 * few)
})
