/**
 * Many trivial tasks submitted at once: the same program for every contender.
 *
 * @module
 */

import type { RunningPool } from '../contenders/contender.ts';

const CHECKED_SINGLY = 16;
const MIX = 0x9e3779b1;

/**
 * Submits `count` tasks `add(i, 1)` in one synchronous loop and resolves when the last has settled; a counter does
 * the waiting, so no array of promises is kept. Every result enters a sum and a mixed checksum, and one in 16 is also
 * compared with its own expected value. Resolves to the milliseconds from the first submission to the last settlement;
 * rejects on the first wrong or failed task.
 */
export function flood(pool: RunningPool, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    let left = count;
    let sum = 0;
    let mix = 0;
    const settle = (value: unknown): void => {
      sum += value as number;
      mix ^= Math.imul(value as number, MIX);
      if (--left === 0) conclude();
    };
    const conclude = (): void => {
      const elapsed = performance.now() - from;
      const wanted = checksums(count);
      if (sum === wanted.sum && mix === wanted.mix) resolve(elapsed);
      else reject(new Error(`Wrong results: the sum of ${count} answers is ${sum}, not ${wanted.sum}`));
    };
    for (let i = 0; i < count; i++) {
      const answer = pool.run('add', [i, 1]);
      if (i % CHECKED_SINGLY === 0) {
        answer.then((value) => {
          if (value === i + 1) settle(value);
          else reject(new Error(`Wrong result: add(${i}, 1) gave ${String(value)}`));
        }, reject);
      } else {
        answer.then(settle, reject);
      }
    }
  });
}

function checksums(count: number): { readonly sum: number; readonly mix: number } {
  let mix = 0;
  for (let i = 1; i <= count; i++) mix ^= Math.imul(i, MIX);
  return { sum: (count * (count + 1)) / 2, mix };
}
