import { describe, expect, it, vi } from 'vitest';
import {
  add,
  call,
  cas,
  done,
  exited,
  explore,
  fail,
  load,
  notify,
  type Program,
  type Report,
  read,
  type Scenario,
  StateLimitError,
  sequence,
  store,
  wait,
  write,
} from './explore.ts';
import { ins } from './random-module.ts';
import { HashedStateSet } from './state-set.ts';
import { encode } from './wasm/encode.ts';
import type { WasmModule } from './wasm/module.ts';

vi.setConfig({ testTimeout: 120_000 });

const WORDS = [{ name: 'words', start: 0, words: 4 }];

function threads(programs: Readonly<Record<string, Program>>, registers = [0, 0, 0]): Scenario['threads'] {
  return Object.entries(programs).map(([name, program]) => ({ name, program, registers }));
}

function textOf(report: Report): string | undefined {
  return report.violation?.text;
}

const keep =
  (register: number) =>
  (r: number[], result: unknown): void => {
    r[register] = Number(result);
  };

describe('counters', () => {
  const end: Scenario['end'] = (view) => (view.load(0) === 2 ? undefined : `the counter is ${view.load(0)}`);
  const labels = { counter: 0 };

  it('loses an update between a load and a store, by the shortest way', () => {
    const increment = sequence([load(0), (_, seen) => store(0, Number(seen) + 1)]);
    const report = explore({ regions: WORDS, labels, threads: threads({ a: increment, b: increment }), end });
    expect(report.violation?.message).toBe('the counter is 1');
    expect(report.violation?.trace.map((s) => `${s.thread} ${s.access} ${s.address} ${s.value}`)).toEqual([
      'a load counter is 0',
      'b load counter is 0',
      'a store counter := 1 (was 0)',
      'b store counter := 1 (was 1)',
    ]);
    expect(report.plain).toEqual([]);
  });

  it('counts right by atomic add, in as many states as there are sets of threads that have added', () => {
    const report = explore({
      regions: WORDS,
      labels,
      threads: threads({ a: sequence([add(0, 1)]), b: sequence([add(0, 1)]) }),
      end,
    });
    expect(textOf(report)).toBeUndefined();
    expect(report).toMatchObject({ states: 4, transitions: 4, ends: 1, depth: 2 });
  });

  it('names the words that were touched plainly', () => {
    const increment = sequence([read(0), (_, seen) => write(0, Number(seen) + 1)]);
    const { plain } = explore({ regions: WORDS, labels, threads: threads({ a: increment, b: increment }) });
    expect(plain).toEqual([{ address: 0, label: 'counter', readers: ['a', 'b'], writers: ['a', 'b'] }]);
  });
});

describe("Dekker's pair", () => {
  const announce = (mine: number, other: number): Program => sequence([store(mine, 1), load(other), keep(1)]);
  const both: Scenario['end'] = (view) =>
    view.registers('a')[1] === 0 && view.registers('b')[1] === 0 ? 'neither saw the other' : undefined;

  it('never lets both miss each other', () => {
    const report = explore({
      regions: WORDS,
      threads: threads({ a: announce(0, 4), b: announce(4, 0) }),
      end: both,
    });
    expect(textOf(report)).toBeUndefined();
  });

  it('lets them when one looks before it announces', () => {
    const late = sequence([load(0), keep(1), store(4, 1)]);
    const report = explore({ regions: WORDS, threads: threads({ a: announce(0, 4), b: late }), end: both });
    expect(report.violation?.message).toBe('neither saw the other');
  });
});

