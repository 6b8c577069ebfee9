import { describe, expect, it, vi } from 'vitest';
import { solverOf } from '../../native-bench/contenders/forking.ts';
import { FORK_JOIN_FIGURES } from '../../native-bench/figures/forkjoin.ts';
import { PROBLEMS } from '../../native-bench/figures/problems.ts';
import { UTS_TREES, uts, utsCounts } from '../../native-bench/tasks/forkjoin.mjs';
import { task } from '../../workers/task.ts';
import { CASES, casesOf, LONG } from '../forkjoin/cases.ts';
import { fannkuch, mandelbrotPbm, spectralNorm } from '../forkjoin/oracles/benchmarks-game.ts';
import { expectedOf, failed, returned } from '../forkjoin/oracles/dag.ts';
import { PROGRAMS, TREES } from '../forkjoin/programs.ts';
import { fork, join, run, type Schedule } from './stand-in.ts';

vi.mock('millrace/worker', () => import('./stand-in.ts'));
vi.mock('millrace/parallel', () => import('../../src/parallel/index.ts'));

type Callable = (...args: never[]) => unknown;

const MODULES = await Promise.all(
  PROGRAMS.map(async ({ href }) => (await import(/* @vite-ignore */ href)) as Record<string, unknown>),
);
const FUNCTIONS = new Map(
  MODULES.flatMap((module) => Object.entries(module)).filter(
    (entry): entry is [string, Callable] => typeof entry[1] === 'function',
  ),
);
const EXPORTED: ReadonlySet<unknown> = new Set(FUNCTIONS.values());

function ran(schedule: Schedule, fn: string, args: readonly unknown[]): ReturnType<typeof run> {
  return run(schedule, EXPORTED, FUNCTIONS.get(fn)!, args);
}

/** Numbers below what is asked for, by a seed (Lehmer). */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const SCHEDULES: readonly (readonly [string, () => Schedule])[] = [
  ['at join', () => 'at join'],
  ['at fork', () => 'at fork'],
  ['at random', () => randomly(1)],
  ['otherwise at random', () => randomly(77)],
];

describe.each(SCHEDULES)('programs whose children run %s', (name, schedule) => {
  it.each(casesOf('small'))('$title', ({ fn, args, answer, expected, copies }) => {
    const given = args();
    const { value, forked } = ran(schedule(), fn, given);
    expect(answer === undefined ? value : answer(value, given)).toEqual(expected());
    if (copies !== true) {
      expect(forked.mostArguments).toBeLessThanOrEqual(6);
      expect(forked.inline).toBe(forked.count);
      expect(forked.copiedResults).toBe(0);
    }
  });

  it('count trees as the sequential program does, by numbers alone', () => {
    for (const tree of [
      [1, 4, 4, 19],
      [0, 20, 0.124875, 8, 42],
    ]) {
      const every = ran(schedule(), 'utsEvery', tree);
      const depth = ran('at join', 'utsDepth', tree).value;
      expect([...utsCounts(every.value as number), depth]).toEqual(uts(...tree));
      expect(every.forked.count).toBe(uts(...tree)[0] - 1);
      const { value, forked } = ran(schedule(), 'uts', tree);
      expect(value).toBe(every.value);
      expect(forked.count).toBeLessThan(every.forked.count);
      for (const { count, inline, mostArguments, copiedResults } of [forked, every.forked]) {
        expect([inline, mostArguments, copiedResults]).toEqual([count, count === 0 ? 0 : 6, 0]);
      }
    }
  });

  it('see as deep a tree with few forks as with many', async () => {
    // A worker remembers what it has seen: in the same copy of the module the depth could be that of another program.
    const copy = `../../native-bench/tasks/forking/trees.mjs?${name.replaceAll(' ', '-')}`;
    const trees = (await import(/* @vite-ignore */ copy)) as Record<
      'uts' | 'utsAmong' | 'utsDepth',
      Callable
    >;
    const tree = [0, 20, 0.124875, 8, 42];
    const exported: ReadonlySet<unknown> = new Set(Object.values(trees));
    expect(run('at join', exported, trees.utsDepth, tree).value).toBe(0);
    run(schedule(), exported, trees.uts, tree);
    expect(run('at join', exported, trees.utsDepth, tree).value).toBe(uts(...tree)[2]);
  });

  it('fork where a thief waits, and only there', () => {
    for (const [fn, args] of [
      ['nqueens', [9]],
      ['uts', [1, 4, 4, 19]],
      ['uts', [0, 20, 0.124875, 8, 42]],
    ] as const) {
      expect(ran('at join', fn, args).forked.count).toBe(0);
      expect(ran('at fork', fn, args).forked.count).toBeGreaterThan(10);
    }
  });

  it('go a thousand calls deep', () => {
    expect(ran(schedule(), 'chain', [1_000]).value).toBe(1_000);
  });

  it('come to what the oracle says, whatever they fork, join, throw and catch', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const size = [1, 3, 10, 40, 150][seed % 5]!;
      const { outcome, least, most } = expectedOf(seed, size);
      for (const ledger of [null, new Int32Array(new SharedArrayBuffer(8))]) {
        const when = schedule();
        let seen: string;
        try {
          seen = returned(
            ran(typeof when === 'string' ? when : randomly(seed), 'dagRoot', [seed, size, ledger]).value,
          );
        } catch (error) {
          seen = failed(error);
        }
        expect(seen, `seed ${seed}, size ${size}`).toBe(outcome);
        if (ledger === null) continue;
        expect(ledger[1]).toBe(ledger[0]);
        if (when === 'at join') expect(ledger[0]).toBe(least);
        if (when === 'at fork') expect(ledger[0]).toBe(most);
        expect(ledger[0]).toBeGreaterThanOrEqual(least);
        expect(ledger[0]).toBeLessThanOrEqual(most);
      }
    }
  });
});

