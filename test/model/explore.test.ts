import { describe, expect, it, vi } from 'vitest';
import {
  add,
  call,
  done,
  explore,
  fail,
  load,
  type Program,
  type Report,
  read,
  type Scenario,
  StateLimitError,
  sequence,
  store,
  write,
} from './explore.ts';
import { ins } from './instructions.ts';
import { keep, textOf, threads, WORDS } from './small-scenarios.ts';
import { HashedStateSet } from './state-set.ts';
import { encode } from './wasm/encode.ts';
import type { WasmModule } from './wasm/module.ts';

vi.setConfig({ testTimeout: 120_000 });

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
