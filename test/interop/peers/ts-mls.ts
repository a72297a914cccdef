// ts-mls, an MLS implementation in TypeScript, as a peer. Its functions take a state and give the next one; a member
// holds the latest. It has suites 1 to 7 with the optional packages that package.json lists.
//
// Four things of version 1.6.4 need care:
// - It makes compressed public keys for ECDSA. RFC 9420 §5.1.1 wants uncompressed ones, which this file makes of them.
// - It writes and reads external_pub without the length that HPKEPublicKey, a vector, has in ExternalPub (RFC 9420
//   §12.4.3.2). This file adds and removes it.
// - It derives the commit secret at the root, although the root is not in the path when the tree's other half is empty
//   (RFC 9420 §4.1.2, §12.4.1), and arrives at another secret.
// - When it joins, it wants every non-blank ancestor of an unmerged leaf to have the same list of unmerged leaves. RFC 9420
//   §12.4.3.1 wants only that leaf, and only in the nodes between. It refuses valid trees, its own among them.
// For these two, it has no `any-tree`.
import { ECDH } from 'node:crypto'
import type { CiphersuiteImpl, ClientState, Extension, KeyPackage, MLSMessage, PreSharedKeyID, PrivateKeyPackage, Proposal } from 'ts-mls'
import type { Peer, PeerChange, PeerCommit, PeerEvent, PeerMember } from './peer'

const SUITES = [
  'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
  'MLS_128_DHKEMP256_AES128GCM_SHA256_P256',
  'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519',
  'MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448',
  'MLS_256_DHKEMP521_AES256GCM_SHA512_P521',
  'MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448',
  'MLS_256_DHKEMP384_AES256GCM_SHA384_P384',
] as const

/** The curves of ECDSA by suite. */
const CURVES: Readonly<Record<number, string>> = { 2: 'prime256v1', 5: 'secp521r1', 7: 'secp384r1' }

const HOUR = 3600n
const LIFETIME = 24n * 90n * HOUR

/** ts-mls is an ES module; a dynamic import works from CommonJS and under jest alike. */
async function load() {
  const [mls, keyPackages, trees, commits] = await Promise.all([
    import('ts-mls'),
    import('ts-mls/keyPackage.js'),
    import('ts-mls/ratchetTree.js'),
    import('ts-mls/createCommit.js'),
  ])
  return { ...mls, ...keyPackages, ...trees, createGroupInfo: commits.createGroupInfo }
}
type Library = Awaited<ReturnType<typeof load>>

export const tsMls: Peer = {
  name: 'ts-mls',
  suites: [1, 2, 3, 4, 5, 6, 7],
  abilities: new Set(['update', 'remove', 'psk', 'external-join', 'leave'] as const),
  async member(name, suite) {
    const library = await load()
    const suiteName = SUITES[suite - 1]
    if (suiteName === undefined) throw new RangeError(`ts-mls has no suite ${suite}`)
    const implementation = await library.getCiphersuiteImpl(library.getCiphersuiteFromName(suiteName))
    return new TsMlsMember(name, suite, library, implementation)
  },
}

class TsMlsMember implements PeerMember {
  readonly peer = tsMls
  readonly #library: Library
  readonly #implementation: CiphersuiteImpl
  #keyPackages: { publicPackage: KeyPackage; privatePackage: PrivateKeyPackage }[] = []
  #current: ClientState | null = null
  readonly #psks = new Map<string, Uint8Array>()

  constructor(
    readonly name: string,
    readonly suite: number,
    library: Library,
    implementation: CiphersuiteImpl,
  ) {
    this.#library = library
    this.#implementation = implementation
  }

  async makeKeyPackage(): Promise<Uint8Array> {
    const made = await this.#generate()
    this.#keyPackages.push(made)
    return this.#encode({ version: 'mls10', wireformat: 'mls_key_package', keyPackage: made.publicPackage })
  }

  async createGroup(groupId: string): Promise<void> {
    const { publicPackage, privatePackage } = await this.#generate()
    const id = new TextEncoder().encode(groupId)
    this.#current = await this.#library.createGroup(id, publicPackage, privatePackage, [], this.#implementation)
  }

