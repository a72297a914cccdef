// Errors of groups: messages that are stale, forged or of elsewhere, and calls that do not fit.
import { Tracker, decode, memoryStore, trustAnyCredential, type Client, type Group } from '../../lib'
import { addTo, keyPackage, open, pair } from '../api/support/people'
import type { Exhibit } from './secrets-scene'

/** spoilt changes the last bit. */
function spoilt(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length - 1]! ^= 1
  return copy
}

const policy = { handshake: 'public', sendWithUncommittedProposals: 'allow' } as const

/** errorsOfGroups makes groups, and mistakes in them. */
export async function errorsOfGroups(exhibit: Exhibit): Promise<void> {
  const { alice, bob, alices, bobs } = await pair({ policy })
  for (const [client, name] of [[alice, 'PSK of alice'], [bob, 'PSK of bob']] as const) await client.psks.put('differs', exhibit.secret(name))
  await errorsOfMessages(exhibit, alice, alices, bobs)
  await errorsOfCommits(exhibit, alice, bob, alices)
  await errorsOfJoins(exhibit, alices, bob, bobs)
  await errorsOfPhases(exhibit, alice, bob, alices, bobs)
  await Promise.all([alice.close(), bob.close()])
}

async function errorsOfMessages(exhibit: Exhibit, alice: Client, alices: Group, bobs: Group): Promise<void> {
  await exhibit.fails('MALFORMED', () => bobs.receive(new Uint8Array(3)))
  await exhibit.fails('UNSUPPORTED_VERSION', () => decode(new Uint8Array(4)))
  await exhibit.fails('UNSUPPORTED_WIRE_FORMAT', () => decode(Uint8Array.of(0, 1, 0, 99, 0)))
  await exhibit.fails('WRONG_WIRE_FORMAT', async () => bobs.receive(await keyPackage(alice)))
  const data = exhibit.secret('plaintext of a message that is spoilt')
  const message = await alices.send(data, { authenticatedData: Uint8Array.of(1) })
  await exhibit.fails('DECRYPT_FAILED', () => bobs.receive(spoilt(message)))
  await exhibit.fails('OWN_MESSAGE', () => alices.receive(spoilt(message)))
  await bobs.receive(message)
  await exhibit.fails('KEY_CONSUMED', () => bobs.receive(message))
  const other = await alice.createGroup()
  await exhibit.fails('WRONG_GROUP', async () => bobs.receive(await other.send(data)))
  await exhibit.fails('UNKNOWN_GROUP', async () => (await open('nobody')).receive(message))
  const { message: proposal } = await bobs.propose({ type: 'update' })
  await exhibit.fails('BAD_MEMBERSHIP_TAG', () => alices.receive(spoilt(proposal)))
  const wrong = await alices.commit({ psk: ['differs'] })
  await exhibit.fails('BAD_CONFIRMATION_TAG', () => bobs.receive(wrong.message))
  await wrong.rejected()
  const turn = await alices.commit()
  await turn.accepted()
  await exhibit.fails('FUTURE_EPOCH', async () => bobs.receive(await alices.send(data)))
  await bobs.receive(turn.message)
  await exhibit.fails('WRONG_EPOCH', () => bobs.receive(turn.message))
  const tracker = new Tracker({ authenticate: trustAnyCredential })
  await exhibit.fails('MISUSE', () => tracker.receive(turn.message))
  await exhibit.fails('BAD_SIGNATURE', async () => tracker.seed(spoilt(await alices.groupInfo())))
  await exhibit.fails('MISSING_TREE', async () => tracker.seed(await alices.groupInfo({ tree: 'apart' })))
  await exhibit.fails('TREE_HASH_MISMATCH', async () => tracker.seed(await alices.groupInfo({ tree: 'apart' }), { tree: await other.tree() }))
  exhibit.show(tracker)
}

