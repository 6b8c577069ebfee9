/**
 * Ranges of integers, and the options that all algorithms share.
 *
 * @module
 */
import { checkKeys, expected } from '../errors.ts';

/** The integers from `lo` up to, not including, `hi`. Made by {@link range}. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

/** What every algorithm takes. */
export interface ParallelOptions<A extends readonly unknown[] = readonly unknown[]> {
  /**
   * Handed to the function after its own parameters. Numbers cost nothing, shared arrays go by reference, anything
   * else is copied whenever work is handed to another thread.
   */
  readonly args?: A;
  /**
   * Indices that are run without asking whether another thread has nothing to do; at least 1. Default: as many as
   * take some 15 µs, found out while running. Set it only to make runs repeatable.
   */
  readonly grain?: number;
}

/** Options may be left out when the function needs no further arguments. */
export type OptionsFor<A extends readonly unknown[], O> = [] extends A
  ? [options?: O & { readonly args?: A }]
  : [options: O & { readonly args: A }];

/**
 * The integers from `lo` up to, not including, `hi`; none when `hi` is not above `lo`.
 *
 * @throws InvalidArgumentError unless both are safe integers
 * @example
 * ```ts
 * import { range } from 'millrace/parallel';
 *
 * console.log(range(0, 10)); // { lo: 0, hi: 10 }
 * ```
 */
export function range(lo: number, hi: number): Range {
  checkBounds(lo, hi);
  return { lo, hi };
}

/** @throws InvalidArgumentError */
export function checkBounds(lo: unknown, hi: unknown): void {
  if (!Number.isSafeInteger(lo)) throw expected('lo', 'a safe integer', lo);
  if (!Number.isSafeInteger(hi)) throw expected('hi', 'a safe integer', hi);
}

export function isRange(value: unknown): value is Range {
  return typeof value === 'object' && value !== null && 'lo' in value && 'hi' in value;
}

/** The options every algorithm shares, checked. */
export interface Checked {
  readonly args: readonly unknown[];
  /** 0: to be found out. */
  readonly grain: number;
}

/** @throws InvalidArgumentError */
export function checkOptions(options: ParallelOptions | undefined, more: readonly string[] = []): Checked {
  if (options === undefined) return { args: [], grain: 0 };
  checkKeys('options', options, ['args', 'grain', ...more]);
  const { args = [], grain } = options;
  if (!Array.isArray(args)) throw expected('options.args', 'an array', args);
  if (grain !== undefined && !(Number.isSafeInteger(grain) && grain >= 1)) {
    throw expected('options.grain', 'an integer of at least 1', grain);
  }
  return { args, grain: grain ?? 0 };
}