/** Word 0: work. Word 4: the sleeper's flag, on which it sleeps. */
describe('sleeping', () => {
  const waker = sequence([store(0, 1), store(4, 1), notify(4, 1)]);

  it('finds the wake-up that comes between the look and the sleep', () => {
    const sleeper = sequence([load(0), (_, work) => (work === 0 ? wait(4, 1) : done)]);
    const raiser = sequence([store(0, 1), notify(4, 1)]);
    const report = explore({
      regions: WORDS,
      labels: { work: 0, flag: 4 },
      setup: (m) => m.store(4, 1),
      threads: threads({ sleeper, raiser }),
    });
    expect(report.violation?.message).toBe('deadlock: sleeper sleeps on flag and nobody is left to wake it');
    expect(report.violation?.trace.at(-1)).toMatchObject({
      thread: 'sleeper',
      access: 'wait',
      value: 'is 1: sleeps',
    });
  });

  it('passes the look again by comparing as it goes to sleep', () => {
    const sleeper = sequence([load(0), (_, work) => (work === 0 ? wait(4, 0) : done)]);
    const report = explore({ regions: WORDS, threads: threads({ sleeper, waker }) });
    expect(textOf(report)).toBeUndefined();
  });

  it('may end well asleep when the scenario says so', () => {
    const program = sequence([wait(0, 0)]);
    const one = { name: 'worker', program, registers: [0] };
    expect(explore({ regions: WORDS, threads: [one] }).violation?.message).toMatch(/^deadlock/);
    expect(explore({ regions: WORDS, threads: [{ ...one, mayEndAsleep: true }] }).violation).toBeUndefined();
  });

  it('finds a deadlock of two that wait for each other', () => {
    const a = sequence([wait(0, 0), store(4, 1), notify(4)]);
    const b = sequence([wait(4, 0), store(0, 1), notify(0)]);
    const report = explore({ regions: WORDS, threads: threads({ a, b }) });
    expect(report.violation?.message).toMatch(/^deadlock: a sleeps/);
  });

  it('lets a wait with a time limit run out, or never', () => {
    const sleeper = sequence([wait(0, 0, true), keep(1)]);
    const scenario: Scenario = {
      regions: WORDS,
      threads: threads({ sleeper }),
      end: (view) => (view.registers('sleeper')[1] === 2 ? undefined : 'it did not time out'),
    };
    expect(textOf(explore(scenario))).toBeUndefined();
    expect(explore({ ...scenario, timeouts: 'never' }).violation?.message).toMatch(/^deadlock/);
  });

  it('wakes in order of arrival, or in any order', () => {
    const sleeper = sequence([wait(0, 0)]);
    const run = (wakeOrder: 'fifo' | 'any'): Report =>
      explore({
        regions: WORDS,
        wakeOrder,
        threads: threads({ a: sleeper, b: sleeper, waker: sequence([notify(0, 1)]) }).map((thread) => ({
          ...thread,
          mayEndAsleep: true,
        })),
      });
    const fifo = run('fifo');
    const any = run('any');
    // Both asleep, a first or b first: each of the two states has one way more, to a state known already.
    expect(any.states).toBe(fifo.states);
    expect(any.transitions).toBe(fifo.transitions + 2);
  });
});

