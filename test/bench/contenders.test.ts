import { threadId } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningPool } from '../../native-bench/contenders/contender.ts';
import { entrantsOf, lacking } from '../../native-bench/contenders/entrants.ts';
import { CONTENDERS, contenderNamed } from '../../native-bench/contenders/index.ts';
import { burstMemory } from '../../native-bench/figures/burst-memory.ts';
import { busy10 } from '../../native-bench/figures/busy.ts';
import { bytesTransferred } from '../../native-bench/figures/bytes.ts';
import { flood } from '../../native-bench/figures/flood.ts';
import { holdWorkers } from '../../native-bench/figures/gate.ts';
import { bytes1m, MEGABYTE, object1k, RECORDS, records10k } from '../../native-bench/figures/inputs.ts';
import { checksum, crunch, summarize } from '../../native-bench/tasks/functions.mjs';

const WORKERS = 2;
const DEADLINE_MS = 60_000;

/** Some pools do not always close; that is no concern of what is tested, and the test process ends anyway. */
async function closeOrLeave(pool: RunningPool): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, 2_000).unref());
  await Promise.race([pool.close(), patience]);
}

describe.each(CONTENDERS)('$name', (contender) => {
  const { threads: noThreads, transfer: noTransfer } = contender.lacks ?? {};
  let pool: RunningPool;

  beforeAll(async () => {
    pool = await contender.start({ workers: WORKERS });
  }, DEADLINE_MS);

  afterAll(() => closeOrLeave(pool), DEADLINE_MS);

  it.runIf(noThreads === undefined)(
    'holds all workers at once, and lets them go',
    { timeout: DEADLINE_MS },
    async () => {
      const gate = await holdWorkers(pool, WORKERS);
      await gate.open();
    },
  );

  it('gives the right result of each task', { timeout: DEADLINE_MS }, async () => {
    expect(await pool.run('add', [2, 3])).toBe(5);
    expect(await pool.run('echo', [object1k(7)])).toEqual(object1k(7));
    expect(await pool.run('summarize', [records10k(3)])).toEqual(summarize(records10k(3)));
    expect(await pool.run('later', ['x'])).toBe('x');
    expect(await pool.run('spin', [2])).toBeGreaterThanOrEqual(2);
    expect(await pool.run('crunch', [1000])).toBe(crunch(1000));
    expect(await pool.run('crunchWhere', [1000])).toEqual({
      threadId: noThreads === undefined ? expect.any(Number) : threadId,
      ms: expect.any(Number),
      value: crunch(1000),
    });
  });

  it('copies bytes without taking them, in both directions', { timeout: DEADLINE_MS }, async () => {
    const bytes = bytes1m(5);
    expect(await pool.run('checksum', [bytes])).toBe(checksum(bytes1m(5)));
    const back = await pool.run('echo', [bytes]);
    expect(back).toBeInstanceOf(Uint8Array);
    expect(Buffer.compare(back as Uint8Array, bytes)).toBe(0);
    expect(bytes.length).toBe(MEGABYTE);
  });

  it.runIf(noThreads !== undefined)('refuses a task that would block its only thread', async () => {
    await expect(pool.run('hold', [new SharedArrayBuffer(8)])).rejects.toThrow('would block');
    await expect(pool.run('meet', [new SharedArrayBuffer(8), 2])).rejects.toThrow('would block');
  });

  it.runIf(noTransfer === undefined)(
    'moves bytes that are transferred',
    { timeout: DEADLINE_MS },
    async () => {
      const bytes = bytes1m(6);
      expect(await pool.run('checksum', [bytes], [bytes.buffer])).toBe(checksum(bytes1m(6)));
      expect(bytes.length).toBe(0);
    },
  );

  it('rejects with the message of what the task threw, and goes on', { timeout: DEADLINE_MS }, async () => {
    await expect(pool.run('fail', ['on purpose'])).rejects.toThrow('on purpose');
    expect(await pool.run('add', [1, 1])).toBe(2);
  });

  it('settles many tasks submitted at once', { timeout: DEADLINE_MS }, async () => {
    expect(await flood(pool, 1_000)).toBeGreaterThan(0);
  });
});

describe.each(CONTENDERS.filter(({ kind, lacks }) => kind !== 'yardstick' && lacks?.transfer !== undefined))(
  '$name, asked for what it lacks',
  (contender) => {
    it('says so instead of copying what should be moved', { timeout: DEADLINE_MS }, async () => {
      const pool = await contender.start({ workers: WORKERS });
      const bytes = bytes1m(6);
      await expect(pool.run('checksum', [bytes], [bytes.buffer])).rejects.toThrow(contender.lacks?.transfer);
      await closeOrLeave(pool);
    });
  },
);

