// Members: a group's roster, paged, so that 50,000 of them are no single list.
import { empty } from './bytes'
import type { Credential } from './credential'
import { MlsError } from './errors'
import type { Capabilities, Extension } from './message'
import type { NativeMembers } from './native'
import { Options } from './options'
import { Slices } from './turns'

/** Member of a group, as its leaf says (RFC 9420 §7.2). */
export interface Member {
  readonly leafIndex: number
  readonly credential: Credential
  readonly signatureKey: Uint8Array
  readonly encryptionKey: Uint8Array
  readonly capabilities: Capabilities
  readonly extensions: readonly Extension[]
}

/** MembersOptions: members per page at most (default 256, at most 4,096), and the leaf to begin with. */
export interface MembersOptions {
  readonly pageSize?: number
  readonly from?: number
}

/** MembersPage: a page and the epoch that it is of. */
export interface MembersPage extends NativeMembers {
  readonly epoch: bigint
}

/** readMembersOptions reads the options of members(). @throws TypeError @throws RangeError */
export function readMembersOptions(value: unknown): { readonly pageSize: number; readonly from: number } {
  const options = new Options('options', value, ['pageSize', 'from'])
  return { pageSize: options.integer('pageSize', 256, 1, 4096), from: options.integer('from', 0, 0, 0x3fff_ffff) }
}

/** RFC 9420 §17.5. */
const credentialTypes = { basic: 1, x509: 2 } as const

/** MemberReader makes a Member of each of a page, in their order. */
class MemberReader {
  readonly #page: NativeMembers
  #member = 0
  #count = 0
  #number = 0
  #string = 0

  constructor(page: NativeMembers) {
    this.#page = page
  }

  /** next gives the next member, or null at the end of the page. */
  next(): Member | null {
    const leafIndex = this.#page.leafIndexes[this.#member]
    if (leafIndex === undefined) return null
    const type = this.#page.credentialTypes[this.#member] ?? 0
    this.#member += 1
    const signatureKey = this.#takeString()
    const encryptionKey = this.#takeString()
    const credential = this.#takeCredential(type)
    const capabilities = {
      suites: this.#takeNumbers(), extensions: this.#takeNumbers(), proposals: this.#takeNumbers(),
      credentials: this.#takeNumbers(),
    }
    const extensions = this.#takeNumbers().map((one) => ({ type: one, data: this.#takeString() }))
    return { leafIndex, credential, signatureKey, encryptionKey, capabilities, extensions }
  }

  #takeCredential(type: number): Credential {
    const parts = Array.from({ length: this.#takeCount() }, () => this.#takeString())
    const [first = empty] = parts
    if (type === credentialTypes.basic) return { type: 'basic', identity: first }
    if (type === credentialTypes.x509) return { type: 'x509', certificates: parts }
    return { type: 'other', credentialType: type, data: first }
  }

  #takeCount(): number {
    return this.#page.counts[this.#count++] ?? 0
  }

  #takeNumbers(): number[] {
    const from = this.#number
    this.#number += this.#takeCount()
    return Array.from(this.#page.numbers.subarray(from, this.#number))
  }

  #takeString(): Uint8Array {
    const { bytes, offsets } = this.#page.strings
    const from = offsets[this.#string]
    this.#string += 1
    return bytes.slice(from, offsets[this.#string])
  }
}

/** iterateMembers goes through the pages. @throws MlsError `STALE_VERSION` when the epoch changes on the way */
export async function* iterateMembers(
  page: (from: number, count: number) => Promise<MembersPage>, { pageSize, from }: { pageSize: number; from: number },
): AsyncGenerator<Member, void, undefined> {
  let epoch: bigint | null = null
  // Of all pages: one that is ready when the one before has been given comes in the same turn.
  const slices = new Slices()
  for (let at: number | null = from; at !== null; ) {
    const members = await page(at, pageSize)
    if (epoch !== null && epoch !== members.epoch) throw new MlsError('STALE_VERSION')
    epoch = members.epoch
    const reader = new MemberReader(members)
    // What the caller does with a member counts towards the turn, too.
    for (let member = reader.next(); member; member = reader.next()) {
      yield member
      if (slices.full()) await slices.next()
    }
    at = members.next
  }
}

/** memberAt gives the member of one leaf, or null when the leaf is blank or beyond the tree. */
export function memberAt(page: NativeMembers, leafIndex: number): Member | null {
  const member = new MemberReader(page).next()
  return member?.leafIndex === leafIndex ? member : null
}
