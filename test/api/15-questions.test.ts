// What the application is asked, and answers that are slow, wrong, missing, or call back.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authenticate, Client, CredentialQuestion, Group } from '../../lib'
import { addTo, agree, fails, keyPackage, open } from './support/people'

const nameOf = ({ credential }: CredentialQuestion): string =>
  credential.type === 'basic' ? Buffer.from(credential.identity).toString() : credential.type

/** asking makes alice's client ask `authenticate`; bob is in her group. */
async function asking(authenticate: Authenticate, answerTimeout = 1000): Promise<{
  alice: Client; group: Group; bobs: Group; carols: () => Promise<Uint8Array>
}> {
  let ready = false
  const alice = await open('alice', { authenticate: (batch) => (ready ? authenticate(batch) : batch.map(() => true)), answerTimeout })
  const bob = await open('bob')
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  ready = true
  return { alice, group, bobs, carols: async () => keyPackage(await open('carol')) }
}

test('new credentials are asked about, once, with their keys', async () => {
  const batches: (readonly CredentialQuestion[])[] = []
  const { group, carols } = await asking(async (batch) => {
    batches.push(batch)
    await sleep(5)
    return batch.map(() => 'accept')
  })
  const commit = await group.commit({ add: [await carols()] })
  await commit.accepted()
  await group.send('x')
  expect(batches.map((batch) => batch.map(nameOf))).toEqual([['carol']])
  expect(batches[0]![0]).toMatchObject({ role: 'member', former: null })
  expect(batches[0]![0]!.signatureKey).toHaveLength(32)
})

test('a successor is asked about together with who it follows', async () => {
  const asked: CredentialQuestion[] = []
  const { group, bobs } = await asking((batch) => {
    asked.push(...batch)
    return batch.map(() => true)
  })
  const commit = await bobs.commit({ update: { credential: { type: 'basic', identity: Buffer.from('robert') } } })
  await group.receive(commit.message)
  expect(asked).toMatchObject([{ role: 'successor', index: 1, former: { type: 'basic', identity: Buffer.from('bob') } }])
})

test('verdicts become errors, and the group stays as it was', async () => {
  const verdicts = [
    [false, 'CREDENTIAL_REJECTED'], ['reject', 'CREDENTIAL_REJECTED'], ['reject-succession', 'CREDENTIAL_SUCCESSION'],
    ['reject-policy', 'POLICY'], ['no-answer', 'AS_FAILED'], ['nonsense', 'AS_FAILED'],
  ] as const
  let verdict: unknown = true
  const { group, bobs, carols } = await asking((batch) => batch.map(() => verdict as boolean))
  for (const [given, code] of verdicts) {
    verdict = given
    await fails(group.commit({ add: [await carols()] }), code)
  }
  verdict = true
  expect(group.pending()).toEqual([])
  agree(group, bobs)
})

test('a received commit is refused and can be received again', async () => {
  let verdict = false
  const { group, bobs, carols } = await asking((batch) => batch.map(() => verdict))
  const commit = await bobs.commit({ add: [await carols()] })
  await commit.accepted()
  await fails(group.receive(commit.message), 'CREDENTIAL_REJECTED')
  expect(group.epoch).toBe(1n)
  verdict = true
  await group.receive(commit.message)
  agree(group, bobs)
})

test('who throws, gives too few, or no verdicts: AS_FAILED', async () => {
  const cause = new Error('directory is down')
  let answer: Authenticate = () => { throw cause }
  const { group, carols } = await asking((batch) => answer(batch))
  await expect(group.commit({ add: [await carols()] })).rejects.toMatchObject({ code: 'AS_FAILED', cause })
  for (const bad of [() => [], () => undefined, async () => { throw cause }, () => 'yes']) {
    answer = bad as never
    await fails(group.commit({ add: [await carols()] }), 'AS_FAILED')
  }
  answer = (batch) => batch.map(() => true)
  await group.commit({ add: [await carols()] })
})

