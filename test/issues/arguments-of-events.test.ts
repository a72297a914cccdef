// events() took anything for a signal, and when the group was closed its end failed with a TypeError; of a limit that is no
// number no event was ever too many.
import { pair } from '../api/support/people'

test('events says what is wrong with its options', async () => {
  const { alice, alices } = await pair()
  for (const source of [alice, alices]) {
    for (const [options, name, argument] of [
      [{ signal: { addEventListener() {} } }, 'TypeError', 'options.signal'], [{ signal: null }, 'TypeError', 'options.signal'],
      [{ limit: '5' }, 'TypeError', 'options.limit'], [{ limit: NaN }, 'RangeError', 'options.limit'],
      [{ limit: -1 }, 'RangeError', 'options.limit'], [{ size: 1 }, 'TypeError', 'options.size'], [7, 'TypeError', 'options'],
    ] as const) {
      expect(() => source.events(options as never)).toThrow(expect.objectContaining({ name, message: expect.stringContaining(argument) }))
    }
  }
  const events = alices.events({ limit: 5, signal: new AbortController().signal })
  await alices.close()
  await expect(events.next()).resolves.toMatchObject({ done: true })
})
