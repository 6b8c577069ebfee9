import { describe, expect, it } from 'vitest';
import {
  FOLD_LANES,
  FOLD_LANES_MAPPED,
  FOLD_LANES_RANGE,
  FOLD_LANES_RANGE_MAPPED,
  SCAN_EXCLUSIVE,
  SCAN_INCLUSIVE,
  SUM_LANES,
} from '../../src/parallel/lanes.ts';
import {
  type Callable,
  type Compile,
  EACH,
  FOLD,
  FOLD_MAPPED,
  FOLD_RANGE,
  FOLD_RANGE_MAPPED,
  FOR,
  type Loop,
  Loops,
  MAP,
  MAP_RANGE,
  PACK,
  type Template,
} from '../../src/parallel/loops.ts';

const generate: Compile = (text) => new Function('f', 'g', text) as ReturnType<Compile>;
const forbidden: Compile = () => {
  throw new EvalError('Code generation from strings disallowed for this context');
};

const view = Float64Array.of(5, -1, 0, 3, 8, 2);
const out = (): Float64Array => new Float64Array(6);

/** Arguments of each loop, and how many extra ones there are. */
const CASES: readonly (readonly [string, Template<Loop>, () => readonly unknown[], number])[] = [
  ['FOR', FOR, () => [1, 5, 'a', 'b'], 2],
  ['EACH', EACH, () => [1, 5, view, 'a'], 1],
  ['MAP', MAP, () => [1, 5, view, out(), 10], 1],
  ['MAP_RANGE', MAP_RANGE, () => [11, 15, 10, out(), 10], 1],
  ['FOLD', FOLD, () => [100, 1, 5, view], 0],
  ['FOLD_MAPPED', FOLD_MAPPED, () => [100, 1, 5, view, 10], 1],
  ['FOLD_RANGE', FOLD_RANGE, () => [100, 1, 5, null], 0],
  ['FOLD_RANGE_MAPPED', FOLD_RANGE_MAPPED, () => [100, 1, 5, null, 10], 1],
  ['PACK', PACK, () => [1, 5, view, out(), 0.5], 1],
];

const long = Float64Array.from({ length: 48 }, (_, i) => (i * 7) % 11);
const sums = (): Float64Array => new Float64Array(8);

/** Loops of lanes of nine from index 1 on, the last of eleven, and one that is a single run. Their calls come in another order. */
const LANES: readonly (readonly [string, Template<Loop>, () => readonly unknown[], number])[] = [
  ['FOLD_LANES', FOLD_LANES, () => [100, 9, 1, 39, long], 0],
  ['FOLD_LANES_MAPPED', FOLD_LANES_MAPPED, () => [100, 9, 1, 39, long, 10], 1],
  ['FOLD_LANES_RANGE', FOLD_LANES_RANGE, () => [100, 9, 1, 39, null], 0],
  ['FOLD_LANES_RANGE_MAPPED', FOLD_LANES_RANGE_MAPPED, () => [100, 9, 1, 39, null, 10], 1],
  ['SUM_LANES', SUM_LANES, () => [9, 1, 39, long, sums(), 2], 0],
  ['SCAN_INCLUSIVE', SCAN_INCLUSIVE, () => [8, 1, 39, long, new Float64Array(48), long.slice(5), 1], 0],
  ['SCAN_EXCLUSIVE', SCAN_EXCLUSIVE, () => [8, 1, 39, long, new Float64Array(48), long.slice(5), 1], 0],
  [
    'SCAN_INCLUSIVE, one run',
    SCAN_INCLUSIVE,
    () => [0, 1, 6, long, new Float64Array(48), long.slice(5), 1],
    0,
  ],
  [
    'SCAN_EXCLUSIVE, one run',
    SCAN_EXCLUSIVE,
    () => [0, 1, 6, long, new Float64Array(48), long.slice(5), 1],
    0,
  ],
];

/** What a loop returns, writes, and calls. */
function trace(compile: Compile, template: Template<Loop>, args: readonly unknown[], extra: number): unknown {
  const calls: unknown[] = [];
  const f: Callable = (...a) => {
    calls.push(['f', ...a]);
    return Number(a[0]) + Number(typeof a[1] === 'number' ? a[1] : 0) - 2;
  };
  const g: Callable = (...a) => {
    calls.push(['g', ...a]);
    return Number(a[0]) * 3;
  };
  const result = (new Loops(compile).of(template, '', extra, f, g) as Callable)(...args);
  return { result, calls, args };
}

describe('a loop', () => {
  it.each(CASES)('%s does the same generated and plain', (_name, template, args, extra) => {
    const generated = trace(generate, template, args(), extra);
    expect(trace(forbidden, template, args(), extra)).toEqual(generated);
    expect((generated as { calls: unknown[] }).calls.length).toBeGreaterThanOrEqual(4);
  });

  it.each(LANES)('%s does the same generated and plain', (_name, template, args, extra) => {
    const [generated, plain] = [generate, forbidden].map((compile) => {
      const traced = trace(compile, template, args(), extra) as { readonly calls: readonly unknown[] };
      return { ...traced, calls: traced.calls.map(String).sort() };
    });
    expect(plain).toEqual(generated);
    expect(generated!.calls.length).toBeGreaterThanOrEqual(5);
  });

  it('is made once for a body and its arguments, and never shared between bodies', () => {
    const loops = new Loops(generate);
    const [f, g]: Callable[] = [() => 1, () => 2];
    const loop = loops.of(FOR, '', 0, f!);
    expect(loops.of(FOR, '', 0, f!)).toBe(loop);
    expect(loops.of(FOR, '', 1, f!)).not.toBe(loop);
    expect(loops.of(FOR, 'Int8Array', 0, f!)).not.toBe(loop);
    expect(loops.of(FOR, '', 0, g!)).not.toBe(loop);
    expect(loops.of(FOR, '', 0, f!, g!)).not.toBe(loop);
  });

  it('lets through an error that is not about code generation', () => {
    const loops = new Loops(() => {
      throw new RangeError('full');
    });
    expect(() => loops.of(FOR, '', 0, () => {})).toThrow(RangeError);
  });
});
