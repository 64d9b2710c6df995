/** Chance that can be had again: the same seed gives the same draws. */

export interface Chance {
  /** 0 ≤ x < 1. */
  next(): number;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  /** True in this share of cases. */
  is(share: number): boolean;
  of<T>(values: readonly [T, ...T[]]): T;
}

/** Mulberry32: 32 bits of state, good enough to mix schedules and small enough to be read. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    is: (share) => next() < share,
    of: (values) => values[between(0, values.length - 1)] ?? values[0],
  };
}

/**
 * Seeds 1 to `count`, or the one in STORMTAIL_SEED: a failure prints its seed, and with it alone the schedule is run
 * again. What the operating system does in between is its own, so a rare failure may need several runs.
 */
export function seeds(count: number): readonly number[] {
  const wanted = process.env.STORMTAIL_SEED;
  return wanted ? [Number(wanted)] : Array.from({ length: count }, (_, at) => at + 1);
}
