// Hostile values for the arguments of the JavaScript API, and numbers from a seed to choose them by.
'use strict'

/** Seeded numbers: SplitMix32, so that a world can be repeated. */
class Dice {
  #state
  constructor(seed) {
    this.#state = seed >>> 0
  }
  /** An integer in [0, bound). */
  below(bound) {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) % bound
  }
  of(list) {
    return list[this.below(list.length)]
  }
}

const cause = new Error('thrown by a hostile value')
const raise = () => { throw cause }

const throwsAtEverything = () => new Proxy({}, {
  get: raise, has: raise, ownKeys: raise, getOwnPropertyDescriptor: raise, getPrototypeOf: raise, set: raise, defineProperty: raise,
})

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable(new Uint8Array(4), {})
  revoke()
  return proxy
}

const detached = () => {
  const bytes = new Uint8Array(16)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  return bytes
}

/** A view that lies beyond its buffer, which shrank. */
const outOfBounds = () => {
  const buffer = new ArrayBuffer(32, { maxByteLength: 64 })
  const bytes = new Uint8Array(buffer, 16, 16)
  buffer.resize(8)
  return bytes
}

const lying = () => {
  class Longer extends Uint8Array {
    get length() { return 2 ** 31 }
    get byteLength() { return 2 ** 31 }
  }
  return new Longer(8)
}

const halfway = function* (items) {
  yield* items
  throw cause
}

/** What stands where bytes are expected. */
const bytes = [
  () => new Uint8Array(), () => new Uint8Array(1), (dice) => Uint8Array.from({ length: dice.below(300) }, () => dice.below(256)),
  () => new Uint8Array(1 << 20), () => Buffer.from('bytes'), () => new Uint8Array(new SharedArrayBuffer(16)),
  () => new Uint8Array(new ArrayBuffer(16, { maxByteLength: 64 })), detached, outOfBounds, lying, revoked,
  () => new ArrayBuffer(8), () => new SharedArrayBuffer(8), () => new DataView(new ArrayBuffer(8)), () => new Float64Array(4),
  () => new Uint16Array(3), () => new Proxy(new Uint8Array(4), {}), () => ({ length: 4, 0: 1, 1: 2, 2: 3, 3: 4 }),
  () => Object.setPrototypeOf(new Uint8Array(4), null), () => Object.create(Uint8Array.prototype), () => [1, 2, 3], () => 'text',
]

/** Anything else. */
const others = [
  () => undefined, () => null, () => true, () => 0, () => -1, () => -0, () => 1.5, () => NaN, () => Infinity, () => 2 ** 31,
  () => 2 ** 32, () => 2 ** 53, () => 0n, () => -1n, () => 2n ** 64n, () => 2n ** 200n, () => '', () => 'x', () => '\ud800',
  () => 'x'.repeat(1 << 16), () => '__proto__', () => Symbol('s'), () => Symbol.iterator, () => raise, () => () => undefined,
  () => async () => raise(), () => new Date(NaN), () => /x/, () => new Map([[1, 2]]), () => new Set([1]), () => Object.create(null),
  throwsAtEverything, () => ({ length: 2 ** 32 }), () => ({ then: raise }), () => Promise.resolve(1), () => new Array(1000),
  () => halfway([]), () => halfway([new Uint8Array(3)]), () => ({ [Symbol.iterator]: raise }), () => ({ [Symbol.iterator]: () => null }),
  () => ({ [Symbol.asyncIterator]: raise }), () => ({ valueOf: raise, toString: raise }), () => ({ [Symbol.toPrimitive]: raise }),
  () => AbortSignal.abort(), () => ({ aborted: true }), () => new Error('x'), () => globalThis, () => process,
]

/** hostile gives a value of any kind. */
const hostile = (dice) => dice.of(dice.below(2) === 0 ? bytes : others)(dice)

module.exports = { Dice, cause, hostile }
