// How often: little in CI, and as often as it takes to trust it with NODE_MLS_FULL=1 (npm run test:faults -- --full).

export const full = process.env['NODE_MLS_FULL'] === '1'

/** times is `few`, or `many` in a full run. */
export const times = (few: number, many: number): number => (full ? many : few)

/** seeded gives the same numbers from 0 to 1 each time; NODE_MLS_SEED gives others. */
export function seeded(seed = Number(process.env['NODE_MLS_SEED'] ?? 1)): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** patience is how many milliseconds a test may take: in a full run two hours, since it may share its machine. */
export const patience = (milliseconds: number): number => times(milliseconds, 7_200_000)