async function errorsOfCommits(exhibit: Exhibit, alice: Client, bob: Client, alices: Group): Promise<void> {
  const now = Date.now() / 1000
  const of = async (options: object): Promise<Uint8Array> => keyPackage(await open('carol', options))
  const add = (make: () => Promise<Uint8Array>) => async () => alices.commit({ add: [await make()] })
  await exhibit.fails('INVALID_KEY_PACKAGE', add(() => of({ suites: [2] })))
  await exhibit.fails('EXPIRED', add(() => of({ clock: () => now - 1e8 })))
  await exhibit.fails('NOT_YET_VALID', add(() => of({ clock: () => now + 1e8 })))
  await exhibit.fails('INVALID_KEY_PACKAGE', add(async () => spoilt(await of({}))))
  await exhibit.fails('INVALID_PROPOSAL_LIST', () => alices.commit({ remove: [alices.leafIndex] }))
  await exhibit.fails('INVALID_REMOVE', () => alices.propose({ type: 'remove', leafIndex: 77 }))
  await exhibit.fails('ABORTED', () => alices.commit({ signal: AbortSignal.abort() }))
  await exhibit.fails('TOO_LARGE', () => alices.export('label', new Uint8Array(0), 60_000))
  await exhibit.fails('MISUSE', async () => alices.successor([await keyPackage(bob)]))
  await exhibit.fails('BRANCH_MISMATCH', async () => alices.branch([await of({})]))
  await exhibit.fails('GROUP_EXISTS', () => alice.createGroup({ groupId: alices.id }))
  const rejected = await alices.commit()
  await rejected.rejected()
  await exhibit.fails('STALE_CANDIDATE', () => rejected.accepted())
  const few = await (await open('few', { policy: { limits: { maxPendingCommits: 1 } } })).createGroup()
  await few.commit()
  await exhibit.fails('LIMIT_EXCEEDED', () => few.commit())
  const strict = await pair()
  await strict.alices.receive((await strict.bobs.propose({ type: 'update' })).message)
  await exhibit.fails('PENDING_PROPOSALS', () => strict.alices.send(exhibit.secret('plaintext that was not sent')))
}

async function errorsOfJoins(exhibit: Exhibit, alices: Group, bob: Client, bobs: Group): Promise<void> {
  const carol = await open('carol', { store: memoryStore() })
  const commit = await alices.commit({ add: [await keyPackage(carol)], tree: 'apart' })
  const { welcome, tree } = await commit.accepted()
  const staged = await bobs.receive(commit.message, { inspect: true })
  if (staged.kind !== 'staged') throw new Error('not staged')
  exhibit.show(staged)
  staged.drop()
  await exhibit.fails('STALE_VERSION', () => staged.accept())
  await bobs.receive(commit.message)
  await exhibit.fails('MISSING_TREE', () => carol.join(welcome!))
  await exhibit.fails('NO_MATCHING_KEY_PACKAGE', () => bob.join(welcome!, { tree: tree! }))
  await exhibit.fails('DECRYPT_FAILED', () => carol.join(spoilt(welcome!), { tree: tree! }))
  await exhibit.fails('MISSING_EXTERNAL_PUB', async () => carol.joinExternally(await alices.groupInfo({ externalPub: false })))
  await exhibit.fails('DUPLICATE_SIGNATURE_KEY', async () => bob.joinExternally(await alices.groupInfo()))
  const branch = await alices.branch([await keyPackage(bob)])
  await exhibit.fails('MISSING_PSK', () => bob.join(branch.welcome!))
  exhibit.show(await carol.join(welcome!, { tree: tree! }), carol, branch.group)
  await carol.close()
}

async function errorsOfPhases(exhibit: Exhibit, alice: Client, bob: Client, alices: Group, bobs: Group): Promise<void> {
  const second = await alice.createGroup()
  const bobsSecond = await addTo(second, bob)
  const ending = await second.commit({ reinit: {} })
  await ending.accepted()
  await bobsSecond.receive(ending.message)
  await exhibit.fails('GROUP_SUSPENDED', () => second.send(exhibit.secret('plaintext of a group that ended')))
  await exhibit.fails('REINIT_MISMATCH', async () => second.successor([await keyPackage(await open('dave'))]))
  const removal = await alices.commit({ remove: [bobs.leafIndex] })
  await removal.accepted()
  await bobs.receive(removal.message)
  await exhibit.fails('REMOVED', () => bobs.send('x'))
  exhibit.show(second, bobs)
  await bobs.close()
  await exhibit.fails('CLOSED', () => bobs.tree())
}
