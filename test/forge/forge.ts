// Spoilt inputs: genuine bytes of every kind, changed at random.

/** Seeded numbers: SplitMix32, so that a run can be repeated. */
export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  /** An integer in [0, bound). */
  below(bound: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) % bound
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

export const spoilings = ['bit flip', 'byte', 'truncation', 'longer', 'splice', 'field swap', 'doubled', 'noise'] as const
export type Spoiling = (typeof spoilings)[number]

/** Values that lengths, types and counters turn on. */
const edges = [0x00, 0x01, 0x02, 0x03, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff]

/** spoil changes a copy of `genuine`; `other` is another genuine message. The result may by chance be genuine again. */
export function spoil(dice: Dice, kind: Spoiling, genuine: Uint8Array, other: Uint8Array): Uint8Array {
  const size = genuine.length
  const copy = Uint8Array.from(genuine)
  switch (kind) {
    case 'bit flip':
      for (let flips = 1 + dice.below(3); flips > 0; flips -= 1) copy[dice.below(size)]! ^= 1 << dice.below(8)
      return copy
    case 'byte':
      copy[dice.below(size)] = dice.of(edges)
      return copy
    case 'truncation':
      return copy.subarray(0, dice.below(size))
    case 'longer':
      return Uint8Array.from([...copy, ...Array.from({ length: 1 + dice.below(40) }, () => dice.below(256))])
    case 'splice': {
      const head = dice.below(size)
      return Uint8Array.from([...copy.subarray(0, head), ...other.subarray(dice.below(other.length))])
    }
    case 'field swap': {
      // As many bytes as a key, tag or hash has, taken from elsewhere, often from the same place of the other message.
      const length = Math.min(dice.of([1, 2, 4, 8, 16, 32, 48, 64]), size, other.length)
      const at = dice.below(size - length + 1)
      const from = dice.below(2) === 0 ? Math.min(at, other.length - length) : dice.below(other.length - length + 1)
      copy.set(other.subarray(from, from + length), at)
      return copy
    }
    case 'doubled': {
      const at = dice.below(size)
      const length = 1 + dice.below(Math.min(64, size - at))
      return Uint8Array.from([...copy.subarray(0, at + length), ...copy.subarray(at)])
    }
    case 'noise': {
      const noise = Uint8Array.from({ length: dice.below(400) }, () => dice.below(256))
      noise.set(copy.subarray(0, Math.min(4, noise.length)))  // version and wire format
      return noise
    }
  }
}
