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
let searching = false;
beforeEach(() => {
  searching = false;
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
    beginSearch: () => {
      searching = token;
      return token ? 1 : 0;
    },
    spscSize: () => unread,
    spin: () => {
      looks++;
      now += LOOK_MS;
      return found ? 1 : 0;
    },
  };
  const stopSearching = (): void => {
    searching = false;
  };
  return new Spinner({ core, memory: { i32 }, block: 0, stopSearching } as never);
}

describe('Spinner', () => {
  it('looks for 50 µs at most, half as long after each failure, and then not at all', () => {
    const one = spinner(2, 1, 0);
    const times: number[] = [];
    for (let i = 0; i < 8; i++) {
      looks = 0;
      expect(one.spin()).toBeUndefined();
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
    for (let i = 0; i < 4; i++) expect(one.spin()).toBeDefined();
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
        expect(one.spin()).toBeDefined();
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
    expect(spinner(2, 1, 0).spin()).toBeUndefined();
    expect(looks).toBe(0);
  });

  it('says when it saw work: what began with that look began then', () => {
    const one = spinner(2, 1, 0);
    found = true;
    now = 7;
    expect(one.spin()).toBe(7);
  });

  it('ends the turn before it when it has its token, and not without one', () => {
    const ends: { at: number | undefined; searching: boolean }[] = [];
    const turn = { end: (at?: number) => ends.push({ at, searching }) } as never;
    token = false;
    spinner(2, 1, 0).spin(turn);
    expect(ends).toEqual([]);
    token = true;
    now = 3;
    spinner(2, 1, 0).spin(turn);
    expect(ends).toEqual([{ at: 3, searching: true }]);
  });
});

describe('Spinner, with async tasks pending', () => {
  const turn = { end: () => {} } as never;
  /** Rounds of the event loop, by how much had been looked before, and whether a search went on. */
  let rounds: { looks: number; searching: boolean }[] = [];
  const endsSearch = async (): Promise<void> => {
    searching = false;
    await undefined;
    rounds.push({ looks, searching });
  };
  beforeEach(() => {
    rounds = [];
  });

  /** A task that ends after its promises have gone on `steps` times, and whether a search went on in one of them. */
  function asyncTask(steps: number) {
    const task = { pending: 1, searched: false, looks: 0, news: true };
    void (async () => {
      for (let step = 0; step < steps; step++) {
        await undefined;
        task.searched ||= searching;
      }
      task.looks = looks;
      task.pending = 0;
    })();
    return task;
  }
  const waiting = { pending: 1, news: false };

  it('lets what has begun go on for some steps before it looks', async () => {
    for (const steps of [1, 2, 30]) {
      looks = 0;
      // As after a search whose find another worker has taken.
      searching = true;
      const task = asyncTask(steps);
      await spinner(2, 1, 0).spinAmongPromises(turn, task, endsSearch);
      expect(task).toMatchObject({ pending: 0, looks: 0, searched: false });
    }
  });

  it('looks at once when promises have nothing new', async () => {
    const task = { ...asyncTask(1), news: false };
    found = true;
    await spinner(2, 1, 0).spinAmongPromises(turn, task, endsSearch);
    expect(looks).toBe(1);
  });

  it('lets the event loop go round from time to time, and no publisher keeps silent on account of that', async () => {
    await spinner(2, 1, 0).spinAmongPromises(turn, waiting, endsSearch);
    expect(rounds.length).toBeGreaterThan(8);
    for (const [i, round] of rounds.entries()) {
      const before = i === 0 ? 0 : rounds[i - 1]!.looks;
      expect(round.looks - before).toBeGreaterThanOrEqual(4);
      expect(round.looks - before).toBeLessThanOrEqual(5);
      expect(round.searching).toBe(false);
    }
  });

  it('searches as without them when the last one has ended: the next may come at once', async () => {
    const task = { pending: 1, news: false };
    const ends = async (): Promise<void> => {
      await endsSearch();
      task.pending = 0;
    };
    await spinner(2, 1, 0).spinAmongPromises(turn, task, ends);
    expect(rounds).toHaveLength(1);
    expect(looks - rounds[0]!.looks).toBeGreaterThan(45);
    expect(searching).toBe(true);
  });

  it('looks for 50 µs at most, half as long the next time, while they wait for something else', async () => {
    const one = spinner(2, 1, 0);
    expect(await one.spinAmongPromises(turn, waiting, endsSearch)).toBeUndefined();
    const first = looks;
    expect(first).toBeGreaterThan(45);
    expect(first).toBeLessThanOrEqual(55);
    await one.spinAmongPromises(turn, waiting, endsSearch);
    expect(looks - first).toBeLessThanOrEqual(30);
  });

  it('says when it saw work, and keeps the token for it', async () => {
    found = true;
    now = 9;
    expect(await spinner(2, 1, 0).spinAmongPromises(turn, waiting, endsSearch)).toBe(9);
    expect(searching).toBe(true);
  });

  it('ends the turn before anything else goes on', async () => {
    const ends: string[] = [];
    const ending = { end: () => ends.push('turn') } as never;
    const task = {
      pending: 1,
      get news() {
        return ends.push('news') > 0;
      },
      set news(_) {},
    };
    await spinner(2, 1, 0).spinAmongPromises(ending, task, endsSearch);
    expect(ends).toEqual(['turn', 'news']);
  });
});
