// renew({ lastResort: true }) counted key packages that are not of last resort: each call made `count` new ones.
import { open } from '../api/support/people'

test('renew counts key packages of the kind that it makes', async () => {
  const alice = await open('alice')
  expect(await alice.keyPackages.renew({ count: 2, lastResort: true })).toHaveLength(2)
  expect(await alice.keyPackages.renew({ count: 2, lastResort: true })).toHaveLength(0)
  expect(await alice.keyPackages.renew({ count: 3, lastResort: true })).toHaveLength(1)
  expect(alice.keyPackages.usable()).toBe(0)
  expect(await alice.keyPackages.renew({ count: 2 })).toHaveLength(2)
  expect(await alice.keyPackages.renew({ count: 2 })).toHaveLength(0)
  expect(alice.keyPackages.usable()).toBe(2)
  expect(alice.keyPackages.list().filter(({ lastResort }) => lastResort)).toHaveLength(3)
})