test('who never answers is not waited for', async () => {
  let silent = true
  const { group, carols } = await asking((batch) => (silent ? new Promise(() => {}) : batch.map(() => true)), 30)
  const commit = group.commit({ add: [await carols()] })
  const message = group.send('behind it')
  await fails(commit, 'ANSWER_TIMEOUT')
  await message
  silent = false
  await group.commit({ add: [await carols()] })
})

test('operations wait for the answer, in their order', async () => {
  const order: string[] = []
  const { group, bobs, carols } = await asking(async (batch) => {
    await sleep(20)
    order.push('answered')
    return batch.map(() => true)
  })
  const theirs = await bobs.commit({ add: [await carols()] })
  const received = group.receive(theirs.message).then(() => order.push('received'))
  const sent = group.send('x').then(() => order.push('sent'))
  await Promise.all([received, sent])
  expect(order).toEqual(['answered', 'received', 'sent'])
})

test('calling back into the group is an error and no deadlock', async () => {
  let group: Group | null = null
  let inner: unknown
  const asked = await asking(async (batch) => {
    inner = await group?.send('from inside').catch((error: unknown) => error)
    return batch.map(() => true)
  })
  group = asked.group
  await group.commit({ add: [await asked.carols()] })
  expect(inner).toMatchObject({ code: 'REENTRANT' })
  await group.send('afterwards')
})

test('calling into another group is fine, and from there back is an error', async () => {
  let other: Group | null = null
  let group: Group | null = null
  const seen: unknown[] = []
  const asked = await asking(async (batch) => {
    if (batch.some((one) => nameOf(one) === 'carol')) {
      seen.push(await other?.send('fine').then(() => 'sent'))
      seen.push(await other?.commit({ add: [await keyPackage(await open('dave'))] }).then(() => 'committed', (error: unknown) => error))
    } else {
      seen.push(await group?.send('x').catch((error: unknown) => (error as { code: string }).code))
    }
    return batch.map(() => true)
  })
  group = asked.group
  other = await asked.alice.createGroup()
  await group.commit({ add: [await asked.carols()] })
  expect(seen).toEqual(['sent', 'REENTRANT', 'committed'])
})

test('two groups that ask and wait for each other: one hears so', async () => {
  let groups: Group[] = []
  const codes: unknown[] = []
  const { alice, group, carols } = await asking(async (batch) => {
    await sleep(10)
    const target = batch.some((one) => nameOf(one) === 'carol') ? groups[1] : groups[0]
    codes.push(await target?.send('x').then(() => 'sent', (error: unknown) => (error as { code: string }).code))
    return batch.map(() => true)
  }, 5000)
  const other = await alice.createGroup()
  groups = [group, other]
  await Promise.all([
    group.commit({ add: [await carols()] }), other.commit({ add: [await keyPackage(await open('dave'))] }),
  ])
  expect(codes).toContain('REENTRANT')
  expect(codes).toContain('sent')
})

test('what a callback starts and does not wait for may use the group afterwards', async () => {
  let group: Group | null = null
  let later: Promise<unknown> | null = null
  const asked = await asking((batch) => {
    later = sleep(20).then(() => group?.send('later'))
    return batch.map(() => true)
  })
  group = asked.group
  await group.commit({ add: [await asked.carols()] })
  expect(await later).toBeInstanceOf(Uint8Array)
})

test('very many credentials come in batches of at most 1,024', async () => {
  const sizes: number[] = []
  const bob = await open('bob', { authenticate: (batch) => (sizes.push(batch.length), batch.map(() => true)) })
  const crowd = await Promise.all(Array.from({ length: 1100 }, (_, i) => open(`member ${i}`).then(keyPackage)))
  const group = await (await open('alice')).createGroup()
  const commit = await group.commit({ add: [await keyPackage(bob), ...crowd] })
  agree(group, await bob.join((await commit.accepted()).welcome!))
  expect(sizes).toEqual([1024, 1102 - 1024])
})