describe('urgent tasks', () => {
  const BEFORE = 200;

  it.each(['millrace', 'jest-worker', 'poolifier-queue'])(
    'of %s overtake those that wait',
    {
      timeout: DEADLINE_MS,
    },
    async (name) => {
      // One worker, held: poolifier queues for each worker, and a task overtakes only what waits for the same one.
      const pool = await contenderNamed(name)!.start({ workers: 1, priorities: true });
      // Poolifier learns of priorities from a worker when that has started.
      expect(await pool.run('add', [1, 2])).toBe(3);
      const gate = await holdWorkers(pool, 1);
      const rounds = 1_000;
      let settled = 0;
      const waiting = Array.from({ length: BEFORE }, () =>
        Promise.resolve(pool.run('crunch', [rounds])).then((value) => {
          settled++;
          return value;
        }),
      );
      const overtaken = Promise.resolve(pool.urgent!('crunch', [7])).then((value) => {
        expect(value).toBe(crunch(7));
        return BEFORE - settled;
      });
      await gate.open();
      expect(new Set(await Promise.all(waiting))).toEqual(new Set([crunch(rounds)]));
      expect(await overtaken).toBeGreaterThan(BEFORE / 2);
      await closeOrLeave(pool);
    },
  );

  it('are like any others where a library has no priorities, or was not asked for them', async () => {
    for (const name of ['piscina-sync-1', 'tinypool', 'poolifier-direct', 'raw-postmessage']) {
      const pool = await contenderNamed(name)!.start({ workers: WORKERS, priorities: true });
      expect(pool.urgent).toBeUndefined();
      await closeOrLeave(pool);
    }
    const pool = await contenderNamed('jest-worker')!.start({ workers: WORKERS });
    expect(pool.urgent).toBeUndefined();
    await closeOrLeave(pool);
  });
});

describe('who takes part', () => {
  const names = (figure: Parameters<typeof entrantsOf>[0]): readonly string[] =>
    entrantsOf(figure, CONTENDERS).map(({ name }) => name);
  const everybody = CONTENDERS.map(({ name }) => name);

  it('is everybody, unless the figure names some by name or family', () => {
    expect(names(busy10)).toEqual(everybody);
    expect(names({ entrants: ['single', 'poolifier-queue', 'piscina', 'nobody'] })).toEqual(
      everybody.filter((name) => name.startsWith('piscina') || ['poolifier-queue', 'single'].includes(name)),
    );
  });

  it('leaves out a yardstick that cannot, and keeps a pool that cannot with the reason', () => {
    expect(names(burstMemory)).toEqual(everybody.filter((name) => name !== 'single'));
    expect(names(bytesTransferred)).toEqual(everybody.filter((name) => name !== 'single'));
    const reasons = CONTENDERS.flatMap((contender) => lacking(bytesTransferred, contender) ?? []);
    expect(reasons).toEqual(['jest-worker takes no transfer list', expect.stringContaining('moves nothing')]);
    expect(CONTENDERS.flatMap((contender) => lacking(busy10, contender) ?? [])).toEqual([]);
  });
});

describe('the checks of the figures', () => {
  const lying = (answer: (args: readonly unknown[]) => unknown): RunningPool => ({
    run: (_task, args) => Promise.resolve(answer(args)),
    close: async () => {},
  });
  const right = (args: readonly unknown[]): number => (args[0] as number) + (args[1] as number);

  it('notice one wrong answer among many, wherever it is', async () => {
    await expect(flood(lying(right), 100)).resolves.toBeGreaterThan(0);
    for (const wrong of [0, 1, 15, 16, 99]) {
      const pool = lying((args) => right(args) + (args[0] === wrong ? 1 : 0));
      await expect(flood(pool, 100)).rejects.toThrow(/Wrong result/);
    }
  });

  it('notice a task that fails and a value that is no number', async () => {
    const failing: RunningPool = { ...lying(right), run: () => Promise.reject(new Error('gone')) };
    await expect(flood(failing, 10)).rejects.toThrow('gone');
    await expect(
      flood(
        lying(() => undefined),
        10,
      ),
    ).rejects.toThrow(/Wrong result/);
  });

  it('send what they say they send', () => {
    expect(JSON.stringify(object1k(1)).length).toBeGreaterThan(900);
    expect(JSON.stringify(object1k(1)).length).toBeLessThan(1_200);
    expect(records10k(0)).toHaveLength(RECORDS);
    expect(checksum(bytes1m(1))).not.toBe(checksum(bytes1m(2)));
  });
});
