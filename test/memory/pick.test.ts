// Which task a worker takes next, one thread at a time. What several do at once: test/model/scenarios.
import { describe, expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { CRITICAL, HIGH, LOW, NORMAL, picking } from './picking.ts';

/** Up to so many workers a thief compares all of them. */
const SCAN_ALL = 16;

/** The worker's random numbers, from a seed on. */
function* xorshift(seed: number): Generator<number, never> {
  for (let x = seed >>> 0; ; ) {
    x = (x ^ (x << 13)) >>> 0;
    x = (x ^ (x >>> 17)) >>> 0;
    x = (x ^ (x << 5)) >>> 0;
    yield x;
  }
}

describe('a pick', () => {
  it('goes inbox, critical level, own deque, injector, own spill ring, peers', () => {
    const { next, toDeque, toSpill, toInbox, inject } = picking(2);
    const [peerSpill, peerOld] = [toSpill(1), toDeque(1)];
    const peerNew = toDeque(1);
    const spill = toSpill(0);
    const [normal, high] = [inject(NORMAL), inject(HIGH)];
    const [old, young] = [toDeque(0), toDeque(0)];
    const critical = inject(CRITICAL);
    const inbox = toInbox(0);
    const picks = Array.from({ length: 10 }, () => next(0));
    // The own deque newest first, a peer's oldest first.
    const order = [inbox, critical, young, old, high, normal, spill, peerOld, peerNew, peerSpill];
    expect(picks).toEqual(order);
    expect(next(0)).toBe(-1);
  });

  it('looks at the injector before the own deque every 61st time', () => {
    const { next, toDeque, inject, set } = picking(2);
    const own = Array.from({ length: 64 }, () => toDeque(0));
    const injected = inject(NORMAL);
    set(0, L.W_TICK, 0);
    const picks = Array.from({ length: 65 }, () => next(0));
    expect(picks.indexOf(injected)).toBe(60);
    expect(new Set(picks)).toEqual(new Set([...own, injected]));
  });

  it('takes from the level the schedule names before everything, every 16th time', () => {
    const { plant, next, toDeque, toInbox, inject, set } = picking(1);
    plant.setSchedule(new Uint8Array(L.SCHEDULE_LENGTH).fill(LOW));
    const low = inject(LOW);
    const inbox = Array.from({ length: 20 }, () => toInbox(0));
    const critical = Array.from({ length: 20 }, () => inject(CRITICAL));
    toDeque(0);
    set(0, L.W_TICK, 0);
    const picks = Array.from({ length: 41 }, () => next(0));
    expect(picks.indexOf(low)).toBe(15);
    expect(picks.filter((pick) => pick !== low)).toEqual([...inbox, ...critical]);
  });

  it('passes what was taken or cancelled meanwhile', () => {
    const { next, toDeque, plant } = picking(1);
    const [first, cancelled] = [toDeque(0), toDeque(0)];
    plant.core.cancel((1 << L.SLOT_BITS) | cancelled);
    expect([next(0), next(0)]).toEqual([first, -1]);
  });

  it('claims a batch of its share, which peers can steal, when tasks are short', () => {
    const { next, inject, set, size } = picking(4);
    const injected = Array.from({ length: 20 }, () => inject(NORMAL));
    set(0, L.W_BATCH, 32);
    expect(next(0)).toBe(injected[0]);
    // A fourth of 20, less the one that runs.
    expect(size(0)).toBe(4);
    expect(next(1)).toBe(injected[5]);
    set(1, L.W_BATCH, 1);
    expect([next(0), next(0)]).toEqual([injected[1], injected[2]]);
  });
});

describe('a thief', () => {
  it('steals from the heaviest of up to 16, whatever its random start', () => {
    const { next, toDeque, toSpill, set, clear } = picking(SCAN_ALL);
    for (let seed = 1; seed <= 40; seed++) {
      clear();
      const oldest = Array.from({ length: SCAN_ALL - 1 }, (_, i) => toDeque(i + 1));
      // What was spilled counts too: one more in the deque of 5, two more of worker 9.
      for (const put of [toDeque, toSpill]) put(9);
      toDeque(5);
      set(0, L.W_RANDOM, Math.imul(seed, 0x9e3779b1));
      expect(next(0)).toBe(oldest[9 - 1]);
    }
  });

  it('does not go to the same of equal peers each time', () => {
    const { next, toDeque, set, clear } = picking(SCAN_ALL);
    const victims = new Set<number>();
    for (let seed = 1; seed <= 60; seed++) {
      clear();
      for (let worker = 1; worker < SCAN_ALL; worker++) toDeque(worker);
      set(0, L.W_RANDOM, Math.imul(seed, 0x9e3779b1));
      victims.add(next(0));
    }
    expect(victims.size).toBeGreaterThan(SCAN_ALL / 2);
  });

  it('beyond 16 steals from the heavier of two random ones', () => {
    const workers = SCAN_ALL + 4;
    const { next, toDeque, set, clear } = picking(workers);
    const me = 3;
    let twoPeers = 0;
    let notTheHeaviest = 0;
    for (let seed = 1; seed <= 300; seed++) {
      clear();
      const oldest: number[] = [];
      // Worker w has w + 1; no two weigh the same.
      for (let worker = 0; worker < workers; worker++) {
        if (worker === me) continue;
        for (let n = 0; n <= worker; n++) {
          const slot = toDeque(worker);
          if (n === 0) oldest[worker] = slot;
        }
      }
      const from = Math.imul(seed, 0x9e3779b1);
      set(me, L.W_RANDOM, from);
      const random = xorshift(from);
      const two = [random.next().value % workers, random.next().value % workers];
      const victim = oldest.indexOf(next(me));
      const peers = two.filter((worker) => worker !== me);
      if (peers.length === 0) continue;
      expect(victim).toBe(Math.max(...peers));
      if (new Set(peers).size === 2) twoPeers++;
      if (victim !== workers - 1) notTheHeaviest++;
    }
    // The draws were what the test is about.
    expect(twoPeers).toBeGreaterThan(200);
    expect(notTheHeaviest).toBeGreaterThan(200);
  });

  it('beyond 16 finds the only one that has something, whatever two it draws', () => {
    const workers = SCAN_ALL + 4;
    const { next, toDeque, toSpill, set, clear } = picking(workers);
    for (let worker = 1; worker < workers; worker++) {
      for (const put of [toDeque, toSpill]) {
        clear();
        const only = put(worker);
        set(0, L.W_RANDOM, Math.imul(worker, 0x9e3779b1));
        expect(next(0)).toBe(only);
      }
    }
  });

  it.each([
    ['one while tasks are long', 1, 20, 1],
    ['half at most', 32, 6, 3],
    ['eight at most', 32, 40, 8],
    ['as many as a batch', 4, 40, 4],
  ])('takes %s', (_, batch, there, taken) => {
    const { next, toDeque, set, size, word } = picking(2);
    const slots = Array.from({ length: there }, () => toDeque(1));
    set(0, L.W_BATCH, batch);
    expect(next(0)).toBe(slots[0]);
    expect([size(0), size(1), word(0, L.W_STEALS)]).toEqual([taken - 1, there - taken, taken]);
  });
});
