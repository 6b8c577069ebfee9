import { setImmediate } from 'node:timers/promises';
import { setEnvironmentData } from 'node:worker_threads';
import fc from 'fast-check';
import type { Pool, PoolOptions } from 'millrace';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { startPool } from './pools.ts';

const ITEMS = new URL('./fixtures/items.mjs', import.meta.url);
/** Trivial items first, so that chunks are long when the others come. */
const WARM = 3000;
const MOST = 8192;
/** For what is held and all behind it: beside busy processes items may seem so long that the default window is 16. */
const WIDE = { window: 4096 };

type Item = readonly [index: number, what: string, value?: unknown];

/** A pool whose threads count in `runs` how often each item has run; its last word holds and releases. */
async function start(options: PoolOptions = {}): Promise<{ pool: Pool; runs: Int32Array }> {
  const runs = new Int32Array(new SharedArrayBuffer(MOST * 4));
  setEnvironmentData('runs', runs);
  const pool = await startPool({ tasks: ITEMS, graceMs: 100, ...options });
  return { pool, runs };
}

const release = (runs: Int32Array): void => {
  Atomics.store(runs, MOST - 1, 1);
  Atomics.notify(runs, MOST - 1);
};
const warm = (): Item[] => Array.from({ length: WARM }, (_, i) => [i, 'value', i]);
const then = (...what: readonly string[]): Item[] => [
  ...warm(),
  ...what.map((w, i): Item => [WARM + i, w, WARM + i]),
];

async function take(
  results: AsyncIterable<unknown>,
  most = Number.POSITIVE_INFINITY,
): Promise<{ got: unknown[]; error?: Error & { code?: string } }> {
  const got: unknown[] = [];
  try {
    for await (const result of results) {
      got.push(result);
      if (got.length >= most) break;
    }
    return { got };
  } catch (error) {
    return { got, error: error as Error };
  }
}

async function expectNothingLeft(pool: Pool): Promise<void> {
  await pool.drain();
  // What was cancelled while a worker read it is given back when something ends.
  await until('no record is held', async () => {
    await pool.run('inc', [1]);
    return pool.stats().memory.records === 0;
  });
  const { submitted, completed, failed, cancelled, pending, memory } = pool.stats();
  expect({ pending, sum: completed + failed + cancelled }).toEqual({ pending: 0, sum: submitted });
  expect(memory.payloadBytes).toBe(0);
}

