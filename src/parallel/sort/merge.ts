/**
 * Sorting by a comparison: merge sort, its merges split along merge paths (Odeh, Green, Mwassi, Shmueli, Birk: Merge
 * Path, 2012). Stable.
 *
 * @module
 */

import { type Forker, forker } from '../../../workers/fork/forker.ts';
import { task } from '../../../workers/task.ts';
import { type Callable, loops, MERGE } from '../loops.ts';
import { joinAll, splitLazily } from '../splitting.ts';
import { create, kindOf, type SharedView } from '../views.ts';

/** Elements that `TypedArray.prototype.sort` sorts at once. */
const LEAF = 4096;

/** Sorts by the registered function of number `by`. */
export function sortByComparison(view: SharedView, by: number, args: readonly unknown[]): void {
  // Arrays that are one leaf are never merged.
  const other = view.length <= LEAF ? view : create(kindOf(view), view.length);
  sortRun(by, view, other, 0, view.length, 0, ...args);
}

/** Sorts elements of `view` in place, or into the same places of `other`; both are written over. */
const sortRun = task(function sortRun(
  by: number,
  view: SharedView,
  other: SharedView,
  lo: number,
  hi: number,
  into: 0 | 1,
  ...args: readonly unknown[]
): void {
  const f = forker();
  const compare = f.functionAt(by) as Callable;
  const inOrder = args.length === 0 ? compare : (a: unknown, b: unknown) => compare(a, b, ...args);
  const node = (lo: number, hi: number, into: 0 | 1): void => {
    f.stopIfAsked();
    if (hi - lo <= LEAF) {
      const run = view.subarray(lo, hi) as unknown as Uint8Array;
      run.sort(inOrder as (a: number, b: number) => number);
      if (into === 1) (other as Uint8Array).set(run, lo);
      return;
    }
    const middle = lo + Math.ceil((hi - lo) / 2);
    const elsewhere = into === 0 ? 1 : 0;
    if (f.workers > 1 && f.hungry()) {
      const right = f.fork(sortRun, by, view, other, middle, hi, elsewhere, ...args);
      node(lo, middle, elsewhere);
      f.join(right);
    } else {
      node(lo, middle, elsewhere);
      node(middle, hi, elsewhere);
    }
    const [from, to] = into === 0 ? [other, view] : [view, other];
    mergeRuns(by, from, to, lo, middle, middle, hi, lo, 1024, ...args);
  };
  node(lo, hi, into);
});

/** Merges elements `i` to `iEnd` and `j` to `jEnd` of one array into another, from `at` on. */
const mergeRuns = task(function mergeRuns(
  by: number,
  from: SharedView,
  to: SharedView,
  i: number,
  iEnd: number,
  j: number,
  jEnd: number,
  at: number,
  chunk: number,
  ...args: readonly unknown[]
): void {
  const f: Forker = forker();
  const compare = f.functionAt(by) as Callable;
  const merge = loops.of(MERGE, kindOf(from), args.length, compare);
  const items = from as unknown as Record<number, unknown>;
  // A part is always cut out of what is left of both runs: with a comparison that contradicts itself the order is
  // anything, but no element is lost or doubled.
  const forked = splitLazily(
    f,
    at,
    at + (iEnd - i) + (jEnd - j),
    { grain: 0, chunk },
    {
      here: (lo, hi) => {
        const next = merge(items, to as never, i, iEnd, j, jEnd, lo, hi, ...args);
        j += hi - lo - (next - i);
        i = next;
        at = hi;
      },
      fork: (middle, _hi, length) => {
        const ahead = middle - at;
        const left = mergePath(items, compare, args, i, iEnd, j, jEnd, ahead);
        const right = ahead - left;
        const child = f.fork(
          mergeRuns,
          by,
          from,
          to,
          i + left,
          iEnd,
          j + right,
          jEnd,
          middle,
          length,
          ...args,
        );
        iEnd = i + left;
        jEnd = j + right;
        return child;
      },
    },
  );
  joinAll(f, forked);
});

/** How many of the first `ahead` merged elements come from the left run. */
function mergePath(
  items: Record<number, unknown>,
  compare: Callable,
  args: readonly unknown[],
  i: number,
  iEnd: number,
  j: number,
  jEnd: number,
  ahead: number,
): number {
  let lo = Math.max(0, ahead - (jEnd - j));
  let hi = Math.min(ahead, iEnd - i);
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    // Of equal elements the left run's comes first.
    const rightFirst = (compare(items[j + ahead - 1 - middle], items[i + middle], ...args) as number) < 0;
    if (rightFirst) hi = middle;
    else lo = middle + 1;
  }
  return lo;
}
