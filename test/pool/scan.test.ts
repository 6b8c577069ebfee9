// Threads that overtake each other while they scan one array.
import { on, parallelTasks, sharedArray } from 'millrace/parallel';
import { describe, expect, it } from 'vitest';
import { startPool } from './pools.ts';

const COUNT = 30_000;
const P = 97;

describe.each([2, 3, 8])('a scan by %i workers', (workers) => {
  it('combines every element once, in order, however short the runs are', async () => {
    const pool = await startPool({
      tasks: [new URL('./fixtures/elements.mjs', import.meta.url), parallelTasks],
      workers,
    });
    // None is a constant map, after which no error would be seen.
    const plain = Array.from({ length: COUNT }, (_, i) => P + ((i * 7919) % (P * (P - 1))));
    const view = sharedArray.from(Float64Array, plain);
    // `x` stands for the map of t to a t + b, with a = floor(x / P) and b = x % P.
    let [a, b] = [1, 0];
    const wanted = Float64Array.from(plain, (x) => {
      b = (Math.floor(x / P) * b + (x % P)) % P;
      a = (Math.floor(x / P) * a) % P;
      return a * P + b;
    });
    for (let round = 0; round < 60; round++) {
      const grain = [1, 2, 3, 7, 50][round % 5]!;
      const out = await on(pool).scan(view, 'compose', P, { grain });
      const wrong = out.findIndex((x, i) => x !== wanted[i]);
      expect(wrong, `round ${round}, blocks of ${grain}`).toBe(-1);
    }
  });
});