describe('chunks of map', () => {
  it.each([true, false])(
    'short items share tasks, and are counted one by one (ordered: %s)',
    async (ordered) => {
      const { pool } = await start();
      let shared = 0;
      const got: number[] = [];
      for await (const x of pool.map(
        'inc',
        Array.from({ length: 20_000 }, (_, i) => i),
        { ordered },
      )) {
        got.push(x as number);
        if (got.length % 64 === 0) {
          const { pending, memory } = pool.stats();
          shared = Math.max(shared, pending - memory.records);
        }
      }
      expect(shared).toBeGreaterThan(100);
      if (!ordered) got.sort((a, b) => a - b);
      expect(got).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
      expect(pool.stats()).toMatchObject({ submitted: 20_000, completed: 20_000, failed: 0, cancelled: 0 });
      await until('the workers have counted', () => {
        return pool.stats().workers.reduce((sum, { completed }) => sum + completed, 0) === 20_000;
      });
      await expectNothingLeft(pool);
    },
  );

  it('copies an input when it is taken, and a result when it is returned', async () => {
    const { pool } = await start();
    const one = { text: '' };
    function* inputs(): Generator<typeof one> {
      for (let i = 0; i < 3000; i++) {
        one.text = 'x'.repeat(i % 50);
        yield one;
      }
    }
    expect(await take(pool.map('length', inputs()))).toEqual({
      got: Array.from({ length: 3000 }, (_, i) => i % 50),
    });
    const { got } = await take(
      pool.map(
        'scratchOf',
        Array.from({ length: 3000 }, (_, i) => i),
      ),
    );
    expect(got).toEqual(Array.from({ length: 3000 }, (_, i) => ({ at: i, text: String(i).repeat(3) })));
  });

  it('an input that cannot be sent is named as that of a task', async () => {
    const { pool } = await start();
    const inputs = [...warm(), [WARM, 'value', { x: () => 1 }]];
    const { got, error } = await take(pool.map('item', inputs));
    expect(got).toHaveLength(WARM);
    expect(error).toMatchObject({ code: 'ERR_SERIALIZE', path: 'args[0][2].x' });
    await expectNothingLeft(pool);
  });

  it('so is a result, and what an item throws', async () => {
    const { pool } = await start();
    const bad = await take(pool.map('item', then('value', 'bad result', 'value')));
    expect(bad.got).toHaveLength(WARM + 1);
    expect(bad.error).toMatchObject({ code: 'ERR_RESULT_SERIALIZE', path: 'result.deep[0]' });
    const thrown = await take(pool.map('item', then('value', 'throw', 'value')));
    expect(thrown.error).toBeInstanceOf(RangeError);
    expect(thrown.error?.message).toBe(`item ${WARM + 1}`);
    expect(thrown.error?.stack).toMatch(/items\.mjs.*--- awaited at ---/s);
    await expectNothingLeft(pool);
  });

  it.each([true, false])(
    'what an item throws while it is waited for tells by whom (ordered: %s)',
    async (ordered) => {
      const { pool } = await start();
      const { error } = await take(pool.map('item', [[0, 'throw']], { ordered }));
      expect(error?.stack).toMatch(/items\.mjs.*--- awaited at ---/s);
      await expectNothingLeft(pool);
    },
  );

  it('an item that returns a promise holds nobody up', async () => {
    const { pool, runs } = await start({ workers: 1 });
    const inputs = then('value', 'later', 'value', 'async', 'value');
    expect((await take(pool.map('item', inputs))).got).toEqual(inputs.map(([i]) => i));
    expect(runs.slice(0, WARM + 5)).toEqual(new Int32Array(WARM + 5).fill(1));
    await expectNothingLeft(pool);
  });

  it('items behind a long one are run by others', async () => {
    const { pool, runs } = await start();
    const inputs = then('held', ...new Array<string>(50).fill('value'));
    const all = take(pool.map('item', inputs, WIDE));
    await until('all others have run', () => runs.slice(0, WARM + 51).every((n) => n === 1));
    release(runs);
    expect((await all).got).toHaveLength(WARM + 51);
    await expectNothingLeft(pool);
  });

  describe('behind one that takes long', () => {
    /** A map of which the first item is held: how many inputs were taken when nothing else runs any more. */
    async function takenBehind(
      what: string,
      most: number,
      options?: { readonly window: number },
    ): Promise<number> {
      const { pool, runs } = await start();
      let taken = 0;
      function* inputs(): Generator<Item> {
        for (; taken < most; ) yield [taken, taken++ === 0 ? 'held' : what];
      }
      const all = take(pool.map('item', inputs(), options));
      await until('the others have run', () => runs[0] === 1 && pool.stats().pending === 1);
      const then = taken;
      release(runs);
      expect((await all).got).toHaveLength(most);
      await expectNothingLeft(pool);
      return then;
    }

    it('further inputs are taken, so that all workers have something to do', async () => {
      expect(await takenBehind('short', 200)).toBe(200);
    });

    it('no more than the window that was given', async () => {
      expect(await takenBehind('short', 200, { window: 20 })).toBe(20);
    });

    it('no more than hold some 16 MiB of results', async () => {
      const taken = await takenBehind('mega', 80);
      expect(taken).toBeGreaterThan(16);
      expect(taken).toBeLessThanOrEqual(16 + 16);
    });
  });

  it('an item has a context of its own', async () => {
    const { pool } = await start({ workers: 1 });
    const { got } = await take(
      pool.map(
        'contexts',
        Array.from({ length: 2000 }, (_, i) => i),
      ),
    );
    expect(got).toEqual(Array.from({ length: 2000 }, (_, i) => [i, false, false, 'number']));
  });

  it('large outcomes, moved ones and forks come back', async () => {
    const { pool } = await start();
    const inputs = then('large', 'moved', 'forked', 'value', 'large', 'large', 'value');
    const { got } = await take(pool.map('item', inputs));
    expect(got.slice(WARM)).toEqual([
      { value: WARM, filling: 'x'.repeat(9000) },
      new Uint8Array([(WARM + 1) & 255]),
      WARM + 2,
      WARM + 3,
      { value: WARM + 4, filling: 'x'.repeat(9000) },
      { value: WARM + 5, filling: 'x'.repeat(9000) },
      WARM + 6,
    ]);
    await expectNothingLeft(pool);
  });

  it('after a signal no item of a chunk begins', async () => {
    const { pool, runs } = await start({ workers: 1 });
    const controller = new AbortController();
    // Each of them, because which of those at hand a worker begins first is nobody's promise.
    const inputs = then(...new Array<string>(100).fill('forever'));
    const begun = (): number => runs.slice(WARM).reduce((sum, n) => sum + n);
    const all = take(pool.map('item', inputs, { signal: controller.signal }));
    // At once: some milliseconds later a chunk is closed for the sake of what waits in it.
    while (begun() === 0) await setImmediate();
    const reason = new Error('enough');
    controller.abort(reason);
    expect((await all).error).toBe(reason);
    await expectNothingLeft(pool);
    // Those behind it may have been issued elsewhere, where nobody was: this pool has one worker.
    expect(begun()).toBe(1);
  });

  it('an item that never ends is ended with its thread, for a signal', async () => {
    const { pool, runs } = await start({ workers: 1 });
    const controller = new AbortController();
    const inputs = then('value', 'endless', 'value');
    const all = take(pool.map('item', inputs, { signal: controller.signal }));
    await until('it runs', () => runs[WARM + 1] === 1);
    controller.abort(new Error('enough'));
    expect((await all).error?.message).toBe('enough');
    expect(await pool.run('inc', [1])).toBe(2);
    await expectNothingLeft(pool);
  });

  it('close lets what was taken finish, terminate does not', async () => {
    const { pool, runs } = await start({ workers: 1 });
    let taken = 0;
    function* inputs(): Generator<Item> {
      for (const item of then('value', 'short', ...new Array<string>(200).fill('value'))) {
        taken++;
        if (taken === WARM + 100) void pool.close();
        yield item;
      }
    }
    const { got, error } = await take(pool.map('item', inputs()));
    expect(error).toMatchObject({ code: 'ERR_CLOSED' });
    // The one that was being taken, and all before it.
    expect(got.length).toBe(taken > WARM + 100 ? WARM + 99 : taken);
    expect(runs.slice(0, got.length).every((n) => n === 1)).toBe(true);
    const other = await start({ workers: 1 });
    const all = take(other.pool.map('item', then('forever', 'value', 'value')));
    await until('it runs', () => other.runs[WARM] === 1);
    await other.pool.terminate();
    expect((await all).error).toMatchObject({ code: 'ERR_TERMINATED' });
  });

  it('an item that ends its thread is the only one to fail', async () => {
    const { pool, runs } = await start();
    const inputs = then('held', 'value', 'value', 'exit', ...new Array<string>(60).fill('value'));
    const all = take(pool.map('item', inputs, WIDE));
    await until('all have run', () => runs.slice(0, WARM + 64).every((n) => n > 0));
    release(runs);
    const { got, error } = await all;
    expect(got).toEqual(inputs.slice(0, WARM + 3).map(([i]) => i));
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: true });
    expect(runs.slice(0, WARM + 64)).toEqual(new Int32Array(WARM + 64).fill(1));
    expect(pool.stats()).toMatchObject({ failed: 1, crashes: 1 });
    await expectNothingLeft(pool);
  });

  it.each([true, false])('does what a loop would do (ordered: %s)', async (ordered) => {
    const { pool, runs } = await start();
    const what = fc.oneof(
      { weight: 60, arbitrary: fc.constant('value') },
      {
        weight: 4,
        arbitrary: fc.constantFrom('async', 'later', 'slow', 'short', 'large', 'moved', 'forked'),
      },
      { weight: 1, arbitrary: fc.constantFrom('throw', 'rejects', 'bad result', 'bad input') },
    );
    const cases = fc.record({
      warm: fc.constantFrom(0, 30, 700),
      rest: fc.array(what, { maxLength: 120 }),
      window: fc.constantFrom(undefined, undefined, 1, 3, 16, 100, 5000),
      most: fc.option(fc.nat(800), { nil: Number.POSITIVE_INFINITY }),
      asynchronous: fc.boolean(),
      priority: fc.constantFrom('normal', 'low', 'critical'),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ warm, rest, window, most, asynchronous, priority }) => {
        runs.fill(0);
        const kinds = [...new Array<string>(warm).fill('value'), ...rest];
        const inputs = kinds.map((kind, i): Item => [i, kind, kind === 'bad input' ? () => i : i]);
        async function* slowly(): AsyncGenerator<Item> {
          yield* inputs;
        }
        const options = { ordered, priority, ...(window === undefined ? {} : { window }) } as const;
        const source = asynchronous ? slowly() : inputs;
        const { got, error } = await take(pool.map('item', source, options), most);
        await expectNothingLeft(pool);
        const wanted = kinds.map(outcome);
        const failing = wanted.findIndex((o) => o instanceof Error);
        const seen = got.map((g) => JSON.stringify(g));
        if (ordered) {
          const upTo = Math.min(failing < 0 ? kinds.length : failing, Math.max(1, most));
          expect(seen).toEqual(wanted.slice(0, upTo).map((o) => JSON.stringify(o)));
          expect(error?.message).toEqual(
            failing >= 0 && failing < Math.max(1, most)
              ? expect.stringMatching(message(kinds, failing))
              : undefined,
          );
        } else {
          expect(new Set(seen).size).toBe(seen.length);
          if (error === undefined && most >= kinds.length) {
            expect([...seen].sort()).toEqual(wanted.map((o) => JSON.stringify(o)).sort());
          }
          if (error !== undefined) expect(failing).toBeGreaterThanOrEqual(0);
        }
        const counts = [...runs.slice(0, kinds.length)];
        expect(Math.max(0, ...counts)).toBeLessThanOrEqual(1);
        if (error === undefined && got.length === kinds.length) expect(Math.min(1, ...counts)).toBe(1);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 40) },
    );
  });
});

function outcome(kind: string, i: number): unknown {
  switch (kind) {
    case 'throw':
    case 'rejects':
    case 'bad result':
    case 'bad input':
      return new Error();
    case 'large':
      return { value: i, filling: 'x'.repeat(9000) };
    case 'moved':
      return new Uint8Array([i]);
    default:
      return i;
  }
}

function message(kinds: readonly string[], i: number): RegExp {
  const kind = kinds[i];
  if (kind === 'bad input') return /args\[0\]\[2\]/;
  return kind === 'bad result' ? /result\.deep\[0\]/ : new RegExp(`^item ${i}$`);
}
