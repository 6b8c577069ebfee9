/**
 * The coordinator's side of a task as `src/coordinator/{intake,settlement,limits,recovery}.ts` take it, step by step
 * on shared memory. What it keeps in JavaScript (the window: live, wanted, generation) is in its registers.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import { call, done, exited, fail, load, read, type Step, store, type Thread, write } from '../../explore.ts';
import { type Ground, LEVEL, STOP } from './ground.ts';
import { Routine } from './routine.ts';
import { following } from './worker.ts';

const WORD = 1;
const SLOT = 2;
const HEAD = 3;
const TAIL = 4;
/** Slots taken and not given back; slots whose promise is open. */
export const LIVE = 5;
const WANTED = 6;
/** Tasks: settled; settled by a rejection. */
export const SETTLED = 7;
export const REJECTED = 8;
/** Slots whose references are to be issued again. */
const AGAIN = 9;
/** Tasks without a record. */
const BACKLOG = 10;
/** 1 when the dead worker's block is ready for another thread. */
export const RECOVERED = 11;
/** Tasks cancelled before their code had started. */
export const NEVER = 12;
/** Generation and task of each slot, up to three. */
const GENERATION = 13;
const TASK = 16;
const REGISTERS = 19;

export interface TaskKind {
  /** `META_INLINE` or 0 (the arguments are decoded first), with `META_IDEMPOTENT` or not. */
  readonly meta: number;
}

export type Fault =
  | 'no re-issue'
  | 'recovery before exit'
  | 'restart in the same generation'
  | 'no scan of ended tasks'
  | 'scan without owner'
  | 'running tasks run again'
  | 'no drain before recovery'
  | 'release at cancel'
  | 'reuse in the same generation'
  | 'entry consumed twice'
  | 'drain without checks'
  | 'state after entry'
  | 'no adopt'
  | 'abandon gives back'
  | 'abandon leaves claimed'
  | 'abandon in the same record'
  | 'cancel unconditionally';

export interface CoordinatorOptions {
  readonly ground: Ground;
  /** The function number of task i is i + 1. */
  readonly tasks: readonly TaskKind[];
  /** First generation of all slots, shifted. */
  readonly generation: number;
  /** The first tasks are in their records and in the level already. Default 0. */
  readonly injected?: number;
  /** The thread that may die, by position, and its block. */
  readonly mortal?: { readonly thread: number; readonly block: number };
  /** Tasks (with a record of the same number) it cancels once everything is submitted that fits. */
  readonly cancels?: readonly number[];
  /** It gives the mortal's block up at some moment although the thread lives. */
  readonly abandons?: boolean;
  readonly faults?: readonly Fault[];
}

