/**
 * Who goes when in a round: drawn at random, and balanced over rounds.
 *
 * @module
 */

import type { Random } from './statistics/random.ts';

/**
 * The orders of so many rounds. The order of a single round is drawn from all that there are, so that nobody has a place
 * by being named first. Over as many rounds as there are `items` everybody has each place once; and where their number is
 * even, everybody follows everybody else once, so that nobody always runs on a machine that the same other left behind
 * (Williams, "Experimental designs balanced for the estimation of residual effects of treatments", 1949). After those
 * rounds the next square is drawn.
 */
export function drawnOrders<T>(items: readonly T[], rounds: number, random: Random): T[][] {
  const orders: T[][] = [];
  const places = zigzag(items.length);
  let drawn: T[] = [];
  for (let round = 0; round < rounds; round++) {
    const row = items.length === 0 ? 0 : round % items.length;
    if (row === 0) drawn = shuffled(items, random);
    orders.push(places.map((place) => drawn[(place + row) % items.length]!));
  }
  return orders;
}

/** 0, 1, n-1, 2, n-2, …: the differences of neighbours are all different modulo n, where n is even. */
function zigzag(count: number): number[] {
  return Array.from({ length: count }, (_, at) => {
    if (at === 0) return 0;
    return at % 2 === 1 ? (at + 1) / 2 : count - at / 2;
  });
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const drawn = [...items];
  for (let last = drawn.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [drawn[last], drawn[other]] = [drawn[other]!, drawn[last]!];
  }
  return drawn;
}
