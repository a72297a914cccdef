// Long byte strings: they cross in slices, so that no turn of the event loop copies more than it should.
import { types } from 'node:util'
import { requireSize } from './bytes'
import { native, type NativeBulk, type NativeBytes } from './native'
import { Options } from './options'
import { Slices } from './turns'

/** Bytes copied between two looks at the clock. */
const stride = 1 << 18

/**
 * takeBytes copies a byte string: the first slice before it returns, the others a turn each. Each slice is taken as it
 * is when it is copied.
 * @throws TypeError that names `what`, unless it is a Uint8Array; also when its length changes meanwhile
 * @throws MlsError `TOO_LARGE`
 */
export function takeBytes(what: string, value: unknown): Promise<NativeBytes> {
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a Uint8Array`)
  const bytes = fill(what, value, new native.Bytes(requireSize(value).length))
  bytes.catch(() => {})  // the caller awaits it, perhaps after something else failed
  return bytes
}

/** letGo frees what was taken, once it is there: V8 does not see that memory and will not hurry to collect it. */
export function letGo(...taken: readonly Promise<NativeBytes | NativeBulk | null>[]): void {
  for (const one of taken) one.then((bytes) => bytes?.clear(), () => {})
}

async function fill(what: string, source: Uint8Array, bytes: NativeBytes): Promise<NativeBytes> {
  const { length } = source
  const slices = new Slices()
  for (let at = 0; at < length; at += stride) {
    if (slices.full()) await slices.next()
    if (source.length !== length) throw new TypeError(`${what} must keep its length while it is copied`)
    bytes.add(source, at, Math.min(length, at + stride))
  }
  return bytes
}

/** TreePartsOptions: bytes per part, 4 KiB to 16 MiB; default 256 KiB. */
export interface TreePartsOptions {
  readonly partSize?: number
}

/** readTreePartsOptions reads the options of treeParts(). @throws TypeError @throws RangeError */
export const readTreePartsOptions = (value: unknown): number =>
  new Options('options', value, ['partSize']).integer('partSize', stride, 1 << 12, 1 << 24)

/** partsOf gives a byte string in parts of `size` bytes; it is fetched, whole, when the first is asked for. */
export async function* partsOf(fetch: () => Promise<NativeBytes>, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = await fetch()
  const slices = new Slices()
  for (let at = 0; at < bytes.size; at += size) {
    if (slices.full()) await slices.next()
    yield bytes.slice(at, Math.min(bytes.size, at + size))
  }
}
