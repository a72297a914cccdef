// Objects of the addon are told apart by a tag: one of another class, whatever its prototype says, was read as what it is not.
import { native } from '../../lib/native'
import { bytes, createGroup, newClient, now, policy } from './support/native-world'

test('no object passes for one of another class', async () => {
  const client = await newClient('bob')
  const { group } = await createGroup(await newClient('alice'), 'alice in it')
  const none = new Uint8Array(0)
  const made = {
    group, secret: new native.Secret(bytes('secret')), bulk: new native.Bulk(), bytes: new native.Bytes(0), rows: new native.Rows(),
    watch: new native.Watch(), client: await newClient('carol'),
  }
  const others: Record<string, object> = { ...made, plain: {}, proxy: new Proxy(made.bulk, {}), proxied: new Proxy(made.rows, {}) }
  const succeed = (origin: never, keyPackages: never) => client.succeed({
    scope: bytes('branch'), kind: 'branch', origin, keyPackages, groupId: none, extensions: [], welcomes: 'one-for-all', tree: 'inside', policy,
  }, false, now)
  // A call that takes an object of the class, and fails before it starts if it is given another.
  const takers = {
    group: (origin: never) => succeed(origin, made.bulk as never),
    bulk: (keyPackages: never) => succeed(group as never, keyPackages),
    bytes: (message: never) => native.decode(message),
    rows: (rows: never) => client.load(rows),
    watch: (watch: never) => client.generateKeyPackages(
      { suite: 1, count: 1, notBefore: 0n, notAfter: 1n, lastResort: false, extensions: [] }, watch),
  }
  for (const [wanted, take] of Object.entries(takers)) {
    const prototype = Object.getPrototypeOf(made[wanted as keyof typeof takers]) as object
    for (const [name, object] of Object.entries(others)) {
      if (name === wanted) continue
      const before = Object.getPrototypeOf(object) as object
      Object.setPrototypeOf(object, prototype)
      expect(object).toBeInstanceOf(prototype.constructor)
      expect(() => take(object as never)).toThrow(/: expected /)
      Object.setPrototypeOf(object, before)
    }
  }
})
