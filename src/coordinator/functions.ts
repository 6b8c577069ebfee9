/**
 * The functions a pool can run, by name.
 *
 * @module
 */
import type { FunctionEntry } from '../../workers/start.ts';
import { MillraceError } from '../errors.ts';

/** One callable function: its number in every worker, and what `task(fn, options)` said of it. */
export interface PoolFunction {
  readonly name: string;
  readonly number: number;
  readonly options: FunctionEntry['options'];
  /** True when `options` holds nothing, which is what the fast path asks. */
  readonly plain: boolean;
}

/** Function 0 in every worker: runs source text. */
export const SOURCE: PoolFunction = { name: 'exec', number: 0, options: {}, plain: true };

export class FunctionTable {
  #registered: readonly string[] = [];
  #byName: ReadonlyMap<string, PoolFunction> | undefined;

  /** The first worker's report makes the table; each later one must say the same. */
  accept(report: readonly FunctionEntry[], registered: readonly string[] = []): void {
    if (this.#byName === undefined) {
      this.#registered = registered;
      this.#byName = new Map(
        report.map(({ name, options }, i) => [
          name,
          { name, number: i + 1, options, plain: Object.keys(options).length === 0 },
        ]),
      );
      return;
    }
    const same =
      report.length === this.#byName.size &&
      report.every(({ name }, i) => this.#byName?.get(name)?.number === i + 1);
    if (!same) {
      throw new MillraceError(
        'ERR_MODULE_LOAD',
        'The task modules exported other functions in one worker than in another. Exports must not depend on the thread that loads them.',
      );
    }
    // Children name them by number: another order would run another function.
    if (registered.join() !== this.#registered.join()) {
      throw new MillraceError(
        'ERR_MODULE_LOAD',
        'The task modules called `task` with other functions, or in another order, in one worker than in another. Call it at module level, and not depending on the thread.',
      );
    }
  }

  /** Labels of what the task modules have called `task` with, as every worker says. */
  get registered(): readonly string[] {
    return this.#registered;
  }

  get names(): readonly string[] {
    return [...(this.#byName?.keys() ?? [])];
  }

  get(name: string): PoolFunction | undefined {
    return this.#byName?.get(name);
  }

  /** The error for a name that is not there, with the names that come nearest. */
  unknown(name: unknown): MillraceError {
    const asked = String(name);
    const near = this.names
      .map((candidate) => ({
        candidate,
        distance: editDistance(asked.toLowerCase(), candidate.toLowerCase()),
      }))
      .filter(({ candidate, distance }) => distance <= Math.max(2, candidate.length / 3))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, 3)
      .map(({ candidate }) => `\`${candidate}\``);
    const hint =
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : this.names.length === 0
          ? 'The pool has no task module; give `tasks` to createPool, or use `exec`.'
          : `It exports ${this.names
              .slice(0, 8)
              .map((n) => `\`${n}\``)
              .join(', ')}${this.names.length > 8 ? ', …' : ''}.`;
    return new MillraceError(
      'ERR_UNKNOWN_FUNCTION',
      `No task module exports a function \`${asked.slice(0, 80)}\`. ${hint}`,
    );
  }
}

/** Levenshtein distance, two rows. */
function editDistance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
