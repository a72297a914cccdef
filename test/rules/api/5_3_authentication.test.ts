// RFC 9420 §5.3.1: new credentials are put to the authentication service, wherever they come in.
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { externalSenders, type Authenticate, type Client, type CredentialQuestion, type Extension, type Group, type Verdict } from '../../../lib'
import { addTo, agree, fails, keyPackage, open, together } from '../../api/support/people'
import { gate, toldStore, type ToldStore } from '../../api/support/stores'

const nameOf = ({ credential }: CredentialQuestion): string =>
  credential.type === 'basic' ? Buffer.from(credential.identity).toString() : credential.type
const basic = (name: string): { type: 'basic'; identity: Uint8Array } => ({ type: 'basic', identity: Buffer.from(name) })

/** keyOf gives an Ed25519 public key that belongs to a name. */
function keyOf(name: string): Uint8Array {
  const seed = createHash('sha256').update(name).digest()
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32))
}

/** Judge: somebody whose authentication service says `verdict` to the names in `refused`, and yes to all others. */
interface Judge {
  readonly client: Client
  readonly store: ToldStore
  readonly refused: Set<string>
  verdict: Verdict
}

async function judge(name: string): Promise<Judge> {
  const store = toldStore()
  const refused = new Set<string>()
  const made: Omit<Judge, 'client'> & { client?: Client } = { store, refused, verdict: false }
  made.client = await open(name, { store, authenticate: (batch) => batch.map((one) => (refused.has(nameOf(one)) ? made.verdict : true)) })
  return made as Judge
}

/** A judge in a group of alice and bob. */
async function judged(): Promise<{ judge: Judge; mine: Group; alices: Group; bobs: Group }> {
  const { groups: [alices, bobs] } = await together(['alice', 'bob'])
  const ours = await judge('judge')
  const mine = await addTo(alices as Group, ours.client, [bobs as Group])
  return { judge: ours, mine, alices: alices as Group, bobs: bobs as Group }
}

/** refuses expects that work fails, stores nothing, and that the group can go on. */
async function refuses(ours: Judge, work: () => Promise<unknown>, code: string): Promise<void> {
  const before = ours.store.atoms.length
  await fails(work(), code)
  expect(ours.store.atoms).toHaveLength(before)
}

test('R5.3.1-01: a key package that we will add', async () => {
  const { judge: ours, mine, alices, bobs } = await judged()
  const mallory = await keyPackage(await open('mallory'))
  ours.refused.add('mallory')
  await refuses(ours, () => mine.commit({ add: [mallory] }), 'CREDENTIAL_REJECTED')
  await refuses(ours, () => mine.propose({ type: 'add', keyPackage: mallory }), 'CREDENTIAL_REJECTED')
  expect(mine.pending()).toEqual([])
  const commit = await mine.commit()
  await commit.accepted()
  for (const group of [alices, bobs]) await group.receive(commit.message)
  agree(mine, alices, bobs)
})

test('R5.3.1-02: every leaf in the tree when joining by Welcome', async () => {
  const { groups: [alices] } = await together(['alice', 'mallory', 'bob'])
  const ours = await judge('judge')
  ours.refused.add('mallory')
  const commit = await alices!.commit({ add: [await keyPackage(ours.client)] })
  const { welcome } = await commit.accepted()
  await refuses(ours, () => ours.client.join(welcome as Uint8Array), 'CREDENTIAL_REJECTED')
  expect(await ours.client.listGroups().next()).toMatchObject({ done: true })
  ours.refused.clear()
  agree(await ours.client.join(welcome as Uint8Array), alices!)
})

test('R5.3.1-03: every leaf in the tree when joining externally', async () => {
  const { groups: [alices] } = await together(['alice', 'mallory', 'bob'])
  const ours = await judge('judge')
  ours.refused.add('mallory')
  const info = await alices!.groupInfo()
  await refuses(ours, () => ours.client.joinExternally(info), 'CREDENTIAL_REJECTED')
  ours.refused.clear()
  const join = await ours.client.joinExternally(info)
  await alices!.receive(join.message)
  await join.accepted()
  agree(join.group, alices!)
})

