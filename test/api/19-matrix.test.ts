// Every method in every phase of a group: what works, and what is said where it does not.
import type { Client, Group } from '../../lib'
import { addTo, keyPackage, open } from './support/people'

interface Scene {
  readonly alice: Client
  readonly bob: Client
  readonly group: Group
  /** The other member's view. */
  readonly bobs: Group
  /** A message, and a commit, of the other's. */
  readonly message: Uint8Array
  readonly foreign: Uint8Array
}

const phases = ['active', 'pending', 'joining', 'suspended', 'removed', 'closed'] as const
type PhaseName = (typeof phases)[number]

/** sceneOf brings alice's group into a phase. */
async function sceneOf(phase: PhaseName): Promise<Scene> {
  const [alice, bob] = [await open('alice'), await open('bob')]
  if (phase === 'joining') {
    const bobs = await bob.createGroup()
    const { group, message: commit } = await alice.joinExternally(await bobs.groupInfo())
    await bobs.receive(commit)
    return { alice, bob, group, bobs, message: await bobs.send('x'), foreign: (await bobs.commit()).message }
  }
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  const message = await bobs.send('x')
  if (phase === 'pending') await group.commit()
  if (phase === 'suspended') {
    const commit = await group.commit({ reinit: {} })
    await commit.accepted()
  }
  if (phase === 'removed') {
    const commit = await bobs.commit({ remove: [0] })
    await group.receive(commit.message)
  }
  const foreign = await bobs.commit().then((commit) => commit.message)
  if (phase === 'closed') await group.close()
  return { alice, bob, group, bobs, message, foreign }
}

const methods: Record<string, (scene: Scene) => Promise<unknown>> = {
  send: ({ group }) => group.send('x'),
  sendMany: ({ group }) => group.sendMany(['x', 'y']),
  'receive a message': ({ group, message }) => group.receive(message),
  'receive a commit': ({ group, foreign }) => group.receive(foreign),
  commit: ({ group }) => group.commit(),
  'commit an add': async ({ group }) => group.commit({ add: [await keyPackage(await open('carol'))] }),
  propose: ({ group }) => group.propose({ type: 'update' }),
  leave: ({ group }) => group.leave(),
  export: ({ group }) => group.export('x', new Uint8Array(0), 16),
  groupInfo: ({ group }) => group.groupInfo(),
  tree: ({ group }) => group.tree(),
  members: async ({ group }) => {
    for await (const member of group.members()) return member
    return null
  },
  successor: async ({ group, bob }) => group.successor([await keyPackage(bob)]),
  branch: async ({ group, bob }) => group.branch([await keyPackage(bob)]),
  close: ({ group }) => group.close(),
  delete: ({ group }) => group.delete(),
}

/** What is said where it is not ok. */
const expected: Record<PhaseName, (name: string) => string | undefined> = {
  active: (name) => (name === 'successor' ? 'MISUSE' : undefined),
  pending: (name) => (name === 'successor' ? 'MISUSE' : undefined),
  joining: (name) => (['export', 'tree', 'members', 'close', 'delete'].includes(name) ? undefined : 'MISUSE'),
  suspended: (name) => {
    if (name === 'receive a commit') return 'WRONG_EPOCH'
    const reads = ['receive a message', 'export', 'tree', 'members', 'successor', 'close', 'delete']
    return reads.includes(name) ? undefined : 'GROUP_SUSPENDED'
  },
  removed: (name) => {
    if (name === 'successor') return 'MISUSE'
    return ['tree', 'members', 'close', 'delete'].includes(name) ? undefined : 'REMOVED'
  },
  closed: (name) => (['close', 'delete'].includes(name) ? undefined : 'CLOSED'),
}

describe.each(phases)('in phase %s', (phase) => {
  test.each(Object.keys(methods))('%s', async (name) => {
    const scene = await sceneOf(phase)
    const authenticator = scene.group.epochAuthenticator
    const outcome = await methods[name]!(scene).then(() => 'ok', (error: unknown) => (error as { code: string }).code)
    expect(outcome).toBe(expected[phase](name) ?? 'ok')
    if (outcome !== 'ok') expect(scene.group.epochAuthenticator).toEqual(authenticator)
    await Promise.all([scene.alice.close(), scene.bob.close()])
  })
})
