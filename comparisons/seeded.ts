/** Chance for made-up inputs: the same numbers from the same seed, on every machine. */

/** Whole numbers below a bound. */
export type Below = (bound: number) => number;

/** Mulberry32. */
export function seeded(seed: number): Below {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) % bound;
  };
}
