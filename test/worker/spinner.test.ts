import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as L from '../../src/memory/layout.ts';

let now = 0;
vi.mock('../../src/codec/primordials.ts', () => ({ performance: { now: () => now } }));
const { Spinner } = await import('../../workers/pace.ts');

const PARKED = (L.HEADER + L.H_PARKED) >> 2;
const JOINING = (L.HEADER + L.H_JOINING) >> 2;
/** What one call of `spin` without success takes here, ms. */
const LOOK_MS = 0.001;

let looks = 0;
let found = false;
/** Results of this worker that the main thread has not read. */
let unread = 0;
let token = true;
beforeEach(() => {
  looks = 0;
  found = false;
  unread = 0;
  token = true;
});

/** A spinner of worker 0 in a pool of `workers`, the others parked or not. */
function spinner(cores: number, workers: number, parked: number, joining = 0, mainSleeps = false) {
  const i32 = new Int32Array((L.HEADER + L.HEADER_BYTES) >> 2);
  i32[(L.HEADER + L.H_WORKERS) >> 2] = workers;
  i32[(L.HEADER + L.H_CORES) >> 2] = cores;
  for (let worker = 1; worker <= parked; worker++) i32[PARKED + (worker >> 5)]! |= 1 << (worker & 31);
  for (let worker = parked + 1; worker <= parked + joining; worker++) {
    i32[JOINING + (worker >> 5)]! |= 1 << (worker & 31);
  }
  if (mainSleeps) i32[(L.HEADER + L.H_ARMED) >> 2] = 1;
  const core = {
    beginSearch: () => (token ? 1 : 0),
    spscSize: () => unread,
    spin: () => {
      looks++;
      now += LOOK_MS;
      return found ? 1 : 0;
    },
  };
  return new Spinner({ core, memory: { i32 }, block: 0 } as never);
}

describe('Spinner', () => {
  it('looks for 50 µs at most, half as long after each failure, and then not at all', () => {
    const one = spinner(2, 1, 0);
    const times: number[] = [];
    for (let i = 0; i < 8; i++) {
      looks = 0;
      expect(one.spin()).toBe(false);
      times.push(looks);
    }
    expect(times[0]).toBeGreaterThan(45);
    expect(times[0]).toBeLessThanOrEqual(51);
    for (const [i, n] of times.entries()) if (i > 0) expect(n).toBeLessThanOrEqual(times[i - 1]!);
    expect(times.at(-1)).toBe(0);
  });

  it('looks longer again when it has found something', () => {
    const one = spinner(2, 1, 0);
    for (let i = 0; i < 3; i++) one.spin();
    found = true;
    looks = 0;
    for (let i = 0; i < 4; i++) expect(one.spin()).toBe(true);
    expect(looks).toBe(4);
    found = false;
    looks = 0;
    one.spin();
    expect(looks).toBeGreaterThan(45);
  });

  it('comes back after a sleep that looking would have saved, and not after a longer one', () => {
    const one = spinner(2, 1, 0);
    for (let i = 0; i < 8; i++) one.spin();
    looks = 0;
    one.slept(5);
    one.spin();
    expect(looks).toBe(0);
    one.slept(0.05);
    one.spin();
    expect(looks).toBeGreaterThan(45);
  });

  it('is tried again from time to time, whatever came of it', () => {
    const one = spinner(2, 1, 0);
    const idles = 320;
    for (let i = 0; i < idles; i++) {
      one.spin();
      one.slept(5);
    }
    // At first and ten times more, each 50 µs and half as long again and again.
    expect(looks).toBeGreaterThan(10 * 50);
    expect(looks).toBeLessThan(11 * 110);
  });

  it('looks only while every thread that is awake has a core', () => {
    const cases = [
      { cores: 1, workers: 1, spins: false },
      { cores: 1, workers: 1, mainSleeps: true, spins: true },
      { cores: 2, workers: 1, spins: true },
      { cores: 2, workers: 2, spins: false },
      { cores: 2, workers: 2, mainSleeps: true, spins: true },
      { cores: 2, workers: 2, parked: 1, spins: true },
      { cores: 2, workers: 2, joining: 1, spins: true },
      { cores: 2, workers: 8, parked: 6, spins: false },
      { cores: 2, workers: 8, parked: 5, joining: 1, spins: false },
      { cores: 2, workers: 8, parked: 5, joining: 1, mainSleeps: true, spins: true },
      { cores: 2, workers: 8, parked: 7, spins: true },
      { cores: 64, workers: 64, spins: false },
      { cores: 64, workers: 64, parked: 1, spins: true },
      { cores: 64, workers: 64, joining: 40, spins: true },
    ];
    for (const each of cases) {
      const { cores, workers, parked = 0, joining = 0, mainSleeps = false } = each;
      looks = 0;
      spinner(cores, workers, parked, joining, mainSleeps).spin();
      expect({ ...each, spins: looks > 0 }).toEqual(each);
    }
  });

  it('only glances while a result stays unread, once that was so for all of its time', () => {
    const one = spinner(2, 1, 0);
    const times = (idles: number): number[] =>
      Array.from({ length: idles }, () => {
        looks = 0;
        one.spin();
        return looks;
      });
    unread = 1;
    // Two idle moments between two sleeps: before and after the event loop has gone round.
    expect(times(1)[0]).toBeGreaterThan(45);
    for (let i = 0; i < 5; i++) {
      const [first, second] = times(2);
      expect(first).toBeGreaterThanOrEqual(5);
      expect(first).toBeLessThanOrEqual(6);
      expect(second).toBe(0);
      one.slept(0.05);
    }
    unread = 0;
    expect(times(1)[0]).toBeGreaterThan(45);
  });

  it('looks for its whole time again after a success with a result unread, and when it is tried again', () => {
    for (const again of ['success', 'probe'] as const) {
      const one = spinner(2, 1, 0);
      unread = 1;
      one.spin();
      one.spin();
      if (again === 'success') {
        found = true;
        one.slept(0.05);
        expect(one.spin()).toBe(true);
        found = false;
      } else {
        for (let i = 0; i < 29; i++) one.spin();
      }
      looks = 0;
      one.spin();
      expect(looks, again).toBeGreaterThan(again === 'probe' ? 45 : 20);
    }
  });

  it('looks only with a search token', () => {
    token = false;
    expect(spinner(2, 1, 0).spin()).toBe(false);
    expect(looks).toBe(0);
  });
});
