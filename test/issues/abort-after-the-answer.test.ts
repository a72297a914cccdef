// The signal and the progress of a commit ended with its first question: an abort after `authenticate` had answered came to nothing,
// and of sealing to the newcomers, which takes longest, nothing was told. The signal of a successor or branch ended the copying of
// the key packages and nothing else.
import { decode, type Client, type CredentialQuestion } from '../../lib'
import { addTo, agree, fails, keyPackage, open } from '../api/support/people'

type Judge = (batch: readonly CredentialQuestion[]) => void

/** judging makes alice, who accepts everybody, after `judge` has seen the batch. */
async function judging(): Promise<{ alice: Client; judge: (judge: Judge) => void }> {
  let seen: Judge = () => {}
  const alice = await open('alice', { authenticate: async (batch) => {
    seen(batch)
    return batch.map(() => true)
  } })
  return { alice, judge: (judge) => void (seen = judge) }
}

/** afterwards calls `act` when the answer was taken, and before what is done with it on another thread can be known here. */
async function afterwards(act: () => void): Promise<void> {
  for (let i = 0; i < 100; i += 1) await null
  act()
}

let packages: Uint8Array[]

beforeAll(async () => {
  packages = await Promise.all(Array.from({ length: 1_100 }, async (_, i) => keyPackage(await open(`member-${i}`))))
}, 60_000)

test.each([[1], [2]])('a commit that is aborted after answer %i of 2', async (at) => {
  const { alice, judge } = await judging()
  const group = await alice.createGroup()
  const controller = new AbortController()
  const reason = new Error('enough')
  let calls = 0
  judge(() => {
    calls += 1
    if (calls === at) void afterwards(() => controller.abort(reason))
  })
  await fails(group.commit({ add: packages, signal: controller.signal }), 'ABORTED')
  expect(calls).toBe(at)
  expect(group.pending()).toEqual([])
  await (await group.commit()).accepted()
  expect(group.memberCount).toBe(1)
})

test('the progress of a commit is told to its end', async () => {
  const { alice } = await judging()
  const group = await alice.createGroup()
  const often = setInterval
  const spy = jest.spyOn(globalThis, 'setInterval').mockImplementation(((call: () => void) => often(call, 1)) as never)
  try {
    const phases = new Set<string>()
    await group.commit({ add: packages, onProgress: ({ phase }) => phases.add(phase) })
    expect([...phases]).toContain('welcome')
  } finally {
    spy.mockRestore()
  }
})

test.each(['branch', 'successor'] as const)('the signal of a %s', async (kind) => {
  const { alice, judge } = await judging()
  const [bob, group] = [await open('bob'), await alice.createGroup()]
  const bobs = await addTo(group, bob)
  if (kind === 'successor') {
    const ending = await group.commit({ reinit: {} })
    await ending.accepted()
    await bobs.receive(ending.message)
  }
  const succeed = async (signal: AbortSignal): Promise<unknown> => group[kind]([await keyPackage(bob)], { signal })
  await fails(succeed(AbortSignal.abort()), 'ABORTED')

  const answered = new AbortController()
  judge(() => void afterwards(() => answered.abort()))
  await fails(succeed(answered.signal), 'ABORTED')
  const meanwhile = new AbortController()
  judge(() => meanwhile.abort())
  await fails(succeed(meanwhile.signal), 'ABORTED')

  expect(alice.groups()).toHaveLength(1)
  agree(group, bobs)
  judge(() => {})
  await succeed(new AbortController().signal)
  expect(alice.groups()).toHaveLength(2)
})

test('a signal that aborts after the commit was made changes nothing', async () => {
  const { alice } = await judging()
  const group = await alice.createGroup()
  const controller = new AbortController()
  const commit = await group.commit({ add: packages.slice(0, 1), signal: controller.signal })
  controller.abort()
  expect((await decode(commit.message)).wireFormat).toBe('private-message')
  await commit.accepted()
  expect(group.memberCount).toBe(2)
})
