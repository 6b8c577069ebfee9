/**
 * What the threads do around the core, step by step on shared memory: the forking worker as `workers/fork/fork.ts` and
 * `slow-paths.ts`, the thief as `stolen.ts`.
 *
 * Child n is the nth bit of a mask. Its number stands in the record as its argument, and it returns n + 100.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import { call, done, fail, load, notify, read, store, type Thread, wait, write } from '../../explore.ts';
import { Routine } from '../tasks/routine.ts';
import { type ForkGround, ROOT } from './ground.ts';

/** The state word of an attempt that the coordinator ended because its thread was given up. */
export const F_STUCK: number = L.F_STUCK;

const AT = 1;
const GOT = 2;
const WORD = 3;
const CHILD = 4;
/** Children whose code ran here; joined with a value; joined with an error; dropped. */
export const RAN = 5;
export const JOINED = 6;
export const FAILED = 7;
export const DROPPED = 8;
/** Run before their join, the record free since; without a record. */
const EARLY = 9;
const LOCAL = 10;
/** The item of child n is in register HANDLES + n. */
export const HANDLES = 10;
const REGISTERS = 17;

export interface OwnerOptions {
  /** `f1` forks child 1, `j1` joins it, `d` ends the frame by an error, `b` is a task boundary, separated by blanks. */
  readonly script: string;
  readonly block?: number;
  /** `FORK_` flags of its children. Default 0. */
  readonly meta?: number;
  /** Whether it helps others while it waits. Default `false`. */
  readonly helps?: boolean;
  /** A child may run a second time, after a death. Default `false`. */
  readonly again?: boolean;
}

export type ThiefFault = 'looks for the bit before it ends';

// `forkFinish` of a child of worker 0, turned round.
function looksFirst(p: Routine, ground: ForkGround): void {
  p.do(load(L.HEADER + L.H_JOINING)).keep(GOT);
  p.do((r) => store(r[AT]!, (r[WORD]! & ~L.STATE_MASK) | L.DONE));
  p.when(
    (r) => r[GOT] !== 0,
    () => {
      p.do({ op: 'and', address: L.HEADER + L.H_JOINING, value: ~1 });
      p.do(store(ground.blocks[0]! + L.W_PARK, 1)).do(notify(ground.blocks[0]! + L.W_PARK));
    },
  );
}

/** Notes that the code of child CHILD runs here. */
function ran(r: number[], again: boolean): ReturnType<typeof fail> | undefined {
  const bit = 1 << r[CHILD]!;
  if ((r[RAN]! & bit) !== 0 && !again) return fail(`child ${r[CHILD]} ran twice`);
  r[RAN]! |= bit;
  return undefined;
}

/** Runs what the core gave this thread to run, at AT. */
function runStolen(p: Routine, ground: ForkGround, block: number, again: boolean, fault?: ThiefFault): void {
  const [run, back, end] = [p.fresh('run'), p.fresh('back'), p.fresh('over')];
  p.do((r) => load(r[AT]!)).do((r, x) => {
    r[WORD] = Number(x);
    const owner = (r[WORD]! >> L.OWNER_SHIFT) & L.OWNER_MASK;
    const state = r[WORD]! & L.STATE_MASK;
    // What was claimed may since have lost its joiner.
    const mine = owner === block && state >= L.CLAIMED && state !== L.DONE;
    return mine ? undefined : fail(`a child was given to a thread in state ${state} of owner ${owner}`);
  });
  p.do((r) => read(r[AT]! + L.F_ARGS)).keep(CHILD);
  p.unless((r) => (r[WORD]! & L.STATE_MASK) !== L.RUNNING, run);
  p.do((r) => call('forkBegin', r[AT]!)).keep(WORD);
  p.unless((r) => r[WORD] !== 0, back);
  p.label(run).do((r) => ran(r, again));
  if (ground.shape.mended) p.do((r) => write(r[AT]! + L.F_RESULT_KIND, L.KIND_NUMBER));
  p.do((r) => write(r[AT]! + L.F_RESULT, r[CHILD]! + 100));
  p.do((r) => read(r[AT]! + L.F_ARGS)).do((r, x) => {
    return x === r[CHILD] ? undefined : fail(`the record of child ${r[CHILD]} was filled again while it ran`);
  });
  if (fault === 'looks for the bit before it ends') looksFirst(p, ground);
  else p.do((r) => call('forkFinish', r[AT]!, r[WORD]!, L.DONE));
  p.jump(end);
  p.label(back).do((r) => call('forkReturn', r[AT]!));
  p.label(end).do((r) => r.fill(0, AT, RAN) && undefined);
}

