// RFC 9420 §7.2, §7.3, §7.7: what the application decides about leaves, and what our own say.
import type { Authenticate, Client, Group } from '../../../lib'
import { decode, memoryStore } from '../../../lib'
import { addTo, agree, fails, keyPackage, open, together } from '../../api/support/people'

const grease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)

test('R7.2-01, R7.2-02, R7.2-06: what our key packages list', async () => {
  const alice = await open('alice')
  const made = await alice.keyPackages.create(1000)
  for (const { message } of made) {
    const decoded = await decode(message)
    if (decoded.wireFormat !== 'key-package') throw new Error(decoded.wireFormat)
    const { suites, extensions, proposals, credentials } = decoded.leafNode.capabilities
    expect(proposals.filter((type) => type >= 1 && type <= 7)).toEqual([])
    expect(extensions.filter((type) => type >= 1 && type <= 5)).toEqual([])
    for (const list of [suites, extensions, proposals, credentials]) expect(list.some(grease)).toBe(true)
  }
}, 60_000)

test('R7.2-09: a lifetime beyond 2^53 is given and read as it is', async () => {
  const now = Number.MAX_SAFE_INTEGER
  const then = { clock: () => now }
  const store = memoryStore()
  const bob = await open('bob', { store, ...then })
  const [made] = await bob.keyPackages.create(1, { lifetime: 3602 })
  const notAfter = 2n ** 53n + 3601n  // no number of JavaScript's
  expect(made!.notAfter).toBe(notAfter)
  const read = async (message: Uint8Array): Promise<readonly bigint[]> => {
    const decoded = await decode(message)
    if (decoded.wireFormat !== 'key-package' || decoded.leafNode.source !== 'key-package') throw new Error(decoded.wireFormat)
    return [decoded.leafNode.notBefore, decoded.leafNode.notAfter]
  }
  expect(await read(made!.message)).toEqual([2n ** 53n - 3601n, notAfter])
  const again = await open('bob', { store, ...then })
  expect(again.keyPackages.list().map((one) => one.notAfter)).toEqual([notAfter])
  expect([3602, 3603].map((remaining) => again.keyPackages.usable(1, remaining))).toEqual([1, 0])
  // Today it has not begun; when it has, it is as good as any.
  const today = await (await open('alice')).createGroup()
  await fails(today.commit({ add: [made!.message] }), 'NOT_YET_VALID')
  const group = await (await open('alice', then)).createGroup()
  const commit = await group.commit({ add: [made!.message] })
  agree(group, await bob.join((await commit.accepted()).welcome!))
  // Up to the last number of 64 bits: so long a time is none.
  const end = Buffer.from(made!.message)
  const at = end.indexOf(Buffer.from(notAfter.toString(16).padStart(16, '0'), 'hex'))
  end.writeBigUInt64BE(2n ** 64n - 1n, at)
  expect(await read(end)).toEqual([2n ** 53n - 3601n, 2n ** 64n - 1n])
  await fails(group.commit({ add: [end] }), 'INVALID_LIFETIME')
  expect(group.pending()).toEqual([])
})

/** refusing is a member who accepts nobody of this name. */
const refusing = (name: string): Authenticate => (batch) =>
  batch.map(({ credential }) => credential.type !== 'basic' || Buffer.from(credential.identity).toString() !== name)

describe('R7.3-01: credential valid', () => {
  const impostor = { credential: { type: 'basic', identity: Buffer.from('impostor') } } as const
  /** Alice does not believe in the impostor; bob and the impostor believe in everybody. */
  async function setting(): Promise<{ alice: Group; bobs: Group; impostor: Client }> {
    const alice = await open('alice', { authenticate: refusing('impostor') })
    const bob = await open('bob')
    const group = await alice.createGroup()
    return { alice: group, bobs: await addTo(group, bob), impostor: await open('impostor') }
  }
  const goesOn = async (alice: Group, bobs: Group): Promise<void> => {
    const commit = await bobs.commit()
    await commit.accepted()
    await alice.receive(commit.message)
    agree(alice, bobs)
  }

  test('R7.3-01: our own Add', async () => {
    const { alice, bobs, impostor: other } = await setting()
    await fails(alice.commit({ add: [await keyPackage(other)] }), 'CREDENTIAL_REJECTED')
    const commit = await alice.commit()
    await commit.accepted()
    await bobs.receive(commit.message)
    agree(alice, bobs)
  })

  test('R7.3-01: a received Commit that adds, and one whose path names another', async () => {
    const { alice, bobs, impostor: other } = await setting()
    const adding = await bobs.commit({ add: [await keyPackage(other)] })
    await fails(alice.receive(adding.message), 'CREDENTIAL_REJECTED')
    await adding.rejected()
    const renaming = await bobs.commit({ update: impostor })
    await fails(alice.receive(renaming.message), 'CREDENTIAL_REJECTED')
    await renaming.rejected()
    await goesOn(alice, bobs)
  })

  test('R7.3-01: a tree', async () => {
    const { groups: [group] } = await together(['impostor', 'bob'])
    const alice = await open('alice', { authenticate: refusing('impostor') })
    const commit = await (group as Group).commit({ add: [await keyPackage(alice)] })
    const { welcome } = await commit.accepted()
    await fails(alice.join(welcome as Uint8Array), 'CREDENTIAL_REJECTED')
    expect(alice.groups()).toEqual([])
  })
})

test('R7.7-02: tree growth bounded', async () => {
  const policy = { limits: { maxLeaves: 2 } }
  const { groups: [alice, bob] } = await together(['alice', 'bob'], { policy })
  const carol = await keyPackage(await open('carol'))
  await fails((alice as Group).commit({ add: [carol] }), 'LIMIT_EXCEEDED')
  agree(alice as Group, bob as Group)
  // A member without that bound commits what we do not follow.
  const wide = await open('wide')
  const narrow = await open('narrow', { policy })
  const group = await wide.createGroup()
  const narrows = await addTo(group, narrow)
  const commit = await group.commit({ add: [carol] })
  await fails(narrows.receive(commit.message), 'LIMIT_EXCEEDED')
  await commit.rejected()
  const honest = await group.commit()
  await honest.accepted()
  await narrows.receive(honest.message)
  agree(group, narrows)
})