export function coordinator(options: CoordinatorOptions): Thread {
  const { ground, tasks, generation, mortal, injected = 0 } = options;
  const faulty = (fault: Fault): boolean => options.faults?.includes(fault) ?? false;
  const slots = ground.slots;
  const everything = (1 << tasks.length) - 1;
  const p = new Routine();
  const state = (r: number[]): number => ground.task(r[SLOT]!) + L.T_STATE;
  const reference = (r: number[]): number => r[GENERATION + r[SLOT]!]! | r[SLOT]!;
  const taskOf = (r: number[]): number => r[TASK + r[SLOT]!]!;
  const bit = (r: number[]): number => 1 << r[SLOT]!;
  const isLive = (r: number[]): boolean => (r[LIVE]! & bit(r)) !== 0;
  const isWanted = (r: number[]): boolean => (r[WANTED]! & bit(r)) !== 0;
  const stateOf = (r: number[]): number => r[WORD]! & L.STATE_MASK;
  const ownerOf = (r: number[]): number => (r[WORD]! >> L.OWNER_SHIFT) & L.OWNER_MASK;
  const isCurrent = (r: number[]): boolean => (r[WORD]! & ~L.SLOT_MASK) === r[GENERATION + r[SLOT]!];
  const isIdempotent = (r: number[]): boolean => (tasks[taskOf(r)]!.meta & L.META_IDEMPOTENT) !== 0;

  const give = (r: number[]): void => {
    r[LIVE]! &= ~bit(r);
    r[WANTED]! &= ~bit(r);
    r[TASK + r[SLOT]!] = 0;
    if (!faulty('reuse in the same generation'))
      r[GENERATION + r[SLOT]!] = following(r[GENERATION + r[SLOT]!]!);
  };
  const settle = (r: number[], rejected: boolean): Step | undefined => {
    const task = 1 << taskOf(r);
    r[WANTED]! &= ~bit(r);
    if ((r[SETTLED]! & task) !== 0) return fail(`task ${taskOf(r)} settled twice`);
    r[SETTLED]! |= task;
    if (rejected) r[REJECTED]! |= task;
    return undefined;
  };

  const inject = (): void => {
    if (faulty('state after entry')) {
      p.do((r) => call('reissue', LEVEL, reference(r))).do(call('publish', LEVEL));
      p.do((r) => store(state(r), reference(r) - r[SLOT]! + ((L.NOBODY << L.OWNER_SHIFT) | L.QUEUED)));
    } else {
      p.do((r) => call('inject', LEVEL, reference(r)));
      p.do((_, x) => (x === 0 ? fail('the level is full') : undefined));
    }
  };

  // A record for each task of the backlog, while there are any.
  const refill = (): void => {
    const end = p.fresh('full');
    p.while(
      (r) => r[BACKLOG] !== 0,
      () => {
        p.do((r) => {
          r[SLOT] = 0;
          while (isLive(r)) r[SLOT]!++;
        });
        p.unless((r) => r[SLOT]! < slots, end);
        p.do((r) => {
          const task = 31 - Math.clz32(r[BACKLOG]! & -r[BACKLOG]!);
          r[BACKLOG]! &= ~(1 << task);
          r[LIVE]! |= bit(r);
          r[WANTED]! |= bit(r);
          r[TASK + r[SLOT]!] = task;
          return write(ground.task(r[SLOT]!) + L.T_FN, task + 1);
        });
        p.do((r) => write(ground.task(r[SLOT]!) + L.T_META, tasks[taskOf(r)]!.meta));
        p.do((r) => write(ground.cancel(r[SLOT]!), 0));
        inject();
      },
    );
    p.label(end);
  };

  // `settleSlot`: the state word decides.
  const settleSlot = (): void => {
    const end = p.fresh('settled');
    p.do((r) => load(state(r))).keep(WORD);
    if (!faulty('drain without checks')) p.unless((r) => stateOf(r) >= L.DONE && isCurrent(r), end);
    p.when(
      (r) => isWanted(r) || faulty('drain without checks'),
      () => {
        p.do((r) =>
          stateOf(r) === L.DONE ? undefined : fail(`task ${taskOf(r)} settled in state ${stateOf(r)}`),
        );
        p.do((r) => read(ground.task(r[SLOT]!) + L.T_RESULT)).do((r, x) => {
          return (Number(x) & ~L.SLOT_MASK) === (r[WORD]! & ~L.SLOT_MASK)
            ? settle(r, false)
            : fail(`task ${taskOf(r)} settled with the result of another attempt`);
        });
      },
    );
    p.do((r) => give(r));
    p.label(end).do((r) => {
      r[WORD] = 0;
    });
  };

  const drain = (block: number): void => {
    const ring = ground.completions[block]!;
    const end = p.fresh('drained');
    p.do(load(ring.at + L.SC_HEAD)).keep(HEAD);
    p.do(load(ring.at + L.SC_TAIL)).keep(TAIL);
    p.unless((r) => r[HEAD] !== r[TAIL], end);
    p.while(
      (r) => r[HEAD] !== r[TAIL],
      () => {
        p.do((r) => read(ring.at + L.SC_SLOTS + 4 * (r[HEAD]! & (ring.capacity - 1)))).do((r, x) => {
          r[SLOT] = Number(x) & L.SLOT_MASK;
          r[WORD] = Number(x);
          r[HEAD] = (r[HEAD]! + 1) | 0;
        });
        const next = p.fresh('next');
        const checked = (r: number[]): boolean =>
          faulty('drain without checks') || (isLive(r) && reference(r) === r[WORD]);
        p.unless(checked, next);
        settleSlot();
        p.label(next);
      },
    );
    if (!faulty('entry consumed twice')) p.do((r) => store(ring.at + L.SC_HEAD, r[HEAD]!));
    p.label(end).do((r) => r.fill(0, WORD, LIVE) && undefined);
  };

  const eachSlot = (body: () => void): void => {
    p.do((r) => {
      r[SLOT] = 0;
    });
    p.while(
      (r) => r[SLOT]! < slots,
      () => {
        body();
        p.do((r) => {
          r[SLOT]!++;
          r[WORD] = 0;
        });
      },
    );
    p.do((r) => {
      r[SLOT] = 0;
    });
  };

  const recover = (block: number): void => {
    if (!faulty('no drain before recovery')) drain(block);
    eachSlot(() => {
      const next = p.fresh('next');
      p.unless(isLive, next);
      p.do((r) => load(state(r))).keep(WORD);
      p.unless(isCurrent, next);
      p.when(
        (r) => ownerOf(r) === L.NOBODY,
        () => {
          p.do((r) => {
            if (stateOf(r) === L.QUEUED) r[AGAIN]! |= bit(r);
          }).jump(next);
        },
      );
      if (!faulty('scan without owner')) p.unless((r) => ownerOf(r) === block, next);
      p.when(
        (r) => stateOf(r) >= L.DONE,
        () => {
          if (!faulty('no scan of ended tasks')) settleSlot();
          p.jump(next);
        },
      );
      p.when(
        (r) => !isWanted(r),
        () => p.do((r) => give(r)).jump(next),
      );
      const runsAgain = (r: number[]): boolean =>
        stateOf(r) === L.CLAIMED || isIdempotent(r) || faulty('running tasks run again');
      p.when(
        (r) => !runsAgain(r),
        () =>
          p
            .do((r) => settle(r, true))
            .do((r) => give(r))
            .jump(next),
      );
      p.do((r) => {
        if (!faulty('restart in the same generation'))
          r[GENERATION + r[SLOT]!] = following(r[GENERATION + r[SLOT]!]!);
        return write(ground.cancel(r[SLOT]!), 0);
      });
      inject();
      p.label(next);
    });
    if (!faulty('no adopt')) p.do(call('adopt', ground.blocks[block]!));
    if (faulty('no re-issue')) {
      p.do((r) => {
        r[AGAIN] = 0;
      });
    }
    p.when(
      (r) => r[AGAIN] !== 0,
      () => {
        eachSlot(() => {
          p.when(
            (r) => (r[AGAIN]! & bit(r)) !== 0,
            () => {
              p.do((r) => call('reissue', LEVEL, reference(r)));
              p.do((_, x) => (x === 0 ? fail('the level is full of references') : undefined));
            },
          );
        });
        p.do(call('publish', LEVEL)).do(call('wakeSome', 1));
      },
    );
    p.do((r) => {
      r[AGAIN] = 0;
      r[RECOVERED] = 1;
    });
  };

  const abandon = (block: number): void => {
    drain(block);
    eachSlot(() => {
      const next = p.fresh('next');
      p.unless((r) => isLive(r) && isWanted(r), next);
      p.do((r) => load(state(r))).keep(WORD);
      p.unless((r) => ownerOf(r) === block && stateOf(r) >= L.CLAIMED && stateOf(r) <= L.PENDING, next);
      if (!faulty('abandon leaves claimed')) {
        p.when(
          (r) => stateOf(r) === L.CLAIMED,
          () => p.do((r) => call('cancel', reference(r))).keep(WORD),
        );
        p.unless((r) => stateOf(r) <= L.PENDING, next);
      }
      if (faulty('abandon in the same record')) {
        p.do((r) => {
          r[GENERATION + r[SLOT]!] = following(r[GENERATION + r[SLOT]!]!);
        });
        inject();
        p.jump(next);
      }
      p.do((r) => {
        if (stateOf(r) !== L.CLAIMED && !isIdempotent(r)) return settle(r, true);
        r[WANTED]! &= ~bit(r);
        r[BACKLOG]! |= 1 << taskOf(r);
        return undefined;
      });
      if (faulty('abandon gives back')) p.do((r) => give(r));
      p.label(next);
    });
  };

  const cancelTask = (task: number): void => {
    const end = p.fresh('cancelled');
    p.do((r) => {
      r[SLOT] = task;
      return call('cancel', reference(r));
    }).keep(WORD);
    if (faulty('cancel unconditionally')) p.do((r) => store(state(r), reference(r) - r[SLOT]! + L.CANCELLED));
    p.unless((r) => r[WORD]! >= L.QUEUED && r[WORD]! <= L.PENDING, end);
    p.do((r) => settle(r, true));
    p.do((r) => {
      if (r[WORD]! <= L.CLAIMED) r[NEVER]! |= 1 << task;
      if (r[WORD] === L.QUEUED || faulty('release at cancel')) give(r);
    });
    p.when(
      (r) => r[WORD]! >= L.RUNNING,
      () => p.do(store(ground.cancel(task), 1)),
    );
    p.label(end).do((r) => r.fill(0, WORD, LIVE) && undefined);
  };

  // ── What it does ──────────────────────────────────────────────────────────────────────────────────────────────
  refill();
  for (const task of options.cancels ?? []) cancelTask(task);
  if (mortal !== undefined && options.abandons) abandon(mortal.block);
  if (mortal !== undefined && faulty('recovery before exit')) recover(mortal.block);
  p.label('turn');
  p.when(
    (r) => r[SETTLED] === everything && r[LIVE] === 0,
    () => p.do(store(STOP, 1)).do(done),
  );
  for (let block = 0; block < ground.blocks.length; block++) drain(block);
  refill();
  if (mortal !== undefined) {
    p.when(
      (r) => r[RECOVERED] === 0,
      () => {
        p.do(exited).do((r, x) => {
          r[WORD] = Number(x) & (1 << mortal.thread);
        });
        p.when(
          (r) => r[WORD] !== 0,
          () => recover(mortal.block),
        );
        p.do((r) => {
          r[WORD] = 0;
        });
      },
    );
  }
  p.jump('turn');

  const registers = new Array<number>(REGISTERS).fill(0);
  for (let slot = 0; slot < slots; slot++) registers[GENERATION + slot] = generation;
  for (let i = 0; i < injected; i++) registers[TASK + i] = i;
  registers[LIVE] = (1 << injected) - 1;
  registers[WANTED] = registers[LIVE];
  registers[BACKLOG] = everything & ~registers[LIVE];
  return { name: 'coordinator', program: p.program(), registers, privateRanges: [ground.level.producer] };
}
