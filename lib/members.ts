// Members: a group's roster, paged, so that 50,000 of them are no single list.
import type { Credential } from './credential'
import { MlsError } from './errors'
import type { Capabilities, Extension } from './message'
import type { NativeMembers } from './native'
import { Options } from './options'

/** Member of a group, as its leaf says (RFC 9420 §7.2). */
export interface Member {
  readonly leafIndex: number
  readonly credential: Credential
  readonly signatureKey: Uint8Array
  readonly encryptionKey: Uint8Array
  readonly capabilities: Capabilities
  readonly extensions: readonly Extension[]
}

/** MembersOptions: members per page (default 256, at most 4,096), and the leaf to begin with. */
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

/** iterateMembers goes through the pages. @throws MlsError `STALE_VERSION` when the epoch changes on the way */
export async function* iterateMembers(
  page: (from: number, count: number) => Promise<MembersPage>, { pageSize, from }: { pageSize: number; from: number },
): AsyncGenerator<Member, void, undefined> {
  let epoch: bigint | null = null
  for (let at: number | null = from; at !== null; ) {
    const { members, next, epoch: present } = await page(at, pageSize)
    if (epoch !== null && epoch !== present) throw new MlsError('STALE_VERSION')
    epoch = present
    yield* members
    at = next
  }
}

/** memberAt gives the member of one leaf, or null when the leaf is blank or beyond the tree. */
export function memberAt({ members: [member] }: NativeMembers, leafIndex: number): Member | null {
  return member?.leafIndex === leafIndex ? member : null
}