test('R5.3.1-04: an Add that we receive, alone, by reference and by value', async () => {
  const { judge: ours, mine, alices, bobs } = await judged()
  const mallory = await open('mallory')
  ours.refused.add('mallory')
  const { message } = await alices.propose({ type: 'add', keyPackage: await keyPackage(mallory) })
  await bobs.receive(message)
  await refuses(ours, () => mine.receive(message), 'CREDENTIAL_REJECTED')
  // By reference: it was accepted when it came; the answer is another when it is committed.
  ours.refused.clear()
  await mine.receive(message)
  ours.refused.add('mallory')
  const referring = await bobs.commit()
  await refuses(ours, () => mine.receive(referring.message), 'CREDENTIAL_REJECTED')
  ours.refused.clear()
  await mine.receive(referring.message)
  await referring.accepted()
  ours.refused.add('mallory the second')
  const byValue = await bobs.commit({ add: [await keyPackage(await open('mallory the second'))] })
  await refuses(ours, () => mine.receive(byValue.message), 'CREDENTIAL_REJECTED')
  ours.refused.clear()
  await mine.receive(byValue.message)
  await byValue.accepted()
  agree(mine, bobs)
})

test('R5.3.1-05: an Update with a new credential', async () => {
  const { judge: ours, mine, alices } = await judged()
  ours.refused.add('mallory')
  const { message } = await alices.propose({ type: 'update', leaf: { credential: basic('mallory') } })
  await refuses(ours, () => mine.receive(message), 'CREDENTIAL_REJECTED')
  ours.refused.clear()
  await mine.receive(message)
})

test('R5.3.1-06: a Commit whose path brings a new credential', async () => {
  const { judge: ours, mine, alices } = await judged()
  ours.refused.add('mallory')
  const commit = await alices.commit({ update: { credential: basic('mallory') } })
  await refuses(ours, () => mine.receive(commit.message), 'CREDENTIAL_REJECTED')
  ours.refused.clear()
  await mine.receive(commit.message)
})

/** extensionsOf gives external_senders with these names. */
const extensionsOf = (...names: string[]): Extension[] =>
  [externalSenders(names.map((name) => ({ signatureKey: keyOf(name), credential: basic(name) })))]

test('R5.3.1-07: external_senders that are added', async () => {
  const { judge: ours, mine, alices } = await judged()
  ours.refused.add('mallory')
  ours.verdict = 'reject'
  await refuses(ours, () => mine.commit({ extensions: extensionsOf('mallory') }), 'CREDENTIAL_REJECTED')
  const { message } = await alices.propose({ type: 'group-context-extensions', extensions: extensionsOf('mallory') })
  await refuses(ours, () => mine.receive(message), 'CREDENTIAL_REJECTED')
  const commit = await alices.commit({ extensions: extensionsOf('mallory') })
  await refuses(ours, () => mine.receive(commit.message), 'CREDENTIAL_REJECTED')
  ours.refused.clear()
  await mine.receive(commit.message)
})

test('R5.3.1-08: external_senders of which one is replaced', async () => {
  const { judge: ours, mine, alices, bobs } = await judged()
  const first = await alices.commit({ extensions: extensionsOf('server', 'bridge') })
  await first.accepted()
  for (const group of [mine, bobs]) await group.receive(first.message)
  ours.refused.add('mallory')
  const commit = await alices.commit({ extensions: extensionsOf('server', 'mallory') })
  await refuses(ours, () => mine.receive(commit.message), 'CREDENTIAL_REJECTED')
  ours.refused.clear()
  await mine.receive(commit.message)
})

