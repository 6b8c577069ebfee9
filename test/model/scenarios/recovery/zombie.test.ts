import { describe, it } from 'vitest';
import { counts } from '../counts.ts';
import type { TaskKind } from '../tasks/coordinator.ts';
import { AGAIN, ENCODED, INLINE, type Pool, pool } from '../tasks/pool.ts';

const { holds, finds } = counts('zombie');

/**
 * The coordinator gives worker 0 up at any moment. The thread goes on for as many accesses as it likes, may die at
 * any of them, and is recovered after its exit; worker 1 runs what was moved to a fresh record.
 */
const stuck = (kind: TaskKind): Pool => ({
  tasks: [kind],
  slots: 2,
  workers: [{ mortal: true, mayDie: true, rounds: 1 }, {}],
  abandons: true,
});

describe('a thread that was given up and goes on', () => {
  it('settles nothing twice and runs nothing twice that must run once', () => {
    holds('inline', pool(stuck(INLINE)));
  });

  it('does not start a task that it had claimed and that was moved to a fresh record', () => {
    holds('encoded', pool(stuck(ENCODED)));
  });

  it("may finish its own attempt of an idempotent task, which is nobody's", () => {
    holds('idempotent', pool(stuck(AGAIN)));
  });
});

describe('the checker finds', () => {
  it('a claimed task moved while its taker can still begin it', () => {
    finds(
      'claimed record not cancelled',
      pool({ ...stuck(ENCODED), faults: ['abandon leaves claimed'] }),
      /ran twice/,
    );
  });

  it('the record of a stuck thread given back', () => {
    const faults = ['abandon gives back'] as const;
    finds(
      'record given back',
      pool({ ...stuck(AGAIN), faults }),
      /filled again|another attempt|twice|starts in|state/,
    );
  });

  it('a new attempt in the record a stuck thread still writes to', () => {
    const faults = ['abandon in the same record'] as const;
    finds('same record', pool({ ...stuck(AGAIN), faults }), /another attempt|filled again|twice|starts in/);
  });
});
