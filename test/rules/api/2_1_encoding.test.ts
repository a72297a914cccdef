// RFC 9420 §2.1.2, where only the JavaScript API can break it.
import { decode } from '../../../lib'
import { fails, pair } from '../../api/support/people'

test('R2.1.2-07: what is too large for a vector is refused before it is copied', async () => {
  const { alices, bobs } = await pair()
  const large = new Uint8Array(2 ** 30)
  const before = process.memoryUsage().rss
  const start = process.cpuUsage()
  await fails(alices.send(large), 'TOO_LARGE')
  await fails(alices.send('text', { authenticatedData: large }), 'TOO_LARGE')
  await fails(alices.commit({ authenticatedData: large }), 'TOO_LARGE')
  await fails(alices.propose({ type: 'update' }, { authenticatedData: large }), 'TOO_LARGE')
  await fails(bobs.receive(large), 'TOO_LARGE')
  await fails(decode(large), 'TOO_LARGE')
  // To copy six gibibytes would take seconds.
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1000).toBeLessThan(500)
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28)
  await expect(bobs.receive(await alices.send('still here'))).resolves.toMatchObject({ kind: 'message' })
})