describe('the published trees', () => {
  // Four million nodes each. On a pool they are counted in every run of the tests.
  it.runIf(LONG).each(['T1', 'T3'] as const)('%s', { timeout: 60_000 }, (name) => {
    const { tree, nodes, leaves, depth } = TREES[name];
    expect(utsCounts(ran('at join', 'uts', tree).value as number)).toEqual([nodes, leaves]);
    expect(ran('at join', 'utsDepth', tree).value).toBe(depth);
  });

  it('are among those a forked program knows, as are those of the bench', () => {
    const known = UTS_TREES.map(String);
    for (const { tree } of Object.values(TREES)) expect(known).toContain(String(tree));
    for (const { sizes } of PROBLEMS) {
      for (const { program, numbers } of Object.values(sizes)) {
        if (program === 'uts') expect(known).toContain(String(numbers));
      }
    }
    for (const fn of ['uts', 'utsEvery', 'utsDepth']) {
      expect(() => ran('at join', fn, [1, 4, 10, 20])).toThrow('no tree 1 4 10 20');
    }
  });

  it('have counts that fit into one number', () => {
    for (const { nodes, leaves } of Object.values(TREES)) {
      const sum = (nodes - leaves) * 2 ** 27 + leaves;
      expect(Number.isSafeInteger(sum)).toBe(true);
      expect(utsCounts(sum)).toEqual([nodes, leaves]);
    }
  });
});

describe('the oracles', () => {
  it('give what the Benchmarks Game publishes', () => {
    expect(spectralNorm(100)).toBe('1.274219991');
    expect(fannkuch(7)).toBe('228\nPfannkuchen(7) = 16\n');
    expect(mandelbrotPbm(200).length).toBe(11 + 5_000);
  });

  it('know random programs that return and that fail, that drop children and that drop none', () => {
    const expected = Array.from({ length: 300 }, (_, seed) => expectedOf(seed + 1, 30));
    const share = (of: (each: (typeof expected)[number]) => boolean): number =>
      expected.filter(of).length / expected.length;
    expect(share(({ outcome }) => outcome.startsWith('threw'))).toBeGreaterThan(0.05);
    expect(share(({ outcome }) => outcome.startsWith('returned'))).toBeGreaterThan(0.5);
    expect(share(({ least, most }) => least < most)).toBeGreaterThan(0.3);
    expect(share(({ least, most }) => least === most)).toBeGreaterThan(0.1);
    expect(new Set(expected.map(({ outcome }) => outcome)).size).toBeGreaterThan(0.9 * expected.length);
  });
});

