import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { rejection, startPool } from './pools.ts';

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('map', () => {
  it('gives the results in the order of the inputs', async () => {
    const pool = await startPool();
    const delays = numbers(40).map((i) => (i * 7) % 5);
    const results = await collect(pool.map('work', delays));
    expect(results).toEqual(delays);
  });

  it('gives them as they complete', async () => {
    const pool = await startPool({ workers: 1 });
    const results = pool.map('sleep', [2000, 1], { ordered: false });
    const first = await results.next();
    expect(first.done).toBe(false);
    expect(pool.stats().pending).toBe(1);
    await results.return();
    const all = await collect(pool.map('id', numbers(500), { ordered: false }));
    expect((all as number[]).sort((a, b) => a - b)).toEqual(numbers(500));
  });

  it('says that the function is unknown also when there are no inputs', async () => {
    const pool = await startPool({ workers: 1 });
    const none = collect(pool.map('missing', []));
    expect(await rejection(none)).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
  });

  it.each<[string, () => Iterable<unknown> | AsyncIterable<unknown>]>([
    ['an array', () => ['a', 'b']],
    ['a set', () => new Set(['a', 'b'])],
    ['a string', () => 'ab'],
    [
      'a generator',
      function* () {
        yield* ['a', 'b'];
      },
    ],
    [
      'an async generator',
      async function* () {
        yield 'a';
        yield 'b';
      },
    ],
    ['a stream', () => new ReadableStream({ start: (c) => (c.enqueue('a'), c.enqueue('b'), c.close()) })],
    [
      'an iterator that cannot be told to end',
      () => {
        const left = ['a', 'b'];
        const next = () => (left.length > 0 ? { value: left.shift() } : { done: true, value: undefined });
        return { [Symbol.iterator]: () => ({ next }) as Iterator<unknown> };
      },
    ],
    ['nothing', () => []],
  ])('takes %s', async (what, inputs) => {
    const pool = await startPool();
    const wanted = what === 'nothing' ? [] : ['a', 'b'];
    expect(await collect(pool.map('id', inputs() as Iterable<unknown>))).toEqual(wanted);
    expect(await collect(pool.map('id', inputs() as Iterable<unknown>, { ordered: false }))).toHaveLength(
      wanted.length,
    );
  });

  it('rejects what cannot be iterated', async () => {
    const pool = await startPool({ workers: 1 });
    for (const inputs of [5, null, undefined, {}]) {
      const error = await rejection(pool.map('id', inputs as never).next());
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toContain('`inputs`');
    }
  });

  it.each([true, false])('takes `window` inputs ahead and no more (ordered: %s)', async (ordered) => {
    const pool = await startPool();
    let taken = 0;
    function* endless(): Generator<number> {
      for (;;) yield taken++;
    }
    const results = pool.map('id', endless(), { window: 5, ordered });
    expect(taken).toBe(0);
    for (let consumed = 1; consumed <= 50; consumed++) {
      await results.next();
      expect(taken).toBeGreaterThanOrEqual(consumed);
      expect(taken).toBeLessThanOrEqual(consumed + 5);
      expect(pool.stats().pending).toBeLessThanOrEqual(5);
    }
    await results.return();
  });

  it.each([true, false])(
    'does not wait for a slow source with what is there (ordered: %s)',
    async (ordered) => {
      const pool = await startPool();
      // Gives its next input only when the last result has been seen: a window to fill first would never fill.
      let seen = (): void => {};
      async function* onDemand(): AsyncGenerator<number> {
        for (let i = 0; i < 5; i++) {
          const result = new Promise<void>((resolve) => {
            seen = resolve;
          });
          yield i;
          await result;
        }
      }
      const got: unknown[] = [];
      for await (const result of pool.map('id', onDemand(), { ordered })) {
        got.push(result);
        seen();
      }
      expect(got).toEqual([0, 1, 2, 3, 4]);
    },
  );

  it.each([true, false])('ends its source when it is left early (ordered: %s)', async (ordered) => {
    const pool = await startPool();
    let ended = 0;
    function* source(): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        ended++;
      }
    }
    for await (const result of pool.map('id', source(), { ordered })) if (result === 3 || !ordered) break;
    expect(ended).toBe(1);
    await until('nothing is left', () => pool.stats().pending === 0);
  });

  it('cancels what has not started when it is left early', async () => {
    const pool = await startPool({ workers: 1 });
    for await (const label of pool.map('markSlowly', numbers(8), { window: 8 })) {
      expect(label).toBe(0);
      break;
    }
    await pool.drain();
    const marks = (await pool.run('marks')) as number[];
    expect(marks).toEqual(numbers(marks.length));
    expect(marks.length).toBeLessThan(8);
    expect(pool.stats().cancelled).toBeGreaterThan(0);
  });

  it.each([true, false])(
    'an error of a task ends the loop, the source and the rest (ordered: %s)',
    async (ordered) => {
      const pool = await startPool();
      let ended = false;
      function* source(): Generator<unknown> {
        try {
          yield 'plain';
          for (;;) yield 'type';
        } finally {
          ended = true;
        }
      }
      const error = await rejection(collect(pool.map('fail', source(), { ordered })));
      expect(['plain failure', 'wrong type']).toContain(error.message);
      if (ordered) expect(error.message).toBe('plain failure');
      expect(ended).toBe(true);
      await pool.drain();
    },
  );

  it('an error of the source ends the loop; its return is not called', async () => {
    const pool = await startPool();
    const calls: string[] = [];
    const broken = (asynchronous: boolean) => ({
      [asynchronous ? Symbol.asyncIterator : Symbol.iterator]: () => ({
        next: () => {
          calls.push('next');
          if (calls.length < 3) return asynchronous ? Promise.resolve({ value: 1 }) : { value: 1 };
          if (asynchronous) return Promise.reject(new Error('source broke'));
          throw new Error('source broke');
        },
        return: () => {
          calls.push('return');
          return { done: true };
        },
      }),
    });
    for (const asynchronous of [true, false]) {
      calls.length = 0;
      const error = await rejection(collect(pool.map('id', broken(asynchronous) as never)));
      expect(error.message).toBe('source broke');
      expect(calls).toEqual(['next', 'next', 'next']);
    }
    await pool.drain();
  });

  it('an error of the return of a source does not hide that of the task', async () => {
    const pool = await startPool();
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: 'plain' }),
        return: () => {
          throw new Error('from return');
        },
      }),
    };
    const error = await rejection(collect(pool.map('fail', source as never)));
    expect(error.message).toBe('plain failure');
  });

  it('a signal ends it, also while a source gives nothing', async () => {
    const pool = await startPool();
    const stalled = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    for (const inputs of [stalled, [60_000, 60_000]]) {
      const controller = new AbortController();
      const results = collect(pool.map('sleep', inputs, { signal: controller.signal }));
      const reason = new Error('enough');
      setImmediate(() => controller.abort(reason));
      expect(await rejection(results)).toBe(reason);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }
    const aborted = AbortSignal.abort(new Error('early'));
    expect((await rejection(pool.map('id', [1], { signal: aborted }).next())).message).toBe('early');
  });

  it('rejects after close', async () => {
    const pool = await startPool({ workers: 1 });
    await pool.close();
    expect(await rejection(pool.map('id', [1]).next())).toMatchObject({ code: 'ERR_CLOSED' });
  });
});