/** Word 0: the lock, which names its holder. Word 4: what it guards. */
describe('deaths', () => {
  const locked = (id: number): Program =>
    sequence([
      cas(0, 0, id),
      (r, old) => {
        if (old !== 0) r[0] = 0;
      },
      add(4, 1),
      store(0, 0),
    ]);
  const scenario: Scenario = {
    regions: WORDS,
    labels: { lock: 0 },
    threads: [
      { name: 'a', program: locked(1), registers: [0], mayDie: true },
      { name: 'b', program: locked(2), registers: [0] },
    ],
    end: (view) => {
      if (view.load(0) !== 0) return 'the lock is held';
      return view.load(4) === 2 || view.status('a') === 'dead' ? undefined : 'an addition is missing';
    },
  };
  /** Takes the lock from the dead, if it was theirs. */
  const unlock: Program = (r) => {
    r[1]! += 1;
    return r[1] === 1 ? cas(0, r[0]! + 1, 0) : done;
  };
  const recovery = { program: unlock, registers: [0, 0] };

  it('leave a spinlock held for ever', () => {
    expect(textOf(explore({ ...scenario, crashes: { max: 0 } }))).toBeUndefined();
    const report = explore({ ...scenario, end: () => undefined });
    expect(report.violation?.message).toMatch(/no end can be reached/);
    expect(report.violation?.trace.map((s) => `${s.thread} ${s.access}`)).toEqual(['a cas', 'a TERMINATED']);
  });

  it('are healed by a recovery at exit', () => {
    expect(textOf(explore({ ...scenario, recovery: { ...recovery, when: 'exit' } }))).toBeUndefined();
  });

  it('are recovered from too early when the thread can still act', () => {
    const zombie: Scenario = { ...scenario, crashes: { zombieSteps: 1 } };
    expect(textOf(explore({ ...zombie, recovery: { ...recovery, when: 'exit' } }))).toBeUndefined();
    const early = explore({ ...zombie, recovery: { ...recovery, when: 'early' } });
    expect(early.violation?.message).toMatch(/no end can be reached|the lock is held/);
    expect(early.violation?.trace.map((s) => s.access)).toContain('recovery starts');
  });

  it('happen no more often than allowed, and recoveries run one after the other', () => {
    const program = sequence([add(0, 1), add(0, 1)]);
    const run = (max: number): Report =>
      explore({
        regions: WORDS,
        threads: ['a', 'b'].map((name) => ({ name, program, registers: [0], mayDie: true })),
        crashes: { max },
        recovery: {
          when: 'exit',
          registers: [0, 0],
          program: sequence([]),
        },
        end: (view) => {
          const dead = ['a', 'b'].filter((name) => view.status(name) === 'dead').length;
          return dead > max ? 'too many died' : undefined;
        },
      });
    expect(textOf(run(1))).toBeUndefined();
    expect(textOf(run(2))).toBeUndefined();
    expect(run(2).states).toBeGreaterThan(run(1).states);
  });

  it('swallow a wake-up that was to be passed on, unless a recovery wakes everybody', () => {
    // One is woken, and wakes the other.
    const sleeper = sequence([wait(0, 0), notify(0, 1)]);
    const relay: Scenario = {
      regions: WORDS,
      threads: [
        { name: 'a', program: sleeper, registers: [0], mayDie: true },
        { name: 'b', program: sleeper, registers: [0] },
        { name: 'waker', program: sequence([store(0, 1), notify(0, 1)]), registers: [0] },
      ],
    };
    expect(textOf(explore({ ...relay, crashes: { max: 0 } }))).toBeUndefined();
    const lost = explore(relay);
    expect(lost.violation?.message).toMatch(/^deadlock: b sleeps/);
    const wakeAll: Program = (r) => {
      if (r[0] !== 0) return fail(`thread ${r[0]} has not died`);
      r[1]! += 1;
      return r[1] === 1 ? notify(0) : done;
    };
    const healed = explore({ ...relay, recovery: { when: 'exit', registers: [9, 0], program: wakeAll } });
    expect(textOf(healed)).toBeUndefined();
  });

  it('can be seen by a program', () => {
    const watcher = sequence([exited, (_, mask) => (mask === 1 ? fail('saw it') : done)]);
    const report = explore({
      regions: WORDS,
      threads: [
        { name: 'a', program: sequence([load(0)]), registers: [0], mayDie: true },
        { name: 'watcher', program: watcher, registers: [0] },
      ],
    });
    expect(report.violation?.message).toBe('watcher: saw it');
  });
});

describe('the explorer refuses', () => {
  const one = (program: Program, more: Partial<Scenario> = {}): Report =>
    explore({ regions: WORDS, threads: threads({ a: program }), ...more });

  it('an access outside of the regions, and to private and constant words', () => {
    expect(one(sequence([load(16)])).violation?.message).toMatch(/0x10, outside of every region/);
    const other = threads({ a: sequence([load(0)]), b: sequence([load(0)]) });
    const owned = [{ ...other[0]!, privateRanges: [{ start: 0, words: 1 }] }, other[1]!];
    expect(explore({ regions: WORDS, threads: owned }).violation?.message).toMatch(/b: .*private to another/);
    const constant = [{ name: 'fixed', start: 0, words: 1, constant: true }];
    expect(one(sequence([store(0, 1)]), { regions: constant }).violation?.message).toMatch(
      /declared constant/,
    );
    expect(one(sequence([load(0)]), { regions: constant }).states).toBe(1);
  });

  it('to stop silently at the limit of states', () => {
    const many = threads({ a: sequence([add(0, 1), add(0, 1)]), b: sequence([add(0, 1), add(0, 1)]) });
    expect(() => explore({ regions: WORDS, threads: many, limits: { states: 5 } })).toThrow(StateLimitError);
    expect(explore({ regions: WORDS, threads: many, limits: { states: 9 } }).states).toBe(9);
  });

  it('programs that keep state elsewhere, use registers they did not declare or that are no int32', () => {
    let hidden = 0;
    const secretive: Program = () => (hidden++ < 3 ? add(0, 1) : fail('end'));
    expect(() => one(secretive)).toThrow(/not a function of its registers/);
    expect(() =>
      explore({ regions: WORDS, threads: [{ name: 'a', program: sequence([]), registers: [] }] }),
    ).toThrow(/declare it/);
    expect(() =>
      one((r) => {
        r[1] = 0.5;
        return done;
      }),
    ).toThrow(/no int32/);
  });

  it('loops that share nothing, and states without a way to an end', () => {
    const idle = sequence([
      (r) => {
        r[0] = 0;
        return load(0);
      },
    ]);
    const constant = [{ ...WORDS[0]!, constant: true }];
    expect(one(idle, { regions: constant }).violation?.message).toMatch(/without an access to shared memory/);
    const spin = sequence([
      load(0),
      (r, seen) => {
        if (seen === 0) r[0] = 0;
      },
    ]);
    expect(one(spin).violation?.message).toMatch(/no end can be reached/);
    expect(one(spin, { progress: false }).violation).toBeUndefined();
    expect(
      one(spin, { threads: threads({ a: spin, b: sequence([store(0, 1)]) }) }).violation,
    ).toBeUndefined();
  });
});

