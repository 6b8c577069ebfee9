/**
 * A worker as `workers/executor.ts` runs it: next, begin if the arguments stand elsewhere, the code, the result into
 * the record, finish.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import { call, done, fail, load, read, store, type Thread, write } from '../../explore.ts';
import type { Ground } from './ground.ts';
import { STOP } from './ground.ts';
import { Routine } from './routine.ts';

const SLOT = 1;
/** The state word the code runs under. */
const STATE = 2;
const ROUNDS = 3;
const FN = 4;
const META = 5;
const SEEN = 6;
/** What it has started: by attempt (slot and generation), and by task (function number). */
export const ATTEMPTS = 7;
export const TASKS = 8;

/** For the model only: the function is an async one. */
export const META_ASYNC = 0x100000;

export interface WorkerOptions {
  readonly name: string;
  readonly block: number;
  /** How often it looks for a task; without, until the coordinator says stop. */
  readonly rounds?: number;
  /** Picks made before each pick. Default 0; 15 makes it one that takes from the scheduled level first. */
  readonly tick?: number;
  /** First generation of all slots, shifted. */
  readonly generation: number;
  readonly mayDie?: boolean;
  /** Faults of the worker's own code. */
  readonly fault?: 'no hand-back' | 'code before begin' | 'finish from the current word';
}

/** The generation after this one. */
export function following(generation: number): number {
  return (generation + (1 << L.SLOT_BITS)) | 0 || 1 << L.SLOT_BITS;
}

/** How many generations after the first one, at most 7. */
export function generationsAfter(first: number, generation: number): number {
  let n = 0;
  for (let g = first; g !== generation && n < 7; n++) g = following(g);
  return n;
}

export function worker(ground: Ground, options: WorkerOptions): Thread {
  const { name, block, rounds, generation, fault } = options;
  const at = ground.blocks[block]!;
  const inline = (r: number[]): boolean => (r[META]! & L.META_INLINE) !== 0;
  const p = new Routine();
  p.label('loop').do((r) => {
    r.fill(0, SLOT, ROUNDS);
    r.fill(0, FN, ATTEMPTS);
  });
  if (rounds === undefined) p.do(load(STOP)).do((_, x) => (x === 1 ? done : undefined));
  else p.do((r) => (r[ROUNDS]!-- === 0 ? done : undefined));
  // Counters that grow without end would make each round a new state.
  p.do(store(at + L.W_TICK, options.tick ?? 0)).do(store(at + L.W_RANDOM, 1));
  p.do(store(at + L.W_EXECUTED, 0)).do(store(at + L.W_STEALS, 0));
  p.do(call('next', at)).do((r, x) => {
    r[SLOT] = Number(x) - 1;
  });
  p.unless((r) => r[SLOT]! >= 0, 'loop');
  p.do((r) => read(ground.task(r[SLOT]!) + L.T_META)).keep(META);
  p.unless((r) => !inline(r) && fault !== 'code before begin', 'run');
  p.do((r) => call('begin', at, r[SLOT]!)).keep(SEEN);
  p.unless((r) => r[SEEN] === 0, 'run');
  if (fault !== 'no hand-back') p.do((r) => call('handBack', at, r[SLOT]!));
  p.jump('loop');

  p.label('run');
  p.do((r) => read(ground.task(r[SLOT]!) + L.T_STATE)).do((r, x) => {
    r[STATE] = Number(x);
    const owner = (r[STATE]! >> L.OWNER_SHIFT) & L.OWNER_MASK;
    const state = r[STATE]! & L.STATE_MASK;
    if (fault === undefined && (owner !== block || state !== L.RUNNING))
      return fail(`the code starts in state ${state} of owner ${owner}`);
    const slot = r[SLOT]!;
    const bit = 1 << (slot * 8 + generationsAfter(generation, r[STATE]! & ~L.SLOT_MASK));
    if ((r[ATTEMPTS]! & bit) !== 0) return fail(`an attempt of the task in slot ${slot} ran twice`);
    r[ATTEMPTS]! |= bit;
    return undefined;
  });
  p.do((r) => read(ground.task(r[SLOT]!) + L.T_FN)).do((r, x) => {
    r[FN] = Number(x);
    r[TASKS]! |= 1 << r[FN]!;
  });
  p.when(
    (r) => (r[META]! & META_ASYNC) !== 0,
    () => {
      p.do((r) => call('suspend', r[SLOT]!, r[STATE]!)).keep(SEEN);
      p.unless((r) => r[SEEN] === 1, 'loop');
      p.do((r) => {
        r[STATE] = (r[STATE]! & ~L.STATE_MASK) | L.PENDING;
        return load(ground.cancel(r[SLOT]!));
      }).keep(SEEN);
      p.when(
        (r) => r[SEEN] === 1,
        () => p.do((r) => call('finish', at, r[SLOT]!, r[STATE]!, L.CANCELLED)).jump('loop'),
      );
    },
  );
  // The record is this attempt's until it ends.
  p.do((r) => read(ground.task(r[SLOT]!) + L.T_FN)).do((r, x) => {
    return x === r[FN]
      ? undefined
      : fail(`the record of slot ${r[SLOT]} was filled again while its task ran`);
  });
  p.do((r) => write(ground.task(r[SLOT]!) + L.T_RESULT, r[STATE]! & ~L.STATE_MASK));
  if (fault === 'finish from the current word') p.do((r) => read(ground.task(r[SLOT]!))).keep(STATE);
  p.do((r) => call('finish', at, r[SLOT]!, r[STATE]!, L.DONE));
  p.jump('loop');
  return {
    name,
    program: p.program(),
    registers: [0, 0, 0, rounds ?? 0, 0, 0, 0, 0, 0],
    privateRanges: ground.own(block),
    mayDie: options.mayDie ?? false,
  };
}