  async commit(change: PeerChange): Promise<PeerCommit> {
    const proposals: Proposal[] = []
    for (const message of change.add ?? []) {
      const decoded = this.#decode(message)
      if (decoded.wireformat !== 'mls_key_package') throw new TypeError('not a KeyPackage')
      proposals.push({ proposalType: 'add', add: { keyPackage: decoded.keyPackage } })
    }
    for (const identity of change.remove ?? []) {
      proposals.push({ proposalType: 'remove', remove: { removed: this.#leafIndex(identity) } })
    }
    for (const id of change.psk ?? []) proposals.push({ proposalType: 'psk', psk: { preSharedKeyId: this.#pskId(id) } })
    const made = await this.#library.createCommit(
      { state: this.#state, cipherSuite: this.#implementation, pskIndex: this.#pskIndex },
      { extraProposals: proposals, ratchetTreeExtension: true },
    )
    this.#current = made.newState
    const welcome = made.welcome && this.#encode({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome })
    return { messages: [this.#encode(made.commit)], welcome: welcome ?? null }
  }

  async leave(): Promise<Uint8Array> {
    const remove: Proposal = { proposalType: 'remove', remove: { removed: this.#state.privatePath.leafIndex } }
    const made = await this.#library.createProposal(this.#state, false, remove, this.#implementation)
    this.#current = made.newState
    return this.#encode(made.message)
  }

  async join(welcome: Uint8Array, tree: Uint8Array): Promise<void> {
    const decoded = this.#decode(welcome)
    if (decoded.wireformat !== 'mls_welcome') throw new TypeError('not a Welcome')
    const ratchetTree = this.#library.decodeRatchetTree(tree, 0)?.[0]
    const references = new Set(decoded.welcome.secrets.map((secret) => Buffer.from(secret.newMember).toString('hex')))
    for (const { publicPackage, privatePackage } of this.#keyPackages) {
      const reference = await this.#library.makeKeyPackageRef(publicPackage, this.#implementation.hash)
      if (!references.has(Buffer.from(reference).toString('hex'))) continue
      this.#current = await this.#library.joinGroup(
        decoded.welcome,
        publicPackage,
        privatePackage,
        this.#pskIndex,
        this.#implementation,
        ratchetTree,
      )
      this.#keyPackages = []
      return
    }
    throw new Error('the Welcome is for none of our key packages')
  }

  async joinExternally(groupInfo: Uint8Array): Promise<Uint8Array> {
    const decoded = this.#decode(groupInfo)
    if (decoded.wireformat !== 'mls_group_info') throw new TypeError('not a GroupInfo')
    const { publicPackage, privatePackage } = await this.#generate()
    const resync = false
    const joined = await this.#library.joinGroupExternal(
      decoded.groupInfo,
      publicPackage,
      privatePackage,
      resync,
      readingExternalPub(this.#implementation, publicPackage.initKey.length),
    )
    this.#current = joined.newState
    return this.#encode({ version: 'mls10', wireformat: 'mls_public_message', publicMessage: joined.publicMessage })
  }

  async send(data: Uint8Array): Promise<Uint8Array> {
    const made = await this.#library.createApplicationMessage(this.#state, data, this.#implementation)
    this.#current = made.newState
    return this.#encode({ version: 'mls10', wireformat: 'mls_private_message', privateMessage: made.privateMessage })
  }

  async receive(message: Uint8Array): Promise<PeerEvent> {
    const decoded = this.#decode(message)
    let kind: 'proposal' | 'commit' = 'proposal'
    const note = (incoming: { kind: 'proposal' | 'commit' }): 'accept' => {
      kind = incoming.kind
      return 'accept'
    }
    if (decoded.wireformat === 'mls_private_message') {
      // Not processMessage: that one looks for no PSKs in a PrivateMessage.
      const result = await this.#library.processPrivateMessage(
        this.#state,
        decoded.privateMessage,
        this.#pskIndex,
        this.#implementation,
        note,
      )
      this.#current = result.newState
      if (result.kind === 'applicationMessage') return { kind: 'message', data: result.message }
    } else if (decoded.wireformat === 'mls_public_message') {
      const result = await this.#library.processPublicMessage(
        this.#state,
        decoded.publicMessage,
        this.#pskIndex,
        this.#implementation,
        note,
      )
      this.#current = result.newState
    } else {
      throw new TypeError(`a member cannot receive ${decoded.wireformat}`)
    }
    if (kind === 'proposal') return { kind }
    return { kind, removed: this.#state.groupActiveState.kind === 'removedFromGroup' }
  }

  async putPsk(id: string, secret: Uint8Array): Promise<void> {
    this.#psks.set(id, secret)
  }

  async groupInfo(): Promise<Uint8Array> {
    const { groupContext, confirmationTag, keySchedule } = this.#state
    const { hpke } = this.#implementation
    const { publicKey } = await hpke.deriveKeyPair(keySchedule.externalSecret)
    const extensions: Extension[] = [
      { extensionType: 'external_pub', extensionData: withLength(await hpke.exportPublicKey(publicKey)) },
      { extensionType: 'ratchet_tree', extensionData: await this.tree() },
    ]
    const groupInfo = await this.#library.createGroupInfo(groupContext, confirmationTag, this.#state, extensions, this.#implementation)
    return this.#encode({ version: 'mls10', wireformat: 'mls_group_info', groupInfo })
  }

  async tree(): Promise<Uint8Array> {
    return this.#library.encodeRatchetTree(this.#state.ratchetTree)
  }

  async epoch(): Promise<bigint> {
    return this.#state.groupContext.epoch
  }

  async epochAuthenticator(): Promise<Uint8Array> {
    return this.#state.keySchedule.epochAuthenticator
  }

  async exportSecret(label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    return this.#library.mlsExporter(this.#state.keySchedule.exporterSecret, label, context, length, this.#implementation)
  }

  async close(): Promise<void> {
    this.#current = null
  }

  get #state(): ClientState {
    if (this.#current === null) throw new Error(`${this.name} is in no group`)
    return this.#current
  }

  get #pskIndex() {
    return {
      findPsk: (id: PreSharedKeyID) => (id.psktype === 'external' ? this.#psks.get(new TextDecoder().decode(id.pskId)) : undefined),
    }
  }

  #pskId(id: string): PreSharedKeyID {
    const pskNonce = this.#implementation.rng.randomBytes(this.#implementation.kdf.size)
    return { psktype: 'external', pskId: new TextEncoder().encode(id), pskNonce }
  }

  async #generate() {
    const now = BigInt(Math.floor(Date.now() / 1000))
    const { signKey, publicKey } = await this.#implementation.signature.keygen()
    const curve = CURVES[this.suite]
    const uncompressed = curve ? Buffer.from(ECDH.convertKey(publicKey, curve, undefined, undefined, 'uncompressed')) : publicKey
    return this.#library.generateKeyPackageWithKey(
      { credentialType: 'basic', identity: new TextEncoder().encode(this.name) },
      this.#library.defaultCapabilities(),
      { notBefore: now - HOUR, notAfter: now + LIFETIME },
      [],
      { signKey, publicKey: uncompressed },
      this.#implementation,
    )
  }

  #leafIndex(identity: string): number {
    const found = this.#state.ratchetTree.findIndex(
      (node) =>
        node?.nodeType === 'leaf' &&
        node.leaf.credential.credentialType === 'basic' &&
        new TextDecoder().decode(node.leaf.credential.identity) === identity,
    )
    if (found < 0) throw new Error(`${identity} is no member`)
    return found / 2
  }

  #encode(message: MLSMessage): Uint8Array {
    return this.#library.encodeMlsMessage(message)
  }

  #decode(message: Uint8Array): MLSMessage {
    const decoded = this.#library.decodeMlsMessage(message, 0)
    if (decoded === undefined) throw new Error('ts-mls cannot read this MLSMessage')
    return decoded[0]
  }
}

/** withLength puts the length of RFC 9420 §2.1.2 before a public key: one byte below 64, else two. */
function withLength(key: Uint8Array): Uint8Array {
  const length = key.length < 64 ? [key.length] : [0x40 | (key.length >> 8), key.length & 0xff]
  return Buffer.concat([Buffer.from(length), key])
}

/** readingExternalPub is a suite that finds a public key of `size` bytes also behind its length. */
function readingExternalPub(implementation: CiphersuiteImpl, size: number): CiphersuiteImpl {
  const importPublicKey = (bytes: Uint8Array) => implementation.hpke.importPublicKey(bytes.slice(bytes.length - size))
  return { ...implementation, hpke: { ...implementation.hpke, importPublicKey } }
}
