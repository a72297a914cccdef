// Bulk inputs: very many byte strings, copied in slices so that no turn of the event loop lasts long.
import { types } from 'node:util'
import { cloneOf } from './bytes'
import type { NativeBulk } from './native'
import { attempt } from './options'
import { Slices, inSlices } from './turns'

/** Packed: byte strings in one buffer; string i is `bytes` from offsets[i] to offsets[i + 1]. */
export interface Packed {
  readonly bytes: Uint8Array
  /** One more than there are strings, ascending; the first is 0, the last the length of `bytes`. */
  readonly offsets: Uint32Array
}

/** ByteStrings: many byte strings, as a list, an iterable, or packed. */
export type ByteStrings = Iterable<Uint8Array> | Packed

/** Strings copied between two looks at the clock. */
const stride = 64

const isPacked = (value: object): value is Packed => 'bytes' in value && 'offsets' in value

function checkPacked(what: string, { bytes, offsets }: Packed): Packed {
  if (!types.isUint8Array(bytes)) throw new TypeError(`${what}.bytes must be a Uint8Array`)
  if (!types.isUint32Array(offsets)) throw new TypeError(`${what}.offsets must be a Uint32Array`)
  let last = 0
  for (const offset of offsets) {
    if (offset < last) throw new RangeError(`${what}.offsets must ascend`)
    last = offset
  }
  if (offsets.length === 0 || offsets[0] !== 0 || last !== bytes.length) {
    throw new RangeError(`${what}.offsets must go from 0 to the length of ${what}.bytes`)
  }
  return { bytes, offsets }
}

/**
 * fillBulk copies byte strings into `bulk`: the first slice before it returns, the others a turn each. Each string is
 * taken as it is when its slice is copied.
 * @throws TypeError that names the string which is not one; MlsError `ABORTED`
 */
export function fillBulk(what: string, source: unknown, bulk: NativeBulk, signal?: AbortSignal): Promise<NativeBulk> {
  if (typeof source !== 'object' || source === null || types.isUint8Array(source)) {
    throw new TypeError(`${what} must be an iterable of Uint8Arrays, or packed`)
  }
  if (attempt(what, () => isPacked(source))) {
    const packed = attempt(what, () => ({ ...(source as Packed) }))
    const checked = checkPacked(what, packed)
    return inSlices(checked.offsets.length - 1, (from, to) => bulk.addPacked(checked, from, to), signal).then(() => bulk)
  }
  const iterate = attempt(what, () => (source as Partial<Iterable<unknown>>)[Symbol.iterator]?.bind(source))
  if (!iterate) throw new TypeError(`${what} must be an iterable of Uint8Arrays, or packed`)
  return fillFrom(what, attempt(what, iterate), bulk, signal)
}

async function fillFrom(
  what: string, iterator: Iterator<unknown>, bulk: NativeBulk, signal: AbortSignal | undefined,
): Promise<NativeBulk> {
  let count = 0
  const slices = new Slices(signal)
  // False at the end.
  const addSlice = (): boolean => {
    const slice: Uint8Array[] = []
    let more = true
    while (more && slice.length < stride) {
      const { done, value } = attempt(`${what}[${count}]`, () => iterator.next())
      more = !done
      if (done) break
      if (!types.isUint8Array(value)) throw new TypeError(`${what}[${count}] must be a Uint8Array`)
      slice.push(value)
      count += 1
    }
    bulk.add(slice, 0, slice.length)
    return more
  }
  try {
    while (addSlice()) if (slices.full()) await slices.next()
  } catch (error) {
    try {
      iterator.return?.()
    } catch {
      // What went wrong first is what is told.
    }
    throw error
  }
  return bulk
}

/** unpack gives the strings one by one, each a copy of its own. */
export function* unpack({ bytes, offsets }: Packed): Generator<Uint8Array, void, undefined> {
  for (let i = 0; i + 1 < offsets.length; i += 1) yield cloneOf(bytes.subarray(offsets[i], offsets[i + 1]))
}
