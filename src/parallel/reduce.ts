/**
 * Many values into one.
 *
 * @module
 */

import { type Forker, forker, numberOf } from '../../workers/fork/forker.ts';
import { task } from '../../workers/task.ts';
import { expected } from '../errors.ts';
import {
  FOLD_LANES,
  FOLD_LANES_MAPPED,
  FOLD_LANES_RANGE,
  FOLD_LANES_RANGE_MAPPED,
  type FoldLanes,
  laneOf,
} from './lanes.ts';
import {
  type Callable,
  FOLD,
  FOLD_MAPPED,
  FOLD_RANGE,
  FOLD_RANGE_MAPPED,
  type Fold,
  loops,
} from './loops.ts';
import { checkBounds, checkOptions, isRange, type ParallelOptions, type Range } from './ranges.ts';
import { splitLazily, startOf } from './splitting.ts';
import { checkView, type Element, kindOf, type SharedView, type View } from './views.ts';

/** What an element of a shared array or of a range is. */
export type ItemOf<V extends View | Range> = V extends View ? Element<V> : number;

/** Options of `reduce`. */
export interface ReduceOptions<A extends readonly unknown[] = readonly unknown[]> extends ParallelOptions<A> {
  /**
   * Combine in a tree that depends on the number of elements (and `grain`) only: the same input gives the same bits
   * on any machine, whatever the number of workers. Default `false`: where it is combined depends on who had time.
   */
  readonly deterministic?: boolean;
}

/**
 * Combines all elements into one: `combine(identity, x0, x1, …)` in the order of their indices. `combine` must be
 * associative; it need not be commutative. Floating-point addition is not quite associative: see `deterministic`.
 *
 * With `map`, what `map(x, i, ...args)` returns is combined instead of the elements.
 *
 * @param over - a shared array, or a range, whose elements are its indices
 * @param combine - exported by the task module, or registered with `task(fn)`; as `map`
 * @param identity - the result when there are no elements; combined once, before the first
 * @throws InvalidArgumentError, `ERR_NO_CONTEXT`, what `combine` or `map` throws
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { range, reduce } from 'millrace/parallel';
 *
 * export const add = (a: number, b: number): number => a + b;
 * export const term = (i: number): number => (i % 2 === 0 ? 4 : -4) / (2 * i + 1);
 *
 * export const sum = (values: Float64Array): number => reduce(values, add, 0);
 * export const pi = (terms: number): number =>
 *   reduce(range(0, terms), add, 0, { map: term, deterministic: true });
 * ```
 */
export function reduce<V extends View | Range, T, A extends readonly unknown[] = []>(
  over: V,
  combine: (a: T, b: T) => T,
  identity: T,
  options: ReduceOptions<A> & { readonly map: (x: ItemOf<V>, i: number, ...args: A) => T },
): T;
export function reduce<V extends View | Range>(
  over: V,
  combine: (a: ItemOf<V>, b: ItemOf<V>) => ItemOf<V>,
  identity: ItemOf<V>,
  options?: ReduceOptions<[]>,
): ItemOf<V>;
export function reduce(
  over: View | Range,
  combine: (a: never, b: never) => unknown,
  identity: unknown,
  options?: ReduceOptions & { readonly map?: (x: never, i: number, ...args: never) => unknown },
): unknown {
  const { args, grain } = checkOptions(options, ['map', 'deterministic']);
  const deterministic = options?.deterministic ?? false;
  if (typeof deterministic !== 'boolean')
    throw expected('options.deterministic', 'true or false', deterministic);
  const view = isRange(over) ? null : over;
  if (isRange(over)) checkBounds(over.lo, over.hi);
  else checkView('over', over);
  const [lo, hi] = isRange(over) ? [over.lo, over.hi] : [0, over.length];
  const f = forker();
  const by = numberOf(f, 'combine', combine);
  const mapped = options?.map === undefined ? NOT_MAPPED : numberOf(f, 'options.map', options.map);
  if (hi <= lo) return identity;
  const total = deterministic
    ? foldTree(by, mapped, lo, hi, grain === 0 ? leafOf(hi - lo) : grain, view as SharedView | null, ...args)
    : foldLazily(by, mapped, lo, hi, grain, startOf(grain).chunk, view as SharedView | null, ...args);
  return (combine as Callable)(identity, total);
}

