/**
 * A function applied to each element.
 *
 * @module
 */

import { type AnyFunction, forker, numberOf } from '../../workers/fork/forker.ts';
import { task } from '../../workers/task.ts';
import { expected } from '../errors.ts';
import { EACH, loops, MAP, MAP_RANGE } from './loops.ts';
import {
  checkBounds,
  checkOptions,
  isRange,
  type OptionsFor,
  type ParallelOptions,
  type Range,
} from './ranges.ts';
import { joinAll, splitLazily, startOf } from './splitting.ts';
import {
  checkOut,
  checkView,
  create,
  type Element,
  kindOf,
  type Shared,
  type SharedView,
  type View,
} from './views.ts';

/** What `map` takes beside the common options. */
export interface MapViewOptions<A extends readonly unknown[], O extends View> extends ParallelOptions<A> {
  /**
   * Where results go, from its first element on: at least as long as the input. It may be the input itself. Default: a
   * new shared array of the input's kind; a range needs it.
   */
  readonly out?: O;
}

/**
 * Calls `fn(x, i, ...args)` for each element of a shared array and keeps what it returns, as an assignment to an
 * element of `out` does.
 *
 * @param over - a shared array, or a range, whose elements are its indices: `out[0]` belongs to its first
 * @param fn - exported by the task module, or registered with `task(fn)`
 * @returns `out`
 * @throws InvalidArgumentError, `ERR_NO_CONTEXT`, what `fn` throws
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { map } from 'millrace/parallel';
 *
 * export const fahrenheit = (celsius: number): number => celsius * 1.8 + 32;
 * export const convert = (celsius: Float64Array): Float64Array => map(celsius, fahrenheit);
 * ```
 */
export function map<V extends View, A extends readonly unknown[]>(
  over: V,
  fn: (x: Element<V>, i: number, ...args: A) => Element<V>,
  ...[options]: OptionsFor<A, ParallelOptions<A> & { readonly out?: undefined }>
): Shared<V>;
export function map<V extends View | Range, O extends View, A extends readonly unknown[]>(
  over: V,
  fn: (x: V extends View ? Element<V> : number, i: number, ...args: A) => Element<O>,
  options: MapViewOptions<A, O> & { readonly out: O },
): O;
export function map(
  over: View | Range,
  fn: (...args: never[]) => unknown,
  options?: ParallelOptions & { readonly out?: View | undefined },
): unknown {
  const { args, grain } = checkOptions(options, ['out']);
  const f = forker();
  const body = numberOf(f, 'fn', fn);
  const { chunk } = startOf(grain);
  if (isRange(over)) {
    checkBounds(over.lo, over.hi);
    const out = options?.out;
    checkView('options.out', out);
    const length = Math.max(0, over.hi - over.lo);
    if (out.length < length) throw expected('options.out.length', `at least ${length}`, out.length);
    mapItems(body, over.lo, over.hi, grain, chunk, over.lo, out, ...args);
    return out;
  }
  checkView('over', over);
  const out = options?.out ?? create(kindOf(over), over.length);
  checkOut(over, out);
  mapItems(body, 0, over.length, grain, chunk, over, out, ...args);
  return out;
}

/**
 * Calls `fn(x, i, ...args)` for each element of a shared array, in any order and at the same time.
 *
 * @throws as {@link map}
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { forEach } from 'millrace/parallel';
 *
 * export const tally = (byte: number, _i: number, counts: Int32Array): number => Atomics.add(counts, byte, 1);
 * export const histogram = (bytes: Uint8Array, counts: Int32Array): void =>
 *   forEach(bytes, tally, { args: [counts] });
 * ```
 */
export function forEach<V extends View, A extends readonly unknown[]>(
  view: V,
  fn: (x: Element<V>, i: number, ...args: A) => unknown,
  ...[options]: OptionsFor<A, ParallelOptions<A>>
): void {
  checkView('view', view);
  const { args, grain } = checkOptions(options);
  const f = forker();
  eachElement(numberOf(f, 'fn', fn), 0, view.length, grain, startOf(grain).chunk, view, ...args);
}

/** `source`: a shared array, or the first index of a range; its first element or index belongs to `out[0]`. */
const mapItems = task(function mapItems(
  body: number,
  lo: number,
  hi: number,
  grain: number,
  chunk: number,
  source: SharedView | number,
  out: SharedView,
  ...args: readonly unknown[]
): void {
  const f = forker();
  const forked = splitLazily(
    f,
    lo,
    hi,
    { grain, chunk },
    {
      here: mapping(f.functionAt(body), source, out, args),
      fork: (from, to, length) => f.fork(mapItems, body, from, to, grain, length, source, out, ...args),
    },
  );
  joinAll(f, forked);
});

function mapping(
  body: AnyFunction,
  source: SharedView | number,
  out: SharedView,
  args: readonly unknown[],
): (lo: number, hi: number) => void {
  if (typeof source === 'number') {
    const loop = loops.of(MAP_RANGE, kindOf(out), args.length, body);
    return (lo, hi) => loop(lo, hi, source, out, ...args);
  }
  const loop = loops.of(MAP, `${kindOf(source)} ${kindOf(out)}`, args.length, body);
  return (lo, hi) => loop(lo, hi, source, out, ...args);
}

const eachElement = task(function eachElement(
  body: number,
  lo: number,
  hi: number,
  grain: number,
  chunk: number,
  view: SharedView,
  ...args: readonly unknown[]
): void {
  const f = forker();
  const loop = loops.of(EACH, kindOf(view), args.length, f.functionAt(body));
  const forked = splitLazily(
    f,
    lo,
    hi,
    { grain, chunk },
    {
      here: (from, to) => loop(from, to, view, ...args),
      fork: (from, to, length) => f.fork(eachElement, body, from, to, grain, length, view, ...args),
    },
  );
  joinAll(f, forked);
});