/** The code of a worker that forks, added to a routine. */
export function forkAndJoin(p: Routine, ground: ForkGround, options: OwnerOptions): void {
  const { block = 0, meta = 0, helps = false, again = false } = options;
  const at = ground.blocks[block]!;
  const handle = (r: number[], child: number): number => r[HANDLES + child]!;
  const recordOf = (item: number): number => ground.recordOf(block, item);
  const last = Math.max(...Array.from(options.script.matchAll(/f(\d)/g), ([, child]) => Number(child)), 0);

  const forkChild = (child: number): void => {
    const [local, end] = [p.fresh('local'), p.fresh('forked')];
    p.do(load(at + L.W_FORK_FREE)).keep(AT);
    p.when(
      (r) => r[AT] === 0,
      () => p.do(call('forkAttach', at)).keep(AT),
    );
    p.unless((r) => r[AT] !== 0, local);
    p.do((r) => write(r[AT]! + L.F_ARGS, child));
    p.do(call('fork', at, child, meta, child + 1)).do((r, x) => {
      r[HANDLES + child] = Number(x);
    });
    p.unless((r) => handle(r, child) === 0, end);
    p.label(local).do((r) => {
      r[LOCAL]! |= 1 << child;
    });
    p.label(end).do((r) => r.fill(0, AT, RAN) && undefined);
  };

  // Sleeps until the child at AT may be over.
  const park = (again: string): void => {
    const [sleep, awake] = [p.fresh('sleep'), p.fresh('awake')];
    p.do((r) => call('joinPark', at, r[AT]!)).keep(GOT);
    p.unless((r) => r[GOT] === 1, again);
    p.label(sleep)
      .do(load(at + L.W_PARK))
      .keep(GOT);
    p.unless((r) => r[GOT] === 0, awake);
    p.do(wait(at + L.W_PARK, 0)).jump(sleep);
    p.label(awake).do(call('joinUnpark', at)).jump(again);
  };

  const helpOrPark = (next: string): void => {
    if (helps) {
      const nothing = p.fresh('nothing');
      p.do(store(at + L.W_RANDOM, 1)).do(store(at + L.W_STEALS, 0));
      p.do((r) => {
        const owner = (r[WORD]! >> L.OWNER_SHIFT) & L.OWNER_MASK;
        return call('forkHelp', at, owner, ground.shape.rootOf?.[block] ?? ROOT);
      }).keep(GOT);
      p.unless((r) => r[GOT] !== 0, nothing);
      p.do((r) => {
        r[AT] = r[GOT]!;
      });
      runStolen(p, ground, block, again);
      p.jump(next);
      p.label(nothing);
    }
    park(next);
  };

  const joinChild = (child: number): void => {
    const bit = 1 << child;
    const name = (what: string): string => p.fresh(`${what} ${child}`);
    const [end, look, own, over, slow] = [name('end'), name('look'), name('own'), name('over'), name('slow')];
    const isRun = (r: number[]): ReturnType<typeof fail> | undefined => {
      r[CHILD] = child;
      return ran(r, again);
    };
    p.when(
      (r) => (r[LOCAL]! & bit) !== 0,
      () => p.do(isRun).jump(end),
    );
    p.do((r) => call('take', at, handle(r, child), child + 1)).keep(GOT);
    p.unless((r) => r[GOT] !== 0, slow);
    p.do((r) => read(recordOf(handle(r, child)) + L.F_ARGS)).do((r, x) => {
      return x === child ? isRun(r) : fail(`child ${child} was taken back as child ${Number(x)}`);
    });
    p.jump(end);

    p.label(slow);
    p.when(
      (r) => (r[EARLY]! & bit) !== 0,
      () => p.jump(end),
    );
    p.label(look).do((r) => {
      r.fill(0, AT, RAN);
      r[AT] = recordOf(handle(r, child));
      return load(r[AT]!);
    });
    p.do((r, x) => {
      r[WORD] = Number(x);
      const other = ((r[WORD]! ^ handle(r, child)) & ~L.SLOT_MASK) !== 0;
      return other || (r[WORD]! & L.STATE_MASK) === L.FREE
        ? fail(`the record of child ${child} went to another before it was joined`)
        : undefined;
    });
    p.unless((r) => (r[WORD]! & L.STATE_MASK) < L.DONE, over);
    p.when(
      (r) => (r[WORD]! & L.STATE_MASK) !== L.QUEUED,
      () => helpOrPark(look),
    );
    // As `#runNewer`.
    p.label(own);
    for (let newer = last; newer > child; newer--) {
      const next = name(`newer ${newer}`);
      p.unless((r) => handle(r, newer) !== 0 && (r[EARLY]! & (1 << newer)) === 0, next);
      p.do((r) => call('take', at, handle(r, newer), newer + 1)).keep(GOT);
      p.unless((r) => r[GOT] !== 0, next);
      p.do((r) => read(recordOf(handle(r, newer)) + L.F_ARGS)).do((r, x) => {
        if (x !== newer) return fail(`child ${newer} was taken back as child ${Number(x)}`);
        r[CHILD] = newer;
        r[EARLY]! |= 1 << newer;
        return ran(r, again);
      });
      p.label(next);
    }
    p.do((r) => call('take', at, handle(r, child), child + 1)).keep(GOT);
    p.when(
      (r) => r[GOT] !== 0,
      () => p.do(isRun).jump(end),
    );
    p.do((r) => call('forkClaim', at, r[AT]!, handle(r, child))).keep(GOT);
    p.unless((r) => r[GOT] === 1, look);
    p.do((r) => read(r[AT]! + L.F_ARGS)).do((_, x) => {
      return x === child ? undefined : fail(`child ${child} was claimed as child ${Number(x)}`);
    });
    p.do((r) => call('forkFree', at, r[AT]!))
      .do(isRun)
      .jump(end);

    p.label(over);
    p.do((r) => read(r[AT]! + F_STUCK)).keep(CHILD);
    p.do((r) => read(r[AT]! + L.F_RESULT_KIND)).do((r, x) => {
      const state = r[WORD]! & L.STATE_MASK;
      const mended = r[CHILD] === r[WORD] || (x === L.RESULT_CRASHED && r[CHILD] === 0);
      if (state === L.FAILED && mended) {
        r[FAILED]! |= bit;
        return undefined;
      }
      return state === L.DONE && !mended
        ? undefined
        : fail(`child ${child} was joined in state ${state} with a result of kind ${Number(x)}`);
    });
    p.do((r) => read(r[AT]! + L.F_RESULT)).do((r, x) => {
      return (r[FAILED]! & bit) !== 0 || x === child + 100
        ? undefined
        : fail(`child ${child} was joined with ${Number(x)}`);
    });
    p.do((r) => call('forkFree', at, r[AT]!));
    p.label(end).do((r) => {
      r.fill(0, AT, RAN);
      r[EARLY]! &= ~bit;
      r[LOCAL]! &= ~bit;
      r[HANDLES + child] = 0;
      if ((r[FAILED]! & bit) === 0) r[JOINED]! |= bit;
    });
  };

  // As `endChildren`: what is left of the frame's children never starts, or is asked to stop and waited for.
  const dropChildren = (): void => {
    for (let child = last; child >= 0; child--) {
      const bit = 1 << child;
      const name = (what: string): string => p.fresh(`${what} dropped ${child}`);
      const [look, drop, free, over] = [name('look'), name('drop'), name('free'), name('over')];
      const isDropped = (r: number[]): void => {
        r[DROPPED]! |= bit;
        r[HANDLES + child] = 0;
      };
      p.unless((r) => handle(r, child) !== 0 && (r[EARLY]! & bit) === 0, over);
      p.do((r) => call('take', at, handle(r, child), child + 1)).keep(GOT);
      p.when(
        (r) => r[GOT] !== 0,
        () => p.do(isDropped).jump(over),
      );
      p.do((r) => {
        r[AT] = recordOf(handle(r, child));
      });
      p.label(look)
        .do((r) => load(r[AT]!))
        .keep(WORD);
      p.unless((r) => ((r[WORD]! ^ handle(r, child)) & ~L.SLOT_MASK) !== 0, drop);
      p.do((r) => fail(`the record of child ${child} went to another in state ${r[WORD]! & L.STATE_MASK}`));
      p.label(drop).do((r) => call('forkDrop', at, r[AT]!, handle(r, child)));
      p.keep(GOT);
      p.unless((r) => r[GOT]! >= L.CLAIMED && r[GOT]! <= L.PENDING, free);
      p.do((r) => load(r[AT]!)).keep(WORD);
      p.unless((r) => (r[WORD]! & L.STATE_MASK) < L.DONE, free);
      p.unless((r) => (r[WORD]! & L.STATE_MASK) !== L.QUEUED, look);
      park(look);
      p.label(free).do((r) => call('forkFree', at, r[AT]!));
      p.do(isDropped);
      p.label(over).do((r) => r.fill(0, AT, RAN) && undefined);
    }
  };

  // As `next`, with no task to be had.
  const boundary = (): void => {
    p.do(store(at + L.W_RANDOM, 1)).do(store(at + L.W_STEALS, 0));
    p.do(call('forkHelp', at, -1, 0)).do((_, x) => {
      return x === 0 ? undefined : fail('a child of a frame that has ended was given out');
    });
  };

  for (const word of options.script.split(' ')) {
    const child = Number(word.slice(1));
    if (word.startsWith('f')) forkChild(child);
    else if (word.startsWith('j')) joinChild(child);
    else if (word === 'd') dropChildren();
    else if (word === 'b') boundary();
    else throw new Error(`\`${word}\` is no step of a forking worker`);
  }
}

