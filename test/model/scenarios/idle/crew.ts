/**
 * A crew of workers around one injector level, with the steps the scheduler and the coordinator take from JavaScript.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import {
  call,
  done,
  fail,
  load,
  type Program,
  type Result,
  type Scenario,
  type Step,
  store,
  type Thread,
  type View,
  wait,
} from '../../explore.ts';
import { CORE, type Ground, type GroundShape, ground } from '../plant.ts';

/** A task is its number, from 1; what a worker took is a bit mask in its register {@link TAKEN}. */
const AT = 0;
export const TAKEN = 1;

/** What a worker does with a task: it is over at once, it never ends, or the first one never ends. */
export type Work = 'short' | 'endless';

export interface WorkerShape {
  readonly work: Work;
  /** Takes a search token and looks once before it parks, as the scheduler does while a core is free. Default no. */
  readonly spins?: boolean;
  /** Picks by `next` (claims a record) instead of taking from the level. Default `false`. */
  readonly next?: boolean;
  /** Looks at its command word before each pick, and ends when it is told to. Default `false`. */
  readonly commands?: boolean;
  /** After its first sleep the event loop gets its turn before the next pick; `keep`: without giving the token back. */
  readonly turns?: 'give' | 'keep';
  /**
   * It parks with its event loop alive. Once it was woken it comes, or a task's code `keeps` it for ever: from the moment
   * it sleeps.
   */
  readonly loops?: 'comes' | 'keeps';
  /** Faults: it sleeps whatever `park` says, or resets its word again before it sleeps. */
  readonly sleep?: 'unasked' | 'reset late';
}

const PICK = 0;
const PICKED = 1;
const SPUN = 2;
const LOOKED = 3;
const PARKED = 4;
const CHECKED = 5;
const SLEPT = 6;
const AWAKE = 7;
const ENDED = 8;
const BUSY = 9;
const AWAY = 10;
const RESET = 11;
const COMMANDED = 12;

/** The turn and idle of `workers/scheduler.ts`, until the thread sleeps for good. */
export function workerProgram(g: Ground, worker: number, shape: WorkerShape): Program {
  const block = g.blocks[worker]!;
  const pick = shape.next ? call('next', block) : call('ringTake', g.level.at);
  const park = (r: number[]): Step => {
    r[AT] = PARKED;
    return call(shape.loops === undefined ? 'park' : 'parkLooping', block);
  };
  const again = (r: number[]): Step => {
    r[AT] = shape.commands ? COMMANDED : PICKED;
    return shape.commands ? load(block + L.W_COMMAND) : pick;
  };
  const look = (r: number[]): Step => {
    r[AT] = CHECKED;
    return load(block + L.W_PARK);
  };
  return (r: number[], result: Result): Step => {
    const got = Number(result);
    switch (r[AT]) {
      case PICK:
        return again(r);
      case COMMANDED:
        if (got !== 0) return done;
        r[AT] = PICKED;
        return pick;
      case PICKED: {
        if (got === L.RETRY) return pick;
        if (got === L.EMPTY) {
          if (!shape.spins) return park(r);
          r[AT] = SPUN;
          return call('beginSearch', block);
        }
        const bit = 1 << got;
        if ((r[TAKEN]! & bit) !== 0) return fail(`task ${got} was taken twice`);
        r[TAKEN]! |= bit;
        if (shape.next) {
          if (shape.work === 'endless') return done;
          return again(r);
        }
        r[AT] = BUSY;
        return load(block + L.W_TOKEN);
      }
      case BUSY:
        // What `next` does when it has found a task.
        r[AT] = ENDED;
        if (got !== 0) return call('endSearch', block);
        if (shape.work === 'endless') return done;
        return again(r);
      case ENDED:
        if (shape.work === 'endless') return done;
        return again(r);
      case SPUN:
        if (got === 0) return park(r);
        r[AT] = LOOKED;
        return call('spin', block, 1);
      case LOOKED:
        if (got === 0) return park(r);
        return again(r);
      case PARKED:
        if (got === 0 && shape.sleep !== 'unasked') {
          return again(r);
        }
        if (shape.sleep === 'reset late') {
          r[AT] = RESET;
          return store(block + L.W_PARK, 0);
        }
        return look(r);
      case RESET:
        return look(r);
      case CHECKED:
        if (shape.loops === 'keeps') return done;
        if (got === 0) {
          r[AT] = SLEPT;
          return wait(block + L.W_PARK, 0);
        }
        r[AT] = AWAKE;
        return call('unpark', block);
      case SLEPT:
        return look(r);
      case AWAKE:
        if (shape.turns === undefined) {
          return again(r);
        }
        // `#roundTheLoop`: user code runs, for as long as it likes.
        if (shape.turns === 'keep') return done;
        r[AT] = AWAY;
        return call('endSearch', block);
      case AWAY:
        return done;
      default:
        return fail('a worker lost its place');
    }
  };
}

