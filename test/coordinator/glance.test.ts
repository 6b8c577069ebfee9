// When the coordinator looks for results before the event loop turns, and when it leaves that to the turn.
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { Glance } from '../../src/coordinator/glance.ts';

/** What one look at the rings takes here, ms. */
const LOOK_MS = 0.0005;

/** A glance over rings in which a result is found at the `foundAt`th look; each finds `ended` of them. */
function ground({ foundAt = 1, ended = 1, lookMs = LOOK_MS } = {}) {
  const seen = { now: 0, looks: 0, settled: 0, glances: 0 };
  let left = foundAt;
  const core = {
    completed: () => {
      seen.looks++;
      seen.now += lookMs;
      return --left <= 0 ? 1 : 0;
    },
  };
  let settle = (): void => {};
  const glance = new Glance(
    { core } as never,
    () => {
      seen.settled += ended;
      left = foundAt;
      settle();
      return ended;
    },
    () => seen.now,
  );
  return {
    seen,
    glance,
    onSettled: (listener: () => void) => {
      settle = listener;
    },
    /** A task is submitted, and nothing else: all that follows before the event loop turns. */
    async submit(): Promise<number> {
      const { looks } = seen;
      glance.ask();
      for (let hop = 0; hop < 10; hop++) await undefined;
      return seen.looks - looks;
    },
  };
}

describe('a glance', () => {
  it('settles what has ended before the event loop turns', async () => {
    const { glance, seen } = ground({ foundAt: 3 });
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    glance.ask();
    expect(seen.settled).toBe(0);
    await undefined;
    expect(turned).toBe(false);
    expect(seen).toMatchObject({ looks: 3, settled: 1 });
  });

  it('is one for all who submit at the same time', async () => {
    const { glance, seen } = ground();
    for (let i = 0; i < 100; i++) glance.ask();
    await undefined;
    expect(seen).toMatchObject({ looks: 1, settled: 1 });
  });

  it('waits for about as long as a tiny task takes', async () => {
    const { submit, seen } = ground({ foundAt: Number.POSITIVE_INFINITY });
    expect(await submit()).toBeGreaterThan(3);
    expect(seen.now).toBeLessThan(0.005);
    expect(seen.settled).toBe(0);
  });

  it('ends when the clock stands still', async () => {
    const { submit } = ground({ foundAt: Number.POSITIVE_INFINITY, lookMs: 0 });
    expect(await submit()).toBeLessThan(1_000);
  });

  it('leads to the next one for a moment only: then the event loop turns', async () => {
    const { glance, seen, onSettled } = ground();
    onSettled(() => {
      if (seen.settled < 1_000) glance.ask();
    });
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    glance.ask();
    for (let hop = 0; hop < 1_000; hop++) await undefined;
    expect(turned).toBe(false);
    expect(seen.settled).toBeGreaterThan(50);
    const { settled } = seen;
    expect(settled).toBeLessThan(300);

    glance.turned(seen.now, 1);
    glance.ask();
    for (let hop = 0; hop < 10; hop++) await undefined;
    expect(seen.settled).toBeGreaterThan(settled);
  });

  it('is rare while glances are in vain, and frequent again after one that was not', async () => {
    const { glance, submit, seen } = ground({ foundAt: Number.POSITIVE_INFINITY });
    const counts: number[] = [];
    for (let i = 0; i < 200; i++) {
      glance.turned(seen.now, 0);
      counts.push(await submit());
    }
    const tried = counts.filter((looks) => looks > 0).length;
    expect(tried).toBeGreaterThan(3);
    expect(tried).toBeLessThan(10);
    expect(seen.settled).toBe(0);

    const other = ground();
    let found = 0;
    for (let i = 0; i < 50; i++) {
      other.glance.turned(other.seen.now, 1);
      found += await other.submit();
    }
    expect(found).toBe(50);
  });

  it('comes back when tasks have become tiny', async () => {
    const rings = ground({ foundAt: 1_000 });
    const looksOf = async (times: number) => {
      let looks = 0;
      for (let i = 0; i < times; i++) {
        rings.glance.turned(rings.seen.now, 0);
        if ((await rings.submit()) > 0) looks++;
      }
      return looks;
    };
    expect(await looksOf(64)).toBeLessThan(10);
    while (rings.seen.settled === 0) await looksOf(1);
    expect(await looksOf(3)).toBe(3);
  });

  it('leaves many results to the turn', async () => {
    const { glance, submit, seen } = ground({ ended: 100 });
    glance.turned(seen.now, 100);
    expect(await submit()).toBe(0);
    glance.turned(seen.now, 2);
    expect(await submit()).toBe(1);
    expect(await submit()).toBe(0);
  });

  it('does not show what is set off by a result the store of another request', async () => {
    const { glance, onSettled } = ground();
    const storage = new AsyncLocalStorage<string>();
    let store: string | undefined = 'not called';
    onSettled(() => {
      store = storage.getStore();
    });
    storage.run('a request', () => glance.ask());
    await undefined;
    expect(store).toBeUndefined();
  });
});