test('R5.3.1-09: a successor that is somebody else, by Update', async () => {
  const { judge: ours, mine, alices } = await judged()
  ours.refused.add('alice the other')
  ours.verdict = 'reject-succession'
  const { message } = await alices.propose({ type: 'update', leaf: { credential: basic('alice the other') } })
  await refuses(ours, () => mine.receive(message), 'CREDENTIAL_SUCCESSION')
  ours.refused.clear()
  await mine.receive(message)
})

test('R5.3.1-10: a successor that is somebody else, by Commit', async () => {
  const { judge: ours, mine, alices } = await judged()
  ours.refused.add('alice the other')
  ours.verdict = 'reject-succession'
  const commit = await alices.commit({ update: { credential: basic('alice the other') } })
  await refuses(ours, () => mine.receive(commit.message), 'CREDENTIAL_SUCCESSION')
  ours.refused.clear()
  await mine.receive(commit.message)
})

test('R5.3.1-11: a service that fails is a refusal', async () => {
  let answer: Authenticate = (batch) => batch.map(() => true)
  const store = toldStore()
  const client = await open('judge', { store, authenticate: (batch) => answer(batch), answerTimeout: 100 })
  const { groups: [alices, bobs] } = await together(['alice', 'bob'])
  const mine = await addTo(alices!, client, [bobs!])
  const commit = await alices!.commit({ add: [await keyPackage(await open('carol'))] })
  const failing: readonly (readonly [Authenticate, string])[] = [
    [() => { throw new Error('no') }, 'AS_FAILED'],
    [() => Promise.reject(new Error('no')), 'AS_FAILED'],
    [() => new Promise(() => {}), 'ANSWER_TIMEOUT'],
    [(batch) => batch.map(() => 'yes' as Verdict), 'AS_FAILED'],
    [(batch) => batch.map(() => 1 as never), 'AS_FAILED'],
    [() => [], 'AS_FAILED'],
    [() => undefined as never, 'AS_FAILED'],
    [async (batch) => {
      await expect(mine.send('from within')).rejects.toMatchObject({ code: 'REENTRANT' })
      await expect(mine.close()).rejects.toMatchObject({ code: 'REENTRANT' })
      return batch.map(() => false)
    }, 'CREDENTIAL_REJECTED'],
  ]
  for (const [service, code] of failing) {
    answer = service
    const before = store.atoms.length
    const start = performance.now()
    await fails(mine.receive(commit.message), code)
    expect(performance.now() - start).toBeLessThan(5_000)
    expect(store.atoms).toHaveLength(before)
  }
  // Somebody else closes the group: the step ends, one way or the other, and nothing of it was stored.
  const [asked, answered] = [gate(), gate()]
  answer = async (batch) => {
    asked.open()
    await answered.passed
    return batch.map(() => false)
  }
  const before = store.atoms.length
  const refused = expect(mine.receive(commit.message)).rejects.toMatchObject({ name: 'MlsError' })
  await asked.passed
  const closed = mine.close()
  answered.open()
  await Promise.all([refused, closed])
  expect(store.atoms).toHaveLength(before)
})

test('R5.3.2-01: a member whose old credential has expired may come with a new one', async () => {
  const { judge: ours, mine, alices, bobs } = await judged()
  ours.refused.add('alice').add('bob')  // expired in the meantime
  const { message } = await alices.propose({ type: 'update', leaf: { credential: basic('alice, renewed') } })
  await mine.receive(message)
  await bobs.receive(message)
  const commit = await bobs.commit({ update: { credential: basic('bob, renewed') } })
  await mine.receive(commit.message)
  await commit.accepted()
  agree(mine, bobs)
})

test('R5.3.2-02: past messages of a credential that has expired since are read', async () => {
  const { judge: ours, mine, alices, bobs } = await judged()
  const backlog = [await alices.send('one'), await bobs.send('two'), await alices.send('three')]
  const commit = await alices.commit()
  ours.refused.add('alice').add('bob')
  for (const message of backlog) await expect(mine.receive(message)).resolves.toMatchObject({ kind: 'message' })
  await expect(mine.receive(commit.message)).resolves.toMatchObject({ kind: 'commit' })
})
