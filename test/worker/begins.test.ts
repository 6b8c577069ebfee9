import { describe, expect, it } from 'vitest';
import { Begins } from '../../workers/begins.ts';

/** A worker with more async tasks at hand than it may begin; times in ms. */
function worker(most = 64) {
  let now = 0;
  let idle = 0;
  let pending = 0;
  const begins = new Begins(
    most,
    () => now,
    () => idle,
  );
  return {
    begins,
    pending: () => pending,
    /** Begins as many as it may: how many those are. */
    begin(): number {
      const begun = Math.max(0, begins.limit - pending);
      pending += begun;
      return begun;
    },
    /** The event loop goes on alone: is idle, computes, and some tasks end. */
    moment({ waits = 0, computes = 0, ends = 0 }): void {
      begins.rests();
      now += waits + computes;
      idle += waits;
      for (; ends > 0; ends--) begins.ended(--pending);
      begins.rested(pending);
    },
    /** Not in a moment. */
    end(): void {
      begins.ended(--pending);
    },
    pass(ms: number): void {
      now += ms;
    },
  };
}

describe('how many async tasks begin in a row', () => {
  it('is one of which nothing is known, then two more, four more, as long as none ends', () => {
    const { begin, moment } = worker(20);
    const begun: number[] = [];
    for (let i = 0; i < 6; i++) {
      begun.push(begin());
      moment({ waits: 1 });
    }
    expect(begun).toEqual([1, 2, 4, 8, 5, 0]);
  });

  it('is one where each computes for longer than 2 ms after it has waited', () => {
    const { begin, moment } = worker();
    begin();
    moment({ waits: 5, computes: 50, ends: 1 });
    expect(begin()).toBe(1);
    for (let i = 0; i < 4; i++) {
      moment({ waits: 1 });
      expect(begin()).toBe(1);
    }
  });

  it.each([
    [1, 2],
    [0.1, 20],
    [0.001, 64],
    [0, 64],
  ])('is what computes for 2 ms together: of %d ms each, %d', (computes, begun) => {
    const { begin, moment } = worker();
    begin();
    moment({ waits: 5, computes, ends: 1 });
    expect(begin()).toBe(begun);
  });

  it('what one computes counts when it has gone on over several moments', () => {
    const { begin, moment } = worker();
    begin();
    moment({ waits: 1, computes: 10 });
    moment({ waits: 1, ends: 1 });
    expect(begin()).toBe(1);
  });

  it('an end leaves room for no more than begin in a row', () => {
    const { begins, begin, moment, end } = worker();
    for (let i = 0; i < 3; i++) {
      begin();
      moment({ waits: 1 });
    }
    expect(begin()).toBe(8);
    expect(begins.limit).toBe(15);
    for (let i = 0; i < 15; i++) end();
    expect(begin()).toBe(8);
  });

  it('those of another kind are known after a few ends', () => {
    const { begin, moment, pending } = worker();
    begin();
    for (let i = 0; i < 100; i++) {
      moment({ waits: 5, computes: 50, ends: 1 });
      begin();
    }
    const each = (ends: number): void => moment({ waits: 5, computes: 0.01 * ends, ends });
    each(1);
    for (let i = 0; i < 40; i++) {
      begin();
      each(1);
    }
    each(pending());
    expect(begin()).toBeGreaterThanOrEqual(8);
  });
});

describe('a moment', () => {
  it('lasts 1 ms, and as long as it takes while as many as allowed are pending', () => {
    const { begins, pass } = worker(4);
    begins.rests();
    expect(begins.left(3)).toBe(1);
    pass(0.75);
    expect(begins.left(3)).toBe(0.25);
    expect(begins.left(4)).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves room when nothing is pending', () => {
    const { begins, begin, moment } = worker(1);
    expect(begin()).toBe(1);
    moment({ waits: 3 });
    expect(begin()).toBe(0);
    moment({ waits: 3, computes: 1, ends: 1 });
    expect(begins.limit).toBe(1);
  });
});