export function worker(g: Ground, index: number, shape: WorkerShape): Thread {
  return {
    name: `worker ${index}`,
    program: workerProgram(g, index, shape),
    registers: [PICK, 0],
    privateRanges: g.own(index),
    mayEndAsleep: true,
  };
}

/** The coordinator's or a worker's steps in order, results not looked at. */
export function steps(list: readonly Step[]): Pick<Thread, 'program' | 'registers'> {
  const program: Program = (r) => {
    r[0]! += 1;
    return list[r[0]! - 1] ?? done;
  };
  return { program, registers: [0] };
}

/** Publishes a task as `inject` does, without a record. */
export const publish = (g: Ground, task: number): Step[] => [
  call('ringPut', g.level.at, task),
  call('wakeOne'),
];

/** Publishes a task with its record, in its first generation: a reference is never 0. */
export const inject = (task: number): Step => call('inject', 0, (1 << L.SLOT_BITS) | (task - 1));

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `worker ${i}`);

/** Nobody sleeps over a visible task, and no task was taken twice. */
export function nobodySleepsOver(g: Ground, workers: number): (view: View) => string | undefined {
  return (view) => {
    const visible = (view.load(g.level.at + L.MC_TAIL) - view.load(g.level.at + L.MC_HEAD)) | 0;
    const asleep = names(workers).filter((name) => view.status(name) === 'asleep');
    if (visible > 0 && asleep.length > 0) return `${asleep.join(', ')}: asleep with ${visible} visible`;
    return undefined;
  };
}

/** No task is with two workers. */
export function once(workers: number): (view: View) => string | undefined {
  return (view) => {
    let seen = 0;
    for (const name of names(workers)) {
      const taken = view.registers(name)[TAKEN]!;
      if ((seen & taken) !== 0) return 'a task was taken by two workers';
      seen |= taken;
    }
    return undefined;
  };
}

export interface CrewShape extends Partial<GroundShape> {
  readonly worker: WorkerShape;
  readonly workers: number;
  readonly tasks: number;
  readonly module?: Scenario['module'];
  /** The coordinator's steps. Default: it publishes the tasks one after the other. */
  readonly publish?: (g: Ground) => readonly Step[];
  /** What is different with worker number `i`. Default nothing. */
  readonly but?: (i: number) => Partial<WorkerShape>;
}

function groundOf({ worker, tasks, publish: _, module: __, but: ___, ...rest }: CrewShape): Ground {
  return ground({
    start: (2 ** 31 - 2) | 0,
    level: 4,
    records: worker.next ? tasks : 0,
    commands: worker.commands ?? false,
    ...rest,
  });
}

/** Workers as they start, and a coordinator that publishes tasks one after the other. */
export function crew(shape: CrewShape): Scenario {
  const g = groundOf(shape);
  const numbers = Array.from({ length: shape.tasks }, (_, i) => i + 1);
  const inTurn = (): Step[] =>
    numbers.flatMap((task) => (shape.worker.next ? [inject(task)] : publish(g, task)));
  return {
    module: shape.module ?? CORE,
    regions: g.regions,
    setup: g.prepare,
    threads: [
      ...g.blocks.map((_, i) => worker(g, i, { ...shape.worker, ...shape.but?.(i) })),
      { name: 'coordinator', ...steps((shape.publish ?? inTurn)(g)), privateRanges: [g.level.producer] },
    ],
    invariant: once(shape.workers),
    end: nobodySleepsOver(g, shape.workers),
  };
}

export interface LossShape extends CrewShape {
  /** Which of the workers may die; one of them does, at most. */
  readonly mortal: readonly number[];
  /** What the coordinator does at the exit, given the dead worker's block. Default: `forget`, `wakeAll`. */
  readonly repair?: (block: number) => readonly Step[];
  readonly when?: 'exit' | 'early';
}

/**
 * As {@link crew}, and a worker may die before any of its accesses. The repair runs beside the coordinator's own
 * steps, although one thread does both: that is more than can happen.
 */
export function crewWithDeath(shape: LossShape): Scenario {
  const alive = crew(shape);
  const g = groundOf(shape);
  const repair = shape.repair ?? ((block) => [call('forget', block), call('wakeAll')]);
  const repairs = g.blocks.map((block) => repair(block));
  return {
    ...alive,
    threads: alive.threads.map((thread, i) => ({ ...thread, mayDie: shape.mortal.includes(i) })),
    crashes: { max: 1, zombieSteps: shape.when === 'early' ? 2 : 0 },
    recovery: {
      when: shape.when ?? 'exit',
      registers: [0, 0],
      program: (r) => {
        r[1]! += 1;
        return repairs[r[0]!]![r[1]! - 1] ?? done;
      },
    },
  };
}
