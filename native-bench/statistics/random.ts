/** A number from 0 (included) to 1 (excluded), as `Math.random` gives. */
export type Random = () => number;

/**
 * A small seeded generator: the same seed gives the same numbers on every machine. Period 2^32, good enough for
 * resampling, not for secrets. This is mulberry32 by Tommy Ettinger (2017, public domain).
 *
 * @param seed - an integer; its low 32 bits count.
 */
export function mulberry32(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
