// Options: how arguments are read. Each is read once, checked, and copied, before anything else happens; what is
// wrong is a TypeError or RangeError that names it.
import { types } from 'node:util'
import { copyOf, copyOfText } from './bytes'

/** attempt runs code of the caller (getters, proxies, iterators) and makes what it throws a TypeError. */
export function attempt<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new TypeError(`${what} cannot be read`, { cause })
  }
}

/** readInteger: a number from `min` to `max`. @throws TypeError @throws RangeError */
export function readInteger(what: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number`)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${what} must be an integer from ${min} to ${max}`)
  }
  return value
}

/** readU16: a type number or suite. */
export const readU16 = (what: string, value: unknown): number => readInteger(what, value, 0, 0xffff)
/** readSuite: one of the suites that a client has. */
export function readSuite(what: string, value: unknown, suites: readonly number[]): number {
  const suite = readU16(what, value)
  if (!suites.includes(suite)) throw new RangeError(`${what} must be a suite of this client: ${suites.join(', ')}`)
  return suite
}
/** readLeafIndex: a leaf index, below 2^30 in any tree. */
export const readLeafIndex = (what: string, value: unknown): number => readInteger(what, value, 0, 0x3fff_ffff)

/** readU64: a bigint, or a number that is an integer. */
export function readU64(what: string, value: unknown): bigint {
  if (typeof value === 'number') return BigInt(readInteger(what, value, 0, Number.MAX_SAFE_INTEGER))
  if (typeof value !== 'bigint') throw new TypeError(`${what} must be a bigint`)
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`${what} must be from 0 to 2^64-1`)
  return value
}

/** readList reads an array, element by element. */
export function readList<T>(what: string, value: unknown, read: (what: string, value: unknown) => T): T[] {
  if (!attempt(what, () => Array.isArray(value))) throw new TypeError(`${what} must be an array`)
  const list = value as readonly unknown[]
  const length = attempt(`${what}.length`, () => list.length)
  const all: T[] = []
  // No function for each element: messages come by the thousand.
  let i = 0
  const next = (): unknown => list[i]
  for (; i < length; i += 1) {
    const name = `${what}[${i}]`
    all.push(read(name, attempt(name, next)))
  }
  return all
}

/** Options reads the properties of one plain object. */
export class Options {
  readonly #what: string
  readonly #object: Readonly<Record<string, unknown>>

  /** Options of `value`, which may be undefined and has no property but `names`. @throws TypeError */
  constructor(what: string, value: unknown, names: readonly string[]) {
    this.#what = what
    if (value !== undefined && (typeof value !== 'object' || value === null || types.isTypedArray(value))) {
      throw new TypeError(`${what} must be an object`)
    }
    this.#object = (value ?? {}) as Readonly<Record<string, unknown>>
    for (const name of attempt(what, () => Object.keys(this.#object))) {
      if (!names.includes(name)) throw new TypeError(`${what}.${name} is not an option`)
    }
  }

  name(key: string): string {
    return `${this.#what}.${key}`
  }

  get(key: string): unknown {
    return attempt(this.name(key), () => this.#object[key])
  }

  /** read gives `fallback` for undefined, else what `reader` makes of the value. */
  read<T, F>(key: string, fallback: F, reader: (what: string, value: unknown) => T): T | F {
    const value = this.get(key)
    return value === undefined ? fallback : reader(this.name(key), value)
  }

  bytes<F>(key: string, fallback: F): Uint8Array | F {
    return this.read(key, fallback, copyOf)
  }

  text<F>(key: string, fallback: F): Uint8Array | F {
    return this.read(key, fallback, copyOfText)
  }

  integer<F>(key: string, fallback: F, min: number, max: number): number | F {
    return this.read(key, fallback, (what, value) => readInteger(what, value, min, max))
  }

  flag(key: string, fallback: boolean): boolean {
    return this.read(key, fallback, (what, value) => {
      if (typeof value !== 'boolean') throw new TypeError(`${what} must be true or false`)
      return value
    })
  }

  oneOf<T extends string>(key: string, fallback: T, values: readonly T[]): T {
    return this.read(key, fallback, (what, value) => {
      const found = values.find((one) => one === value)
      if (found === undefined) throw new RangeError(`${what} must be ${values.map((one) => `'${one}'`).join(' or ')}`)
      return found
    })
  }

  list<T>(key: string, read: (what: string, value: unknown) => T): T[] {
    return this.read(key, [], (what, value) => readList(what, value, read))
  }

  /** call reads a function; it is called without `this`. */
  call<T extends (...args: never[]) => unknown>(key: string): T | undefined {
    return this.read(key, undefined, (what, value) => {
      if (typeof value !== 'function') throw new TypeError(`${what} must be a function`)
      return value as T
    })
  }

  signal(key: string): AbortSignal | undefined {
    return this.read(key, undefined, (what, value) => {
      if (!(value instanceof AbortSignal)) throw new TypeError(`${what} must be an AbortSignal`)
      return value
    })
  }
}