describe('wasm in scenarios', () => {
  /** Sleeps on word 0 while it is 0, in wasm; adds 1 to word 4; a global counts the calls of the thread. */
  const sleeper: WasmModule = {
    types: [],
    importedFunctions: [],
    functions: [
      {
        type: { params: ['i32'], results: ['i32'] },
        locals: ['f64'],
        code: [
          ins('f64.const', 0, 0x3ff80000),
          ins('local.set', 1),
          ins('local.get', 0),
          ins('i32.const', 0),
          ins('i64.const', -1n),
          ins('memory.atomic.wait32', 2, 0),
          ins('i32.const', 4),
          ins('i32.const', 1),
          ins('i32.atomic.rmw.add', 2, 0),
          ins('drop'),
          ins('global.get', 0),
          ins('i32.const', 1),
          ins('i32.add'),
          ins('global.set', 0),
          ins('local.get', 1),
          ins('i32.trunc_f64_s'),
          ins('i32.add'),
          ins('global.get', 0),
          ins('i32.add'),
          ins('end'),
        ],
      },
      {
        type: { params: [], results: ['i32'] },
        locals: [],
        code: [ins('i32.const', 0), ins('i32.const', -1), ins('memory.atomic.notify', 2, 0), ins('end')],
      },
    ],
    memory: { initial: 1, maximum: 1, shared: true, imported: { module: 'env', name: 'memory' } },
    globals: [{ type: 'i32', mutable: true, init: ins('i32.const', 0) }],
    exports: [
      { name: 'sleep', kind: 'function', index: 0 },
      { name: 'wake', kind: 'function', index: 1 },
    ],
    data: [],
  };

  it('sleeps and wakes, and keeps locals and globals for each thread', () => {
    const report = explore({
      module: encode(sleeper),
      regions: WORDS,
      threads: threads({
        a: sequence([call('sleep', 0), keep(1), call('sleep', 0), keep(2)]),
        b: sequence([call('sleep', 0), keep(1)]),
        waker: sequence([store(0, 1), call('wake')]),
      }),
      end: (view) => {
        // 0 woken or 1 not equal, 1 for the float, and how often this thread has called.
        const [, first, second] = view.registers('a');
        if (first !== 2 && first !== 3) return `a got ${first}`;
        if (second !== 4) return `a then got ${second}`;
        return view.load(4) === 3 ? undefined : `${view.load(4)} additions`;
      },
    });
    expect(textOf(report)).toBeUndefined();
    expect(report.ends).toBeGreaterThan(1);
  });

  it('reports a trap with the way to it', () => {
    const report = explore({
      module: sleeper,
      regions: WORDS,
      threads: threads({ a: sequence([load(0), call('sleep', 70_000)]) }),
    });
    expect(report.violation?.message).toMatch(/^a: trap: out of bounds/);
    expect(report.violation?.trace).toHaveLength(1);
  });
});

describe('the hash of states', () => {
  it('tells as many states apart as comparing them whole', () => {
    const program = sequence([
      load(0),
      (_, x) => store(4, Number(x) + 1),
      add(0, 3),
      load(4),
      keep(1),
      add(8, 1),
    ]);
    const scenario: Scenario = { regions: WORDS, threads: threads({ a: program, b: program, c: program }) };
    const { states, transitions } = explore(scenario);
    expect(explore({ ...scenario, identity: 'exact' })).toMatchObject({ states, transitions });
  });

  it('keeps two hundred thousand near neighbours apart', () => {
    const seen = new HashedStateSet();
    const words = new Int32Array(24);
    for (let i = 0; i < 200_000; i++) {
      words[i % 24] = i;
      words[(i * 7) % 24]! ^= 1 << (i % 32);
      words[23] = i;
      if (seen.add(words, 24) !== i) expect.fail(`state ${i} was taken for another`);
    }
    expect(seen.add(words, 24)).toBe(199_999);
  });
});
