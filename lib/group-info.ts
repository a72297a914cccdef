// GroupInfo (RFC 9420 §12.4.3): what a member may put into the one it signs.
import { readExtensions } from './extension'
import type { Extension } from './message'
import { Options } from './options'

/** GroupInfoOptions: what a GroupInfo carries (RFC 9420 §12.4.3). Default: what an external joiner needs. */
export interface GroupInfoOptions {
  readonly tree?: 'inside' | 'apart'
  readonly externalPub?: boolean
  readonly extensions?: readonly Extension[]
}

/** readGroupInfo reads GroupInfoOptions. @throws TypeError @throws RangeError */
export function readGroupInfo(value: unknown): Required<GroupInfoOptions> {
  const options = new Options('options', value, ['tree', 'externalPub', 'extensions'])
  return {
    tree: options.oneOf('tree', 'inside', ['inside', 'apart']),
    externalPub: options.flag('externalPub', true),
    extensions: options.read('extensions', [], readExtensions),
  }
}
