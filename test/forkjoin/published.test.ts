/**
 * The forked programs on pools of several sizes, beside published numbers. Half a minute on two cores;
 * `MILLRACE_LONG=1` adds more random programs, and what others publish for larger machines, which takes long.
 */
import { createPool, type Pool, type PoolOptions } from 'millrace';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { utsCounts } from '../../native-bench/tasks/forkjoin.mjs';
import { type Case, casesOf, LONG } from './cases.ts';
import { expectedOf, failed, returned } from './oracles/dag.ts';
import { PROGRAMS, TREES } from './programs.ts';

const LONG_MS = 30 * 60_000;
/** Other random programs than always: a number to begin at. The name of what fails has its seed. */
const FIRST_SEED = Number(process.env['MILLRACE_SEED'] ?? 1);
const SEEDS = LONG ? 20_000 : 150;
/** For calls inside each other by the ten thousand: Node's default for a worker's stack is 4 MB. */
const DEEP: PoolOptions = { resourceLimits: { stackSizeMb: 256 } };

function start(options: PoolOptions): Promise<Pool> {
  return createPool({ tasks: PROGRAMS, ...options });
}

async function check(pool: Pool, { fn, args, answer, expected }: Case): Promise<void> {
  const given = args();
  const value = await pool.run(fn, given);
  expect(answer === undefined ? value : answer(value, given)).toEqual(expected());
}

/** Nodes, leaves and depth, as a pool of `workers` counts them. */
async function counted(pool: Pool, workers: number, tree: readonly number[]): Promise<readonly number[]> {
  const sum = await pool.run('uts', tree);
  const depths = Array.from({ length: workers }, (_, affinity) => pool.run('utsDepth', tree, { affinity }));
  return [...utsCounts(sum as number), Math.max(...((await Promise.all(depths)) as number[]))];
}

async function countsTree(pool: Pool, workers: number, name: keyof typeof TREES): Promise<void> {
  const { tree, nodes, leaves, depth } = TREES[name];
  expect(await counted(pool, workers, tree)).toEqual([nodes, leaves, depth]);
}

async function outcomeOf(run: Promise<unknown>): Promise<string> {
  try {
    return returned(await run);
  } catch (error) {
    return failed(error);
  }
}

describe.each([1, 2, 3, 8])('on %i workers', (workers) => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await start({ workers });
  });
  afterAll(() => pool?.terminate());
  afterEach(() => {
    expect(pool.stats().crashes, 'threads that have died').toBe(0);
  });

  it.each(casesOf('small'))('$title', (each) => check(pool, each));
  it.each(casesOf('usual'))('$title', (each) => check(pool, each));
  it.each(['T1', 'T3'] as const)('the tree %s', (name) => countsTree(pool, workers, name));

  it('all small programs at once', async () => {
    await Promise.all([...casesOf('small'), ...casesOf('small')].map((each) => check(pool, each)));
  });

  it.each(['dagRoot', 'dagOfShort'])(
    'random programs come to what the oracle says, and no call outlives its root: %s',
    {
      timeout: LONG ? LONG_MS : 60_000,
    },
    async (root) => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
        const size = [1, 5, 30, 200, 800][seed % 5]!;
        const { outcome, least, most } = expectedOf(seed, size);
        const ledger = new Int32Array(new SharedArrayBuffer(8));
        const seen = await outcomeOf(pool.run(root, [seed, size, ledger]));
        const [begun, ended] = [Atomics.load(ledger, 0), Atomics.load(ledger, 1)];
        const which = `seed ${seed}, size ${size}`;
        expect(seen, which).toBe(outcome);
        expect(ended, which).toBe(begun);
        expect(begun, which).toBeGreaterThanOrEqual(least);
        expect(begun, which).toBeLessThanOrEqual(most);
      }
    },
  );

  it('random programs of numbers alone, many at once', async () => {
    const seeds = Array.from({ length: 100 }, (_, i) => FIRST_SEED + 1_000_000 + i);
    const seen = await Promise.all(
      seeds.map((seed) => outcomeOf(pool.run(seed % 2 === 0 ? 'dagRoot' : 'dagOfShort', [seed, 60, null]))),
    );
    expect(seen).toEqual(seeds.map((seed) => expectedOf(seed, 60).outcome));
  });

  describe.runIf(LONG)('at length', { timeout: LONG_MS }, () => {
    it.each(casesOf('long'))('$title', (each) => check(pool, each));
    it('the tree T1L', () => countsTree(pool, workers, 'T1L'));
  });
});

describe.each([1, 2, 8])('with deep stacks, on %i workers', (workers) => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await start({ workers, ...DEEP });
  });
  afterAll(() => pool?.terminate());

  it('a chain of 100,000 calls', async () => {
    expect(await pool.run('chain', [100_000])).toBe(100_000);
  });

  it.runIf(LONG)('the tree T3L', { timeout: LONG_MS }, () => countsTree(pool, workers, 'T3L'));
});

describe.each([1, 2])('with too little stack, on %i workers', (workers) => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await start({ workers });
  });
  afterAll(() => pool?.terminate());

  it('a chain fails as a recursion does, and the pool goes on', async () => {
    for (let round = 0; round < 3; round++) {
      await expect(pool.run('chain', [1_000_000])).rejects.toThrow(RangeError);
      for (const each of casesOf('small')) await check(pool, each);
    }
  });
});
