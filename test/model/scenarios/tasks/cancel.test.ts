import { describe, it } from 'vitest';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { CORE } from '../plant.ts';
import type { TaskKind } from './coordinator.ts';
import { ASYNC, ENCODED, INLINE, type Pool, pool } from './pool.ts';

const { holds, finds } = counts('cancel');

/** The first task is cancelled at any moment; the second one gets its slot, in the next generation. */
const reuse = (first: TaskKind, second: TaskKind): Pool => ({
  tasks: [first, second],
  slots: 1,
  workers: [{}, {}],
  cancels: [0],
  // All ones: the next generation is past the wrap-around.
  generation: -1 << 14,
});

describe('a task that is cancelled while two workers look for tasks', () => {
  it.each([
    ['inline then encoded', INLINE, ENCODED],
    ['encoded then inline', ENCODED, INLINE],
    ['async then inline', ASYNC, INLINE],
  ])('settles once, and its slot is used again only when no worker has it: %s', (name, first, second) => {
    holds(name, pool(reuse(first, second)));
  });

  it('leaves the other tasks alone: each settles once, with its own result, and all slots are given back', () => {
    holds(
      '2 tasks, 2 slots, 1 cancelled',
      pool({
        tasks: [ENCODED, INLINE],
        slots: 2,
        workers: [{}, {}],
        cancels: [0],
      }),
    );
  });
});

describe('the checker finds', () => {
  const lost = /no end can be reached|for ever/;

  it('a slot given back at cancel while the task runs', () => {
    finds(
      'release at cancel',
      pool({ ...reuse(INLINE, INLINE), faults: ['release at cancel'] }),
      /filled again|another|state|twice/,
    );
  });

  it('a state written after the entry in the ring', () => {
    finds(
      'state after entry',
      pool({ ...reuse(INLINE, INLINE), cancels: [], faults: ['state after entry'] }),
      lost,
    );
  });

  it('a cancelled task that is not handed back', () => {
    const { workers, ...rest } = reuse(ENCODED, INLINE);
    const forgetful = workers.map((w) => ({ ...w, fault: 'no hand-back' as const }));
    finds('no hand-back', pool({ ...rest, workers: forgetful }), lost);
  });

  it('code that starts without begin', () => {
    const { workers, ...rest } = reuse(ENCODED, INLINE);
    const eager = workers.map((w) => ({ ...w, fault: 'code before begin' as const }));
    finds('no begin', pool({ ...rest, workers: eager }), /cancelled before its code|state|no end/);
  });

  it('a slot used again in the same generation: the META of one task with the claim of the next', () => {
    const faults = ['reuse in the same generation'] as const;
    finds('no generation', pool({ ...reuse(INLINE, ENCODED), faults }), /state|no end|twice|for ever/);
  });

  it('a cancel that does not compare', () => {
    finds(
      'cancel unconditional',
      pool({ ...reuse(INLINE, INLINE), faults: ['cancel unconditionally'] }),
      /starts in state/,
    );
  });

  it('a cancel compared and exchanged in two steps', () => {
    const module = mutate(CORE, { kind: 'torn-cmpxchg', in: 'cancel' });
    finds(
      'cancel torn',
      pool({ ...reuse(INLINE, INLINE), module }),
      /starts in state|cancelled before its code/,
    );
  });

  it('a claim in two steps', () => {
    const module = mutate(CORE, { kind: 'torn-cmpxchg', in: 'next', nth: 0 });
    finds(
      'claim torn',
      pool({ ...reuse(INLINE, INLINE), module }),
      /starts in state|cancelled before its code|twice/,
    );
  });

  it('a claim that does not compare', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'next', nth: 0 });
    finds(
      'claim forced',
      pool({ ...reuse(INLINE, INLINE), module }),
      /starts in state|cancelled before its code/,
    );
  });

  it('a begin that does not compare', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'begin' });
    finds('begin forced', pool({ ...reuse(ENCODED, INLINE), module }), /cancelled before its code/);
  });

  it('a ring entry consumed twice by a drain that does not look at slot, generation and state', () => {
    const faults = ['entry consumed twice', 'drain without checks'] as const;
    finds('entry twice, no checks', pool({ ...reuse(INLINE, INLINE), cancels: [], faults }), /settled/);
  });
});

/* A ring entry is a hint: the checks make a second reading harmless, and one reading needs no checks. */
describe('the checks of a ring entry', () => {
  it('make it harmless to read the entry twice', () => {
    holds(
      'entry consumed twice',
      pool({ ...reuse(INLINE, INLINE), cancels: [], faults: ['entry consumed twice'] }),
    );
  });
});
