// Threads that wait for each other in a circle, and locks taken the wrong way round.
import { describe, expect, it } from 'vitest';
import { Barrier, Mutex, RwLock, Semaphore } from '../../../dist/src/sync/index.js';
import { Crew } from './crew.ts';

const named = (names: string) => [...names].map((name) => new Mutex({ name }).handle);
const env = (checks: string) => ({ ...process.env, MILLRACE_SYNC_CHECKS: checks });

describe('a circle of threads', () => {
  it.each([2, 3, 4])('of %i is broken: one gives up, the others go on', async (size) => {
    await using crew = new Crew();
    const mutexes = named('abcd'.slice(0, size));
    const barrier = new Barrier({ parties: size }).handle;
    const members = mutexes.map((_, n) =>
      crew.hire('circle', { mutexes, barrier, first: n, second: (n + 1) % size }, env('0')),
    );
    await crew.start();
    const codes = await Promise.all(members.map(({ result }) => result));
    expect(codes.filter((code) => code === 'ERR_DEADLOCK')).toHaveLength(1);
    expect(codes.filter((code) => code === 'none')).toHaveLength(size - 1);
  });

  it('through readers and a writer is broken', async () => {
    await using crew = new Crew();
    const data = {
      lock: new RwLock().handle,
      mutex: new Mutex().handle,
      barrier: new Barrier({ parties: 2 }).handle,
    };
    const members = [true, false].map((reads) => crew.hire('mixed', { ...data, reads }, env('0')));
    await crew.start();
    const codes = await Promise.all(members.map(({ result }) => result));
    expect([...codes].sort()).toEqual(['ERR_DEADLOCK', 'none']);
  });
});

describe('a circle through a semaphore', () => {
  /** Each thread as `holds>wants`, or `holds>` and for how many ms. Two mutexes, and semaphores with so many permits. */
  async function play(permits: readonly number[], threads: readonly string[]): Promise<readonly unknown[]> {
    await using crew = new Crew();
    const data = {
      mutexes: named('ab'),
      semaphores: permits.map((count) => new Semaphore({ permits: count }).handle),
      barrier: new Barrier({ parties: threads.length }).handle,
    };
    const members = threads.map((thread, n) => {
      const [holds, then] = thread.split('>') as [string, string];
      const waits = Number(then) > 0;
      const how = {
        holds: holds.split(' '),
        wants: waits ? '' : then,
        pause: waits ? Number(then) : n * 5,
      };
      return crew.hire('knot', { ...data, ...how }, env('0'));
    });
    await crew.start();
    return await Promise.all(members.map(({ result }) => result));
  }
  const told = (codes: readonly unknown[]) => codes.filter((code) => code === 'ERR_DEADLOCK').length;

  it.each([
    ['its one permit', [1], ['s0>m0', 'm0>s0']],
    ['two semaphores', [1, 1], ['s0>s1', 's1>s0']],
    ['a permit beside its own', [2], ['s0>m0', 's0 m0>s0']],
    ['one with several permits', [3], ['s0 s0 s0>m0', 'm0>s0']],
    ['all who hold one', [2], ['s0>m0', 's0>m0', 'm0>s0']],
    ['all who hold one, the waiter first', [2], ['m0>s0', 's0>m0', 's0>m0']],
    ['all who hold one, one over another lock', [2], ['s0>m0', 's0>m1', 'm0>s0', 'm1>m0']],
    ['two semaphores, one of them with several holders', [2, 1], ['s0>s1', 's0>s1', 's1>s0']],
  ])('is broken: %s', async (_what, permits, threads) => {
    const codes = await play(permits, threads);
    expect(told(codes)).toBeGreaterThan(0);
    expect(told(codes)).toBeLessThan(threads.length);
    expect(codes.filter((code) => code === 'none')).toHaveLength(threads.length - told(codes));
  });

  it.each([
    ['one who holds a permit goes on', [2], ['s0>m0', 's0>300', 'm0>s0']],
    ['the waiter has one, and another goes on', [3], ['s0>m0', 's0>300', 's0 m0>s0']],
    ['one side goes on', [2, 2], ['s0>s1', 's0>s1', 's1>s0', 's1>300']],
  ])('is none when %s', async (_what, permits, threads) => {
    expect(told(await play(permits, threads))).toBe(0);
  });
});

interface Ordered {
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly detail: string }[];
  readonly code: string;
}

describe('the order of locks', () => {
  async function play(orders: readonly (readonly number[])[][], checks: string): Promise<readonly Ordered[]> {
    const mutexes = named('abc');
    const results: Ordered[] = [];
    // One thread after the other: there is never a deadlock.
    for (const order of orders) {
      await using crew = new Crew();
      const member = crew.hire<Ordered>('order', { mutexes, order }, env(checks));
      await crew.start();
      results.push(await member.result);
    }
    return results;
  }

  it('is warned of, with both names and where the other order was taken', async () => {
    const [first, second] = await play(
      [
        [[0, 1]],
        [
          [1, 0],
          [1, 0],
        ],
      ],
      '1',
    );
    expect(first!.warnings).toEqual([]);
    expect(second!.warnings).toHaveLength(1);
    const [{ code, message, detail }] = second!.warnings as [Ordered['warnings'][number]];
    expect(code).toBe('MILLRACE_LOCK_ORDER');
    expect(message).toContain('"a" while "b" is held, but elsewhere "a", then "b"');
    expect(detail.match(/crew\.mjs/g)!.length).toBeGreaterThanOrEqual(2);
  });

  it('is found over three locks', async () => {
    const [, , third] = await play([[[0, 1]], [[1, 2]], [[2, 0]]], '1');
    expect(third!.warnings[0]?.message).toContain('elsewhere "a", then "b", then "c"');
  });

  it('throws instead with `throw`, and spares those that take the right order', async () => {
    const [, second, third] = await play([[[0, 1]], [[1, 0]], [[0, 1]]], 'throw');
    expect(second!.code).toBe('ERR_LOCK_ORDER');
    expect(third).toEqual({ warnings: [], code: 'none' });
  });

  it('is not looked at with 0', async () => {
    const [, second] = await play([[[0, 1]], [[1, 0]]], '0');
    expect(second).toEqual({ warnings: [], code: 'none' });
  });
});
