/**
 * Tasks of equal, fixed work submitted at once.
 *
 * @module
 */
import type { RunningPool } from '../contenders/contender.ts';

/**
 * Submits `count` tasks `crunch(rounds)` in one synchronous loop and resolves, to the milliseconds since the first
 * submission, when the last has settled; a counter does the waiting. Rejects on the first result that is not `wanted`.
 *
 * @param answered - told of each answer, after how many ms it came; the clock is read for that only where it is given
 */
export function batch(
  pool: RunningPool,
  count: number,
  rounds: number,
  wanted: number,
  answered?: (ms: number) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    let left = count;
    const settle = (value: unknown): void => {
      answered?.(performance.now() - from);
      if (value !== wanted) {
        reject(new Error(`Wrong result: crunch(${rounds}) gave ${String(value)}, not ${wanted}`));
      } else if (--left === 0) {
        resolve(performance.now() - from);
      }
    };
    for (let i = 0; i < count; i++) pool.run('crunch', [rounds]).then(settle, reject);
  });
}

export interface BatchLimits {
  /** How long a batch should take, ms. */
  readonly wallMs: number;
  /** The count is a multiple of it, so that every worker may have equally many. */
  readonly multipleOf: number;
  readonly least: number;
  readonly most: number;
}

/** A batch is never made more than so many times larger at once: what is quadratic in its size must show in time. */
const GROWTH = 8;
/** The last size tried is not further from the one wanted: what a few tasks take says little about many. */
const NEAR = 2;
/** How often the last size is tried, the quickest counting: one disturbed try would make the batch far too small. */
const TRIES = 3;

/**
 * How many tasks fill `wallMs`: asks for the times of growing batches until one nearly does. Batches of a few tasks say
 * little, since waking the workers is most of them.
 */
export async function batchSize(
  { wallMs, multipleOf, least, most }: BatchLimits,
  time: (count: number) => Promise<number>,
): Promise<number> {
  const within = (count: number): number =>
    Math.ceil(Math.min(most, Math.max(least, count)) / multipleOf) * multipleOf;
  let count = within(least);
  for (;;) {
    let elapsed = await time(count);
    for (let tried = 1; tried < TRIES && elapsed * NEAR >= wallMs; tried++) {
      elapsed = Math.min(elapsed, await time(count));
    }
    const next = within(count * Math.min(GROWTH, wallMs / Math.max(elapsed, Number.MIN_VALUE)));
    if (next <= count * NEAR) return next;
    count = next;
  }
}
