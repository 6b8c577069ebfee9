import { describe, expect, it, vi } from 'vitest';
import {
  add,
  cas,
  done,
  exited,
  explore,
  fail,
  load,
  notify,
  type Program,
  type Report,
  type Scenario,
  sequence,
  store,
  wait,
} from './explore.ts';
import { keep, textOf, threads, WORDS } from './small-scenarios.ts';

vi.setConfig({ testTimeout: 120_000 });

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