export const OWNER_REGISTERS: readonly number[] = new Array<number>(REGISTERS).fill(0);

export function owner(
  ground: ForkGround,
  options: OwnerOptions & { readonly name?: string; readonly mayDie?: boolean },
): Thread {
  const p = new Routine();
  forkAndJoin(p, ground, options);
  return {
    name: options.name ?? 'owner',
    program: p.program(),
    registers: OWNER_REGISTERS,
    privateRanges: ground.own(options.block ?? 0),
    mayDie: options.mayDie ?? false,
  };
}

export interface ThiefOptions {
  readonly name?: string;
  readonly block: number;
  /** How often it looks for a child. */
  readonly rounds: number;
  /** The worker it looks at first. Default 0. */
  readonly first?: number;
  /** It takes only children of this root. Default: of any. */
  readonly root?: number;
  /** It looks where children have overflowed, as at a pick from the injector. Default: at all workers, as when idle. */
  readonly picks?: boolean;
  /** It gives up what it has claimed and whose arguments it cannot read. Default `false`. */
  readonly returns?: boolean;
  readonly fault?: ThiefFault;
  readonly mayDie?: boolean;
}

/** A worker that takes children and runs them. */
export function thief(ground: ForkGround, options: ThiefOptions): Thread {
  const { block, rounds, first = 0, root = 0, picks = false } = options;
  const at = ground.blocks[block]!;
  const p = new Routine();
  for (let round = 0; round < rounds; round++) {
    const next = p.fresh('next');
    // Counters that grow without end would make each round a new state.
    p.do(store(at + L.W_RANDOM, 1)).do(store(at + L.W_STEALS, 0));
    p.do(picks ? call('overflowed', at, 1, 0, 0) : call('forkHelp', at, first, root)).keep(AT);
    p.unless((r) => r[AT] !== 0, next);
    if (options.returns && round === 0)
      p.do((r) => call('forkReturn', r[AT]!)).do((r) => r.fill(0, AT, RAN) && undefined);
    else runStolen(p, ground, block, false, options.fault);
    p.label(next);
  }
  p.do(done);
  return {
    name: options.name ?? `thief ${block}`,
    program: p.program(),
    registers: OWNER_REGISTERS,
    privateRanges: ground.own(block),
    mayDie: options.mayDie ?? false,
  };
}
