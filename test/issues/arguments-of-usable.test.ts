// keyPackages.usable() with something else than numbers failed with a SyntaxError of BigInt's, or counted nothing.
import { open } from '../api/support/people'

test('usable says what is wrong with its arguments', async () => {
  const alice = await open('alice')
  const { keyPackages } = alice
  await keyPackages.create(2)
  for (const remaining of [{}, '60', 1n, null]) {
    expect(() => keyPackages.usable(undefined, remaining as never)).toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining('remaining') }))
  }
  for (const remaining of [-1, 0.5, NaN, Infinity]) {
    expect(() => keyPackages.usable(undefined, remaining)).toThrow(expect.objectContaining({ name: 'RangeError', message: expect.stringContaining('remaining') }))
  }
  expect(() => keyPackages.usable('1' as never)).toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining('suite') }))
  expect(keyPackages.usable(undefined, 60)).toBe(2)
  expect(keyPackages.usable(0x7777)).toBe(0)
  await alice.close()
})
