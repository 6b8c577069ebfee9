/**
 * A coordinator and its workers as one scenario, with what must hold of every task.
 *
 * @module
 */
import * as L from '../../../../src/memory/layout.ts';
import type { Scenario, View } from '../../explore.ts';
import { CORE } from '../plant.ts';
import {
  coordinator,
  type Fault,
  LIVE,
  NEVER,
  RECOVERED,
  REJECTED,
  SETTLED,
  type TaskKind,
} from './coordinator.ts';
import { type BlockShape, type Ground, ground, LEVEL } from './ground.ts';
import { ATTEMPTS, META_ASYNC, TASKS, type WorkerOptions, worker } from './worker.ts';

/** Arguments in the record: claimed and begun in one step. */
export const INLINE: TaskKind = { meta: L.META_INLINE };
/** Arguments elsewhere: decoded between claim and begin. */
export const ENCODED: TaskKind = { meta: L.META_ENCODED };
/** May run again after its worker has died. */
export const AGAIN: TaskKind = { meta: L.META_INLINE | L.META_IDEMPOTENT };

/** Returns a promise: suspended, and let go by its worker when it is asked to stop. */
export const ASYNC: TaskKind = { meta: L.META_INLINE | META_ASYNC };

export interface PoolWorker extends BlockShape {
  readonly rounds?: number;
  readonly tick?: number;
  readonly mayDie?: boolean;
  readonly fault?: WorkerOptions['fault'];
}

export interface Pool {
  readonly tasks: readonly TaskKind[];
  readonly slots: number;
  readonly workers: readonly PoolWorker[];
  /** So many tasks are in their records and in the level from the start. */
  readonly injected?: number;
  readonly cancels?: readonly number[];
  readonly abandons?: boolean;
  readonly zombieSteps?: number;
  readonly faults?: readonly Fault[];
  readonly module?: Scenario['module'];
  /** Where indices and generations start. Default: next to wrap-around. */
  readonly start?: number;
  readonly generation?: number;
}

/** Two attempts before the generations come round. */
const LATE_GENERATION = -2 << L.SLOT_BITS;

export function pool(options: Pool): Scenario {
  const { tasks, slots, workers, injected = 0, generation = LATE_GENERATION } = options;
  const memory: Ground = ground({
    slots,
    blocks: workers,
    start: options.start ?? 2 ** 31 - 1,
    records: tasks.slice(0, slots).map(({ meta }, i) => ({ meta, fn: i + 1 })),
    reuse: injected < tasks.length || (options.abandons ?? false),
    level: slots > 2 ? 8 : 4,
  });
  const mortalWorker = workers.findIndex(({ mortal }) => mortal);
  const mortal = mortalWorker < 0 ? undefined : { thread: mortalWorker + 1, block: mortalWorker };
  const { cancels = [], abandons = false, faults = [] } = options;
  const names = workers.map((_, i) => `worker ${i}`);
  const once = tasks.reduce((mask, { meta }, i) => mask | ((meta & L.META_IDEMPOTENT) === 0 ? 2 << i : 0), 0);
  return {
    module: options.module ?? CORE,
    regions: memory.regions,
    setup: (setup) => {
      memory.prepare(setup);
      for (let slot = 0; slot < injected; slot++) setup.call('inject', LEVEL, generation | slot);
    },
    threads: [
      coordinator({
        ground: memory,
        tasks,
        generation,
        injected,
        cancels,
        abandons,
        faults,
        ...(mortal === undefined ? {} : { mortal }),
      }),
      ...workers.map((w, i) =>
        worker(memory, {
          name: names[i]!,
          block: i,
          generation,
          ...(w.rounds === undefined ? {} : { rounds: w.rounds }),
          ...(w.tick === undefined ? {} : { tick: w.tick }),
          ...(w.fault === undefined ? {} : { fault: w.fault }),
          mayDie: w.mayDie ?? false,
        }),
      ),
    ],
    crashes: { max: 1, zombieSteps: options.zombieSteps ?? 0 },
    invariant: (view) => ran(view, names, once),
    end: (view) => {
      const r = view.registers('coordinator');
      const all = (1 << tasks.length) - 1;
      if (r[SETTLED] !== all) return `settled are ${bits(r[SETTLED]!)} of ${tasks.length} tasks`;
      if (r[LIVE] !== 0) return `slots ${bits(r[LIVE]!)} are not given back`;
      const died = mortalWorker >= 0 && view.status(names[mortalWorker]!) === 'dead';
      if (r[REJECTED] !== 0 && cancels.length === 0 && !died && !abandons)
        return 'a task was rejected for nothing';
      return r[RECOVERED] === 1 ? ready(view, memory, mortalWorker) : undefined;
    },
  };
}

/** No attempt was started by two threads, no task twice that may not be, and none that was cancelled before. */
function ran(view: View, names: readonly string[], once: number): string | undefined {
  let attempts = 0;
  let tasks = 0;
  for (const name of names) {
    const r = view.registers(name);
    if ((attempts & r[ATTEMPTS]!) !== 0) return 'one attempt ran in two threads';
    if ((tasks & r[TASKS]! & once) !== 0) return 'a task that must run once at most ran twice';
    attempts |= r[ATTEMPTS]!;
    tasks |= r[TASKS]!;
  }
  const never = view.registers('coordinator')[NEVER]! << 1;
  return (never & tasks) === 0 ? undefined : 'a task ran that was cancelled before its code had started';
}

/** A dead thread's block is as a new one, at later indices. */
function ready(view: View, memory: Ground, block: number): string | undefined {
  const at = memory.blocks[block]!;
  const deque = at + L.W_DEQUE;
  const top = view.load(deque + L.DQ_TOP);
  for (const field of [L.DQ_BOTTOM, L.DQ_OWN_BOTTOM, L.DQ_OWN_TOP])
    if (view.load(deque + field) !== top) return 'the deque is not ready for another owner';
  const completions = memory.completions[block]!.at;
  if (view.load(completions + L.SC_OWN_TAIL) !== view.load(completions + L.SC_TAIL))
    return 'the completion ring is not ready for another producer';
  return undefined;
}

function bits(mask: number): string {
  return mask.toString(2);
}
