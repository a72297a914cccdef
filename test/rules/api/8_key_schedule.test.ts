// RFC 9420 §8: the exporter's length, as JavaScript may give it.
import { fails, pair } from '../../api/support/people'

test('R8-01: KDFLabel.length is 16 bit; an export is never cut short', async () => {
  const { alices } = await pair()
  const length = (value: unknown): Promise<unknown> => alices.export('label', new Uint8Array(), value as number)
  for (const large of [255 * 32 + 1, 65_535]) await fails(length(large), 'TOO_LARGE')
  // What is no uint16 cannot be meant: an argument of the wrong kind, like -1.
  for (const wrong of [65_536, 2 ** 32, 2 ** 32 + 16, Number.MAX_SAFE_INTEGER, -1, NaN, 1.5, Infinity]) await expect(length(wrong)).rejects.toThrow(RangeError)
  for (const wrong of [32n, '32', null, {}]) await expect(length(wrong)).rejects.toThrow(TypeError)
  for (const right of [0, 1, 255 * 32]) await expect(length(right)).resolves.toHaveLength(right)
})
