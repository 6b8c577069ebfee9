// When private children are published.
import { describe, expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import type { Children } from '../../workers/fork/children.ts';
import { Sharing } from '../../workers/fork/sharing.ts';
import { type ForkState, type Hot, NO_STOCK } from '../../workers/fork/state.ts';

const DEQUE = 0x2000;

/** A worker of a pool with so many blocks, whose children are forked and joined by hand. */
function worker(blocks: number) {
  const i32 = new Int32Array(0x1000);
  i32[(L.HEADER + L.H_BLOCKS) >> 2] = blocks;
  i32[(L.HEADER + L.H_FORKS) >> 2] = DEQUE;
  const clock = { ms: 0 };
  const hot = {
    top: 0,
    base: 0,
    split: 0,
    serial: 0,
    mask: 0,
    stock: NO_STOCK,
    turnsAt(mask: number, stock: number) {
      hot.mask = mask;
      hot.stock = stock;
    },
  };
  const children = {
    publish(count: number): boolean {
      const from = hot.split;
      hot.split = Math.min(hot.top, from + count);
      i32[(DEQUE + L.DQ_OWN_BOTTOM) >> 2]! += hot.split - from;
      return true;
    },
    publishAll() {
      children.publish(Number.POSITIVE_INFINITY);
    },
  } as Children;
  const state = { i32, block: 0 } as unknown as ForkState;
  const sharing = new Sharing(state, hot as unknown as Hot, children, () => clock.ms);
  const isTurn = (): boolean => (hot.serial & hot.mask) === 0;
  return {
    hot,
    sharing,
    fork(times = 1) {
      for (let i = 0; i < times; i++) {
        hot.serial++;
        hot.top++;
        if (isTurn()) sharing.forked(hot.serial);
      }
    },
    join(ms: number) {
      clock.ms += ms;
      if (hot.split === hot.top) {
        hot.split--;
        i32[(DEQUE + L.DQ_OWN_BOTTOM) >> 2]!--;
      }
      hot.top--;
    },
    pairs(times: number, ms: number) {
      for (let i = 0; i < times; i++) {
        this.fork();
        this.join(ms);
      }
    },
    steal() {
      i32[(DEQUE + L.DQ_TOP) >> 2]!++;
    },
    waiting: () => i32[(DEQUE + L.DQ_OWN_BOTTOM) >> 2]! - i32[(DEQUE + L.DQ_TOP) >> 2]!,
  };
}

function started(blocks: number) {
  const w = worker(blocks);
  w.sharing.start();
  return w;
}

/** Has run enough short children to know that they are. */
function afterShort(blocks: number) {
  const w = started(blocks);
  w.pairs(500, 0.0001);
  return w;
}

describe('children are published', () => {
  it('at once, as long as nobody knows how long they take', () => {
    const w = started(4);
    w.fork(1000);
    expect([w.hot.split, w.waiting()]).toEqual([1000, 1000]);
  });

  it('at once, when those that have run were long', () => {
    const w = started(4);
    w.pairs(500, 0.01);
    w.fork(10);
    expect(w.hot.split).toBe(10);
  });

  it('up to a stock for thieves, when those that have run were short', () => {
    const w = afterShort(4);
    w.fork(32);
    expect(w.waiting()).toBe(4);
    expect(w.hot.top - w.hot.split).toBe(28);
  });

  it('never, in a pool of one', () => {
    const w = started(1);
    w.fork(1000);
    w.sharing.joined();
    expect(w.hot.split).toBe(0);
  });

  it('by half, when thieves have taken all there was', () => {
    const w = afterShort(4);
    w.fork(32);
    for (let i = 0; i < 4; i++) w.steal();
    w.sharing.joined();
    expect(w.waiting()).toBe(14);
  });

  it('one for each that was stolen, as long as some are left', () => {
    const w = afterShort(4);
    w.fork(32);
    w.steal();
    w.sharing.joined();
    expect([w.waiting(), w.hot.split]).toEqual([4, 5]);
  });

  it('all, once short ones are followed by many that were only forked', () => {
    const w = afterShort(4);
    w.fork(1024);
    expect(w.hot.split).toBe(1024);
  });

  it('all, once short ones are followed by long ones', () => {
    const w = afterShort(4);
    w.pairs(300, 1);
    w.fork(10);
    expect(w.hot.split).toBe(10);
  });

  it('at once again, when another task starts', () => {
    const w = afterShort(4);
    w.sharing.start();
    w.fork();
    expect(w.hot.split).toBe(1);
  });
});