describe('the stand-in', () => {
  const leaf = (): number => 1;
  const exported: ReadonlySet<unknown> = new Set([leaf]);
  const inTask = (body: () => unknown) => run('at join', exported, body, []);

  it('refuses what Millrace refuses', () => {
    expect(() => inTask(() => fork(() => 1))).toThrow('not exported by a task module');
    expect(() => inTask(() => void fork(leaf))).toThrow('returned before it joined 1 children');
    expect(inTask(() => join(fork(task(() => 1)))).value).toBe(1);
    expect(() => inTask(() => join(0))).toThrow('no child 0');
    expect(() =>
      inTask(() => {
        const child = fork(leaf);
        join(child);
        return join(child);
      }),
    ).toThrow('was joined before');
    expect(() => fork(leaf)).toThrow('inside a task');
  });

  it('refuses a join by another call than the one that forked', () => {
    const taking = (handle: number): unknown => join(handle);
    expect(() =>
      run('at join', new Set([leaf, taking]), () => join(fork(taking as never, fork(leaf))), []),
    ).toThrow('forked by another call');
  });
});

describe('the figures of the bench', () => {
  it.each(FORK_JOIN_FIGURES)('$name: Millrace gives the answer posed', async (figure) => {
    const started: number[] = [];
    const open = new Set<number>();
    const running = solverOf(async (threads) => {
      started.push(threads);
      open.add(threads);
      return {
        run: async (task, args) => ran('at join', task, args).value,
        close: async () => open.delete(threads),
      };
    });
    const trial = await figure.open({
      effort: 'smoke',
      workers: 2,
      pace: 1_000,
      runsTasks: true,
      start: async () => running,
    });
    for (let round = 0; round < 2; round++) {
      expect(await trial.sample()).toMatchObject({ speedUp: expect.any(Number) });
    }
    expect(started).toEqual([1, 2]);
    await trial.end();
    expect(open.size).toBe(0);
  });

  it('ask every worker how deep a tree it has seen', async () => {
    const [tree, ...asked] = [[1, 4, 4, 19], 3, 9, 4];
    const solver = solverOf(async () => ({
      run: async (task, _args, options) => (task === 'uts' ? 2 * 2 ** 27 + 5 : asked[options!.affinity!]),
      close: async () => {},
    }));
    const { answer } = await solver.solve({ program: 'uts', numbers: tree as number[] }, 3);
    expect(answer).toEqual([7, 5, 9]);
  });

  it('run the program that forks at every node where they say so', async () => {
    const tasks: string[] = [];
    const solver = solverOf(async () => ({
      run: async (task) => tasks.push(task),
      close: async () => {},
    }));
    const posed = [
      { program: 'nqueens', numbers: [6] },
      { program: 'uts', numbers: [1, 4, 4, 19] },
      { program: 'fib', numbers: [3] },
    ] as const;
    for (const each of posed) {
      await solver.solve(each, 1);
      await solver.solve({ ...each, forks: 'at every node' }, 1);
    }
    expect(tasks.filter((task) => task !== 'utsDepth')).toEqual([
      ...['nqueens', 'nqueensEvery', 'uts', 'utsEvery'],
      ...['fib', 'fib'],
    ]);
  });
});

describe('the cases', () => {
  it('are of each program, small and on a pool', () => {
    const functions = (size: 'small' | 'usual'): string[] =>
      [...new Set(casesOf(size).map(({ fn }) => fn))].sort();
    expect(functions('usual')).toEqual(functions('small'));
    expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length);
    for (const { fn } of CASES) expect(FUNCTIONS.has(fn)).toBe(true);
  });
});
