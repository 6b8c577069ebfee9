/**
 * In which order the four priority levels are served: weighted round robin, with ageing.
 *
 * Each level has a weight; a table of `length` starting levels is filled so that each level starts in proportion to
 * its weight, spread as evenly as possible (smooth weighted round robin, as nginx does it). A worker tries the level
 * the table names, then the rest from the most urgent on, so a share that is not needed goes to the others.
 * Ageing: a level whose oldest task has waited `age` ms counts `1 + age / ageMs` times its weight, so that what
 * waits long is served more often, whatever is submitted above it. Critical tasks come before every pick but each 16th,
 * which is the table's (`src/memory/pick`): urgent, and yet no stream of them starves the rest.
 *
 * Pure: the ages come in, the table goes out.
 *
 * @module
 */
import type { Priority } from './priority.ts';

/** Shares of picks by level, most urgent first; `critical` is looked at before most picks anyway. */
export const WEIGHTS: readonly [number, number, number, number] = [27, 9, 3, 1];

/** Waiting this long doubles a level's weight, ms. */
export const AGE_MS = 1000;

/** The position of each priority, 0 the most urgent. */
export const LEVEL: Readonly<Record<Priority, number>> = { critical: 0, high: 1, normal: 2, low: 3 };

export interface LevelPolicy {
  readonly weights: readonly number[];
  readonly ageMs: number;
}

/**
 * The table of starting levels.
 *
 * @param ages - for each level, how long its oldest waiting task has waited, ms; 0 when none waits
 * @param length - entries of the table
 */
export function levelSchedule(
  ages: readonly number[],
  length: number,
  policy: LevelPolicy = { weights: WEIGHTS, ageMs: AGE_MS },
): Uint8Array {
  const weights = policy.weights.map(
    (weight, level) => weight * (1 + Math.max(0, ages[level] ?? 0) / policy.ageMs),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const credit = weights.map(() => 0);
  const table = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    let best = 0;
    for (let level = 0; level < weights.length; level++) {
      credit[level]! += weights[level]!;
      if (credit[level]! > credit[best]!) best = level;
    }
    credit[best]! -= total;
    table[i] = best;
  }
  // Ageing may not push a level out altogether: each has at least one start in a round of the table.
  for (let level = 0; level < weights.length; level++) {
    if (!table.includes(level)) table[(length - 1 - level * 7 + length) % length] = level;
  }
  return table;
}
