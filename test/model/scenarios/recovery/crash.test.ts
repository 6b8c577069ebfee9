import { describe, it } from 'vitest';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { CORE } from '../plant.ts';
import type { TaskKind } from '../tasks/coordinator.ts';
import { AGAIN, ENCODED, INLINE, type Pool, pool } from '../tasks/pool.ts';

const { holds, finds } = counts('crash');

/** Number of the claim among the compare-exchanges of `next`. */
const CLAIM = 0;

/** Worker 0 claims both tasks at once into its deque and may die before any access; worker 1 steals. */
const owner = (tasks: readonly TaskKind[], rounds: number): Pool => ({
  tasks,
  slots: 2,
  injected: 2,
  workers: [{ batch: 2, mortal: true, mayDie: true, rounds }, {}],
});

/** Worker 1 claims in a batch and lives; worker 0 steals from it and may die. */
const thief = (tasks: readonly TaskKind[]): Pool => ({
  tasks,
  slots: 2,
  injected: 2,
  workers: [{ mortal: true, mayDie: true, rounds: 1 }, { batch: 2 }],
});

describe('when a worker dies before any of its accesses, and recovery runs after its exit', () => {
  it('each of two tasks settles once, runs once at most, and all slots are free', () => {
    holds('owner, 2 inline', pool(owner([INLINE, INLINE], 2)));
  });

  it('a task whose code had not started, or that is idempotent, runs again under a new generation', () => {
    holds('owner, encoded and idempotent', pool(owner([ENCODED, AGAIN], 1)));
  });

  it('a task taken before everything else is as safe as any other', () => {
    holds(
      'scheduled level first, inline and encoded',
      pool({
        ...owner([INLINE, ENCODED], 2),
        workers: [{ batch: 2, mortal: true, mayDie: true, rounds: 2, tick: 15 }, { tick: 15 }],
      }),
    );
  });

  it('a thief that dies with a stolen task loses nothing', () => {
    holds('thief, inline and encoded', pool(thief([INLINE, ENCODED])));
  });
});

describe('the checker finds in recovery', () => {
  const one = owner([INLINE, INLINE], 1);
  const lost = /no end can be reached|for ever/;

  it('waiting tasks that are not issued again', () => {
    finds('no re-issue', pool({ ...one, faults: ['no re-issue'] }), lost);
  });

  it('recovery that does not wait for the exit', () => {
    const faults = ['recovery before exit'] as const;
    finds('before exit', pool({ ...owner([AGAIN, AGAIN], 1), faults }), /starts in state/);
  });

  it('a new attempt in the same generation, while the old thread still acts', () => {
    const faults = ['recovery before exit', 'restart in the same generation'] as const;
    const tasks = [AGAIN, AGAIN];
    finds(
      'before exit, no generation',
      pool({ ...owner(tasks, 1), faults }),
      /starts in state|two threads|another attempt/,
    );
  });

  it('a new attempt in the same generation after the exit: two threads run what counts as one attempt', () => {
    const faults = ['restart in the same generation'] as const;
    const single = { ...owner([AGAIN], 1), slots: 1, injected: 1, faults };
    finds('no generation', pool(single), /one attempt ran in two threads/);
  });

  it('tasks that had ended and were not announced left out of the scan', () => {
    finds('no scan of ended tasks', pool({ ...one, faults: ['no scan of ended tasks'] }), lost);
  });

  it('tasks of living workers taken for those of the dead', () => {
    finds(
      'scan without owner',
      pool({ ...owner([AGAIN, AGAIN], 1), faults: ['scan without owner'] }),
      /starts in state|another attempt/,
    );
  });

  it('a task that must not run again started once more', () => {
    finds('running tasks run again', pool({ ...one, faults: ['running tasks run again'] }), /ran twice/);
  });

  it('a dead block that is not made ready', () => {
    finds('no adopt', pool({ ...one, faults: ['no adopt'] }), /not ready/);
  });

  // A claim in two steps needs two threads at one task at once: see cancel.test.ts. Here only one lives to see a duplicate.
  it('a claim that does not compare', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'next', nth: CLAIM });
    finds('claim forced', pool({ ...one, module }), /twice|two threads|starts in state/);
  });

  it('a reserved item that stays hidden when its owner has died inside pop', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'adopt', nth: 0 });
    finds('bottom not put back', pool({ ...one, module }), /not ready/);
  });
});

/*
 * Second lines of defence: without them nothing goes wrong as long as the first line holds, and the checker says so.
 * Each is found as soon as the first line is broken too.
 */
describe('what recovery after the exit makes redundant', () => {
  it('is the comparison in finish: a dead thread does not finish, and nobody else changes a running record', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'finish' });
    holds('finish forced alone', pool({ ...owner([AGAIN], 1), slots: 1, injected: 1, module }));
    const faults = ['recovery before exit'] as const;
    finds(
      'finish forced, before exit',
      pool({ ...owner([AGAIN], 1), slots: 1, injected: 1, module, faults }),
      /starts in state/,
    );
  });
});
