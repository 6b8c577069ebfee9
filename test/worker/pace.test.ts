import { afterEach, describe, expect, it, vi } from 'vitest';
import * as L from '../../src/memory/layout.ts';

let now = 0;
// The clock is taken when the module is loaded.
vi.mock('../../src/codec/primordials.ts', () => ({ performance: { now: () => now } }));
const { Gaps } = await import('../../workers/begins.ts');
const { Breaks, Pace } = await import('../../workers/pace.ts');

afterEach(() => {
  now = 0;
});

function pace() {
  const buffer = new ArrayBuffer(L.W_DEQUE);
  const memory = { i32: new Int32Array(buffer), f64: new Float64Array(buffer) };
  memory.i32[L.W_BATCH >> 2] = 1;
  const pace = new Pace({ memory, block: 0 } as never);
  return {
    /** One turn over tasks of these lengths, µs: how many ran. */
    turn(lengths: readonly number[] | number): number {
      pace.begin();
      let ran = 0;
      for (let i = 0; ; i++) {
        const length = typeof lengths === 'number' ? lengths : lengths[i];
        if (length === undefined) break;
        const more = pace.more();
        now += length / 1000;
        ran++;
        if (!more) break;
      }
      pace.end();
      return ran;
    },
    batch: () => memory.i32[L.W_BATCH >> 2]!,
    busy: () => memory.f64[L.W_BUSY >> 3]!,
  };
}

describe('a turn', () => {
  it('lasts about 2 ms', () => {
    const { turn } = pace();
    for (const us of [1, 7, 30, 120, 500]) {
      for (let settle = 0; settle < 10; settle++) turn(us);
      const ms = (turn(us) * us) / 1000;
      expect(ms).toBeGreaterThanOrEqual(1.9);
      expect(ms).toBeLessThanOrEqual(3.1);
    }
  });

  it('of long tasks ends after the one it is found at', () => {
    const { turn } = pace();
    for (let settle = 0; settle < 5; settle++) turn(1);
    // One is measured, and the next one was claimed by then.
    expect(turn(10_000)).toBeLessThanOrEqual(2);
    expect(turn(10_000)).toBeLessThanOrEqual(2);
  });

  it('ends when nothing is left', () => {
    const { turn } = pace();
    expect(turn([5, 5, 5])).toBe(3);
    expect(turn([])).toBe(0);
  });
});

describe('the batch', () => {
  it('follows what tasks take: about 100 µs of work, 32 tasks at most', () => {
    const { turn, batch } = pace();
    for (const [us, tasks] of [
      [1, 32],
      [10, 10],
      [40, 2],
      [200, 1],
      [5000, 1],
      [2, 32],
    ] as const) {
      for (let settle = 0; settle < 10; settle++) turn(us);
      expect(batch()).toBe(tasks);
    }
  });

  it('shrinks at once, and grows by doubling', () => {
    const { turn, batch } = pace();
    for (let settle = 0; settle < 10; settle++) turn(1);
    expect(batch()).toBe(32);
    turn([3000]);
    expect(batch()).toBe(1);
    turn([1]);
    expect(batch()).toBe(2);
  });

  it('is not grown by turns without tasks', () => {
    const { turn, batch } = pace();
    turn([3000]);
    for (let i = 0; i < 10; i++) turn([]);
    expect(batch()).toBe(1);
  });
});

it('busy time is the sum of the turns', () => {
  const { turn, busy } = pace();
  turn([500, 500]);
  now += 1000;
  turn([250]);
  expect(busy()).toBeCloseTo(1.25, 6);
});

it('a turn may begin when its first task was seen, and end when the search after it began', () => {
  const memory = { i32: new Int32Array(L.W_DEQUE >> 2), f64: new Float64Array(L.W_DEQUE >> 3) };
  const pace = new Pace({ memory, block: 0 } as never);
  const busy = () => memory.f64[L.W_BUSY >> 3]!;
  now = 10;
  pace.begin(9.5);
  pace.more();
  now = 12;
  pace.end(11);
  expect(busy()).toBe(1.5);
  pace.end();
  expect(busy()).toBe(1.5);
});

describe('breaks between turns', () => {
  it('are for promises every 0.2 ms', () => {
    const breaks = new Breaks();
    breaks.due(100);
    expect(breaks.due(100.199)).toBe('nothing');
    expect(breaks.due(100.201)).toBe('promises');
    expect(breaks.due(100.4)).toBe('nothing');
  });

  it('are for the event loop once in 2 ms', () => {
    const breaks = new Breaks();
    const kinds = Array.from({ length: 100 }, (_, i) => breaks.due(100 + i * 0.25));
    expect(kinds.filter((kind) => kind === 'event loop')).toHaveLength(13);
    expect(kinds.filter((kind) => kind === 'promises')).toHaveLength(87);
    expect(kinds[0]).toBe('event loop');
  });
});

describe('Gaps', () => {
  const NEVER = Number.POSITIVE_INFINITY;

  /** Lets promises go on after each of `tasks` that began, which settle after so many steps: the steps each was given. */
  function given(gaps: InstanceType<typeof Gaps>, tasks: number, settlesAfter: number): number[] {
    return Array.from({ length: tasks }, () => {
      let steps = 0;
      if (gaps.begins(5)) while (gaps.goesOn(steps < settlesAfter ? 5 : 4)) steps++;
      return steps;
    });
  }

  it('follow each task, until one has settled', () => {
    expect(given(new Gaps(), 4, 20)).toEqual([20, 20, 20, 20]);
  });

  it('become shorter and rarer while nothing settles, and are never given up', () => {
    const steps = given(new Gaps(), 8 + 2 + 4 + 8 + 16 + 32 + 32, NEVER);
    const at = [...steps.keys()].filter((i) => steps[i]! > 0);
    expect(at).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9, 13, 21, 37, 69, 101]);
    expect(at.map((i) => steps[i])).toEqual(at.map((i) => (i === 0 ? 32 : 4)));
  });

  it('follow each task again, and are as long, after one that paid', () => {
    const gaps = new Gaps();
    given(gaps, 14, NEVER);
    expect(given(gaps, 10, 2)).toEqual([0, 0, 0, 0, 0, 0, 0, 2, 2, 2]);
    expect(given(gaps, 1, 20)).toEqual([20]);
  });

  it('are tried twice more after a sleep', () => {
    const gaps = new Gaps();
    given(gaps, 14, NEVER);
    gaps.slept();
    expect(given(gaps, 5, NEVER)).toEqual([4, 4, 0, 4, 0]);
  });
});
