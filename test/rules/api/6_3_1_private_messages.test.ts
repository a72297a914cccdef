// RFC 9420 §6.3.1: what a sender keeps, and how large a message may be.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fails, open, pair, text } from '../../api/support/people'
import { seeded, times } from '../../faults/support/counts'
import { Killed, Member, type State } from '../../faults/support/member'

test('R6.3.1-07: persistent record of the ratchet position', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-ratchet-'))
  const store = path.join(folder, 'alice.db')
  const bobs = await (await open('bob', { policy: { limits: { maxForwardSteps: 100_000, maxSkippedKeysPerSender: 100_000 } } })).createGroup()
  let alice = new Member()
  await alice.open(store)
  const commit = await bobs.commit({ add: [await alice.call<Uint8Array>('keyPackage')] })
  await alice.call<State>('join', (await commit.accepted()).welcome)
  const random = seeded()
  const released: Uint8Array[] = []
  let unanswered = 0
  for (let kill = 0; kill < times(5, 100); kill += 1) {
    // One is answered; of the many that follow, some die between encryption and return.
    released.push(await alice.call<Uint8Array>('send', 'answered'))
    const sending = Array.from({ length: 1000 }, (_, i) => alice.call<Uint8Array>('send', `${kill}.${i}`).then(
      (message) => { released.push(message) },
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error
        unanswered += 1
      },
    ))
    await sleep(random() * 15)
    await alice.kill()
    await Promise.all(sending)
    alice = new Member()
    await alice.open(store)
    released.push(await alice.call<Uint8Array>('send', 'after the restart'))
  }
  await alice.kill()
  expect(released.length).toBeGreaterThanOrEqual(2 * times(5, 100))
  expect(unanswered).toBeGreaterThan(0)
  // A generation that was used twice is consumed the second time.
  for (const message of released) expect((await bobs.receive(message)).kind).toBe('message')
  fs.rmSync(folder, { recursive: true })
}, 600_000)

test('R6.3.1-09: AAD and ciphertext size within the AEAD limits', async () => {
  const { alices, bobs } = await pair({ policy: { limits: { maxMessageSize: 20_000 } } })
  await fails(alices.send(new Uint8Array(20_001)), 'TOO_LARGE')
  await fails(alices.send(new Uint8Array(20_000)), 'TOO_LARGE')
  await fails(alices.send('x', { authenticatedData: new Uint8Array(20_000) }), 'TOO_LARGE')
  await fails(bobs.receive(new Uint8Array(20_001)), 'LIMIT_EXCEEDED')
  const event = await bobs.receive(await alices.send(new Uint8Array(19_000)))
  expect(event.kind === 'message' && event.data.length).toBe(19_000)
})

test('R15.1-01: padding stays within size limits', async () => {
  for (const padding of [65_537, 0xffff_ffff]) await expect(open('alice', { policy: { padding } })).rejects.toThrow(RangeError)
  for (const padding of [19_990, 20_001, 65_536]) {
    const { alices, bobs } = await pair({ policy: { padding, limits: { maxMessageSize: 20_000 } } })
    const message = await alices.send('short')
    expect(message.length).toBeLessThanOrEqual(20_000)
    const event = await bobs.receive(message)
    expect(event.kind === 'message' && text(event.data)).toBe('short')
  }
})
