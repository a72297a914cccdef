// davey, Discord's voice encryption (DAVE) over OpenMLS as a native addon. Its API takes what Discord's voice gateway sends:
// members are added by proposals of that gateway, an external sender (RFC 9420 §12.1.8.1), so this file is the gateway.
// DAVE knows suite 2 alone, and every member verifies the gateway's proposals too.
import { generateKeyPairSync } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import { measure } from '../api/measure'
import { type Findings, type Measured, type Setting, type Subject, merge, timeLoad } from './subject'

/** The part of its declarations that is used. */
interface Made {
  readonly commit?: Buffer
  readonly welcome?: Buffer
}
interface Session {
  readonly epoch: bigint | null
  setExternalSender(sender: Buffer): void
  getSerializedKeyPackage(): Buffer
  processProposals(operation: 0 | 1, proposals: Buffer): Made
  processWelcome(welcome: Buffer): void
  processCommit(commit: Buffer): void
  getEpochAuthenticator(): Buffer | null
}
interface Davey {
  readonly DAVESession: new (version: number, userId: string, channelId: string) => Session
}

const SUITE = 2
const VERSION = 1
const APPEND = 0
const CHANNEL = '927310423890473011'
const ROUNDS = 5

export const davey: Subject = {
  name: 'davey',
  package: '@snazzah/davey',
  how: 'suite 2, the only one; synchronous calls, the gateway played by us',
  measure: measureDavey,
}

async function measureDavey({ members, folder }: Setting): Promise<Findings> {
  const { load, library } = await timeLoad(async () => createRequire(path.join(folder, 'package.json'))('@snazzah/davey') as Davey)
  const gateway = await makeGateway()
  let users = 1000
  const enter = (): Session => {
    const session = new library.DAVESession(VERSION, String(users++), CHANNEL)
    session.setExternalSender(gateway.sender)
    return session
  }
  const [alice, bob] = [enter(), enter()]
  const figures: Findings['figures'] = {}
  figures['make a key package'] = await measure(() => alice, (session) => session.getSerializedKeyPackage())
  const keyPackages = [bob.getSerializedKeyPackage()]
  while (keyPackages.length < members - 1) keyPackages.push(enter().getSerializedKeyPackage())
  const proposals = await gateway.propose(0n, keyPackages)

  const add = (session: Session, added: Buffer): Required<Made> => {
    const { commit, welcome } = session.processProposals(APPEND, added)
    if (!commit || !welcome) throw new Error('davey made no commit')
    session.processCommit(commit)
    return { commit, welcome }
  }
  const made: Required<Made>[] = []
  figures['add all in one commit'] = await measure(() => null, () => made.push(add(alice, proposals)), 1)
  figures.join = await measure(() => null, () => bob.processWelcome(made[0]?.welcome ?? Buffer.alloc(0)), 1)
  const adding: Measured[] = []
  const processing: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const proposal = await gateway.propose(alice.epoch ?? 0n, [enter().getSerializedKeyPackage()])
    adding.push(await measure(() => null, () => made.push(add(alice, proposal)), 1))
    const process = (): void => {
      bob.processProposals(APPEND, proposal)
      bob.processCommit(made.at(-1)?.commit ?? Buffer.alloc(0))
    }
    processing.push(await measure(() => null, process, 1))
  }
  figures['add one member'] = merge(adding)
  figures['process: one was added'] = merge(processing)
  const [ours, theirs] = [alice.getEpochAuthenticator(), bob.getEpochAuthenticator()]
  if (!ours || !theirs || !ours.equals(theirs)) throw new Error('the members do not agree')
  return { load, figures, notes: ['its calls give results, not promises: what a call takes, the event loop waits'] }
}

interface Gateway {
  /** What setExternalSender takes: an ExternalSender (RFC 9420 §12.1.8.1). */
  readonly sender: Buffer
  /** propose gives the Adds of these, as processProposals takes them: a vector of MLSMessages. */
  propose(epoch: bigint, keyPackages: readonly Buffer[]): Promise<Buffer>
}

async function makeGateway(): Promise<Gateway> {
  const { proposeExternally } = await import('node-mls')
  const { x = '', y = '', d = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const [signatureKey, signaturePrivateKey] = [
    Buffer.concat([Buffer.of(4), ...[x, y].map((coordinate) => Buffer.from(coordinate, 'base64url'))]),
    Buffer.from(d, 'base64url'),
  ]
  const groupId = Buffer.alloc(8)
  groupId.writeBigUInt64BE(BigInt(CHANNEL))
  const basic = Buffer.of(0, 1)
  return {
    sender: Buffer.concat([vector(signatureKey), basic, vector(Buffer.from('gateway'))]),
    propose: async (epoch, keyPackages) => {
      const made = await Promise.all(keyPackages.map((keyPackage) => proposeExternally({
        suite: SUITE, groupId, epoch, senderIndex: 0, signaturePrivateKey, proposal: { type: 'add', keyPackage },
      })))
      return vector(Buffer.concat(made))
    },
  }
}

/** vector writes opaque<V> with a length of RFC 9420 §2.1.2. */
function vector(bytes: Buffer): Buffer {
  const head = Buffer.alloc(bytes.length < 64 ? 1 : bytes.length < 2 ** 14 ? 2 : 4)
  head.writeUIntBE(bytes.length + (head.length === 4 ? 2 ** 31 : head.length === 2 ? 2 ** 14 : 0), 0, head.length)
  return Buffer.concat([head, bytes])
}
