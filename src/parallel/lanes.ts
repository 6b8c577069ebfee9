/**
 * Folds and scans of four runs side by side.
 *
 * A fold waits for each combination before it begins the next: an addition of doubles takes four cycles, in which four
 * could be done. So a range is cut into four runs of equal length, its lanes, that one loop folds together. They are
 * neighbours, so `f` need not be commutative.
 *
 * @module
 */
import type { Callable, Loop, Template } from './loops.ts';

type Indexed = Record<number, unknown>;
type Extra = readonly unknown[];
type Item = (g: Callable, view: Indexed, i: number, extra: Extra) => unknown;

export const LANES = 4;
/** Shorter lanes are not worth their set-up. */
const SHORTEST = 8;

/** The length of the first three lanes of a range; the last has what is left. 0: the range is one run. */
export function laneOf(length: number): number {
  const lane = Math.floor(length / LANES);
  return lane < SHORTEST ? 0 : lane;
}

/** Elements that are scanned before the loop goes round. */
const STEP = 2;
/** Where sums and scans compute with 32-bit integers, which V8 need not check. */
const LAST_INDEX = 2 ** 31 - 1;

/** The same for sums and scans of a part of an array: a multiple of `STEP`. */
export function scanLaneOf(lo: number, hi: number): number {
  return hi > LAST_INDEX ? 0 : STEP * Math.floor(laneOf(hi - lo) / STEP);
}

/** Folds a range of lanes of this length into `acc`. */
export type FoldLanes = (
  acc: unknown,
  lane: number,
  lo: number,
  hi: number,
  view: Indexed,
  ...extra: Extra
) => unknown;

/** `item` in two forms: an element, from its index, as text and as code. */
function foldLanes(text: (i: string) => string, item: Item): Template<FoldLanes> {
  const at = (lane: string, i: string): string =>
    `const ${lane} = ${i}; of_${lane} = f(of_${lane}, ${text(lane)});`;
  const first = (lane: string, i: string): string =>
    `let of_${lane}; { const i = ${i}; of_${lane} = ${text('i')}; }`;
  return {
    text: `(acc, n, lo, hi, view$A) => { ${first('a', 'lo')} ${first('b', 'lo + n')} ${first('c', 'lo + 2 * n')} ${first('d', 'lo + 3 * n')} for (let k = lo + 1; k < lo + n; k++) { ${at('a', 'k')} ${at('b', 'k + n')} ${at('c', 'k + 2 * n')} ${at('d', 'k + 3 * n')} } for (let d = lo + 4 * n; d < hi; d++) of_d = f(of_d, ${text('d')}); return f(acc, f(f(of_a, of_b), f(of_c, of_d))); }`,
    plain:
      (f, g) =>
      (acc, n, lo, hi, view, ...extra) => {
        const run = (from: number, to: number): unknown => {
          let sum = item(g, view, from, extra);
          for (let i = from + 1; i < to; i++) sum = f(sum, item(g, view, i, extra));
          return sum;
        };
        const left = f(run(lo, lo + n), run(lo + n, lo + 2 * n));
        return f(acc, f(left, f(run(lo + 2 * n, lo + 3 * n), run(lo + 3 * n, hi))));
      },
  };
}

export const FOLD_LANES: Template<FoldLanes> = foldLanes(
  (i) => `view[${i}]`,
  (_, view, i) => view[i],
);
export const FOLD_LANES_MAPPED: Template<FoldLanes> = foldLanes(
  (i) => `g(view[${i}], ${i}$A)`,
  (g, view, i, extra) => g(view[i], i, ...extra),
);
export const FOLD_LANES_RANGE: Template<FoldLanes> = foldLanes(
  (i) => i,
  (_, _view, i) => i,
);
export const FOLD_LANES_RANGE_MAPPED: Template<FoldLanes> = foldLanes(
  (i) => `g(${i}, ${i}$A)`,
  (g, _view, i, extra) => g(i, i, ...extra),
);

/** Writes what each lane of a range comes to, from `sums[at]` on. */
type SumLanes = (lane: number, lo: number, hi: number, view: Indexed, sums: Indexed, at: number) => void;

export const SUM_LANES: Template<SumLanes> = {
  text: '(n, lo, hi, view, sums, at) => { const n2 = 2 * n, n3 = 3 * n; let a = view[lo], b = view[lo + n], c = view[lo + n2], d = view[lo + n3]; for (let i = lo + 1; i < lo + n; i++) { a = f(a, view[i]); b = f(b, view[(i + n) | 0]); c = f(c, view[(i + n2) | 0]); d = f(d, view[(i + n3) | 0]); } for (let i = lo + 4 * n; i < hi; i++) d = f(d, view[i]); sums[at] = a; sums[at + 1] = b; sums[at + 2] = c; sums[at + 3] = d; }',
  plain: (f) => (n, lo, hi, view, sums, at) => {
    for (let lane = 0; lane < LANES; lane++) {
      const from = lo + lane * n;
      let sum = view[from];
      for (let i = from + 1; i < (lane < LANES - 1 ? from + n : hi); i++) sum = f(sum, view[i]);
      sums[at + lane] = sum;
    }
  },
};

/**
 * Folds on from what came before each lane, `before[at]` and on, and writes the sums to `out`, which may be `view`.
 * A range that is one run is the last lane.
 */
type ScanLanes = (
  lane: number,
  lo: number,
  hi: number,
  view: Indexed,
  out: Indexed,
  before: Indexed,
  at: number,
) => void;

function scanLanes(
  step: (sum: string, i: string) => string,
  each: (f: Callable, sum: unknown, view: Indexed, out: Indexed, i: number) => unknown,
): Template<ScanLanes & Loop> {
  const steps = Array.from({ length: STEP }, (_, k) =>
    ['i', 'p', 'q', 'r'].map((index, lane) => step('abcd'[lane]!, k === 0 ? index : `${index} + ${k}`)),
  ).flat();
  return {
    text: `(n, lo, hi, view, out, before, at) => { let a = before[at], b = before[at + 1], c = before[at + 2], d = before[at + 3]; const end = lo + n; for (let i = lo; i < end; i += ${STEP}) { const p = (i + n) | 0, q = (p + n) | 0, r = (q + n) | 0; ${steps.join(' ')} } for (let i = lo + 4 * n; i < hi; i++) { ${step('d', 'i')} } }`,
    plain: (f) => (n, lo, hi, view, out, before, at) => {
      for (let lane = 0; lane < LANES; lane++) {
        const from = lo + lane * n;
        let sum = before[at + lane];
        for (let i = from; i < (lane < LANES - 1 ? from + n : hi); i++) sum = each(f, sum, view, out, i);
      }
    },
  };
}

/** Writes what was folded up to and with each element. */
export const SCAN_INCLUSIVE: Template<ScanLanes> = scanLanes(
  (sum, i) => `${sum} = f(${sum}, view[${i}]); out[${i}] = ${sum};`,
  (f, sum, view, out, i) => {
    const next = f(sum, view[i]);
    out[i] = next;
    return next;
  },
);

/** Writes what was folded before each element. */
export const SCAN_EXCLUSIVE: Template<ScanLanes> = scanLanes(
  (sum, i) => `{ const x = view[${i}]; out[${i}] = ${sum}; ${sum} = f(${sum}, x); }`,
  (f, sum, view, out, i) => {
    const x = view[i];
    out[i] = sum;
    return f(sum, x);
  },
);