const NOT_MAPPED = -1;

/** Indices in a leaf of a fixed tree: a thousand leaves are enough for all workers, a thousand indices for a leaf. */
function leafOf(length: number): number {
  return Math.min(1024, Math.ceil(length / 1024));
}

const foldLazily = task(function foldLazily(
  by: number,
  mapped: number,
  lo: number,
  hi: number,
  grain: number,
  chunk: number,
  view: SharedView | null,
  ...args: readonly unknown[]
): unknown {
  const f = forker();
  const fold = folding(f, by, mapped, view, args);
  // Starts with the first element, not with the identity: so that it is combined once, whatever the splits.
  let acc = fold.first(lo);
  const forked = splitLazily(
    f,
    lo + 1,
    hi,
    { grain, chunk },
    {
      here: (from, to) => {
        acc = fold.more(acc, from, to);
      },
      fork: (from, to, length) => f.fork(foldLazily, by, mapped, from, to, grain, length, view, ...args),
    },
  );
  const combine = f.functionAt(by) as Callable;
  for (let k = forked.length - 1; k >= 0; k--) acc = combine(acc, f.join(forked[k]!));
  return acc;
});

/** Halves down to leaves, always at the same places; a half is forked where a thief would find nothing. */
const foldTree = task(function foldTree(
  by: number,
  mapped: number,
  lo: number,
  hi: number,
  leaf: number,
  view: SharedView | null,
  ...args: readonly unknown[]
): unknown {
  const f = forker();
  const fold = folding(f, by, mapped, view, args);
  const combine = f.functionAt(by) as Callable;
  const node = (lo: number, hi: number): unknown => {
    f.stopIfAsked();
    if (hi - lo <= leaf) return fold.more(fold.first(lo), lo + 1, hi);
    const middle = lo + Math.ceil((hi - lo) / 2);
    if (f.workers === 1 || !f.hungry()) return combine(node(lo, middle), node(middle, hi));
    const right = f.fork(foldTree, by, mapped, middle, hi, leaf, view, ...args);
    return combine(node(lo, middle), f.join(right));
  };
  return node(lo, hi);
});

interface Folding {
  first(i: number): unknown;
  more(acc: unknown, lo: number, hi: number): unknown;
}

function folding(
  f: Forker,
  by: number,
  mapped: number,
  view: SharedView | null,
  args: readonly unknown[],
): Folding {
  const items = view as unknown as readonly unknown[];
  const combine = f.functionAt(by);
  const about = view === null ? '' : kindOf(view);
  if (mapped === NOT_MAPPED) {
    const loop: Fold = loops.of(view === null ? FOLD_RANGE : FOLD, about, 0, combine);
    const lanes: FoldLanes = loops.of(view === null ? FOLD_LANES_RANGE : FOLD_LANES, about, 0, combine);
    return {
      first: (i) => (view === null ? i : items[i]),
      more: (acc, lo, hi) => {
        const lane = laneOf(hi - lo);
        return lane === 0 ? loop(acc, lo, hi, items) : lanes(acc, lane, lo, hi, items);
      },
    };
  }
  const map = f.functionAt(mapped) as Callable;
  const extra = args.length;
  const loop: Fold = loops.of(view === null ? FOLD_RANGE_MAPPED : FOLD_MAPPED, about, extra, combine, map);
  const template = view === null ? FOLD_LANES_RANGE_MAPPED : FOLD_LANES_MAPPED;
  const lanes: FoldLanes = loops.of(template, about, extra, combine, map);
  return {
    first: (i) => map(view === null ? i : items[i], i, ...args),
    more: (acc, lo, hi) => {
      const lane = laneOf(hi - lo);
      return lane === 0 ? loop(acc, lo, hi, items, ...args) : lanes(acc, lane, lo, hi, items, ...args);
    },
  };
}
