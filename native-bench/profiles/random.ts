/**
 * Numbers that are the same in every run with the same seed.
 *
 * @module
 */

/** From 0 (included) to 1 (excluded). */
export type Random = () => number;

/** Mulberry32: 2^32 numbers before it repeats, good enough to choose tasks with. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of `items`, each as likely as its weight says. */
export function chosen<T extends { readonly weight: number }>(items: readonly T[], random: Random): T {
  let left = random() * items.reduce((sum, { weight }) => sum + weight, 0);
  return items.find(({ weight }) => (left -= weight) < 0) ?? items.at(-1)!;
}
