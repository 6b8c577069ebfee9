/**
 * `runSync`: the main thread waits for a task without turning its event loop, and helps meanwhile if it can.
 *
 * What the event loop would have told has to be looked for: completions in the rings, which ring the bell; threads that
 * have ended, of which `exit` would tell, in the list of the process's threads.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { MillraceError, TimeoutError } from '../errors.ts';
import * as L from '../memory/layout.ts';
import { sharedNow } from '../memory/shared-memory.ts';
import type { Engine } from './engine.ts';
import type { Handle } from './handle.ts';
import { raise, unheard } from './raise.ts';

const ARMED = (L.HEADER + L.H_ARMED) >> 2;
/** A completion ends the wait. What does not: a thread that has ended, a deadline, a timeout. ms */
const SLICE_MS = 20;
/** Nor does a child that could be helped with. ms */
const HELPING_SLICE_MS = 0.2;

export type Outcome =
  | { readonly end: 'value'; readonly value: unknown }
  | { readonly end: 'error'; readonly error: unknown };

/** A task that is waited for in this way. */
export class BlockingTask {
  /** Set when the task was accepted. */
  handle: Handle | undefined;
  outcome: Outcome | undefined;

  readonly settle = (value: unknown): void => {
    const failed = unheard(value);
    if (failed === undefined) this.outcome = { end: 'value', value };
    else this.outcome = { end: 'error', error: failed.reason };
  };
}

/** The main thread, as one that can run children. */
export interface Helper {
  /** Runs one child of the task, if one can be had. */
  help(reference: number): boolean;
  close(): void;
}

/**
 * Waits until the task has settled.
 *
 * @throws what the task threw; WorkerError when the thread that ran it has ended
 */
export function waitFor(
  task: BlockingTask,
  engine: Engine,
  helper: Helper | undefined,
  deadline: number | undefined,
): unknown {
  const until = deadline === undefined ? Number.POSITIVE_INFINITY : sharedNow() + deadline;
  let looked = sharedNow();
  while (task.outcome === undefined) {
    const { ended, more } = engine.look();
    if (task.outcome !== undefined || ended > 0 || more) continue;
    if (helper !== undefined && helped(task, engine, helper)) continue;
    const now = sharedNow();
    if (now - looked >= SLICE_MS) {
      looked = now;
      engine.limits.endOverdue(now);
      if (!engine.mendUnheard() || engine.lines.isStranded(task.handle!)) giveUp(task, engine);
    }
    const due = engine.recall.blocked(now);
    const left = engine.limits.endTimedOut(task.handle!);
    if (left <= 0) continue;
    if (now >= until) pass(task, engine, deadline!);
    else if (engine.plant.core.arm() !== 0) {
      const slice = Math.min(
        helper === undefined ? SLICE_MS : HELPING_SLICE_MS,
        until - now,
        due - now,
        left,
      );
      Atomics.wait(engine.plant.memory.i32, ARMED, 1, slice);
      Atomics.store(engine.plant.memory.i32, ARMED, 0);
    }
  }
  // The bell was answered here: let it look again by itself from now on.
  engine.bell.nudge();
  if (task.outcome.end === 'error') throw task.outcome.error;
  return task.outcome.value;
}

function helped(task: BlockingTask, engine: Engine, helper: Helper): boolean {
  const where = task.handle?.where;
  return where?.at === 'slot' && helper.help(engine.window.reference(where.slot));
}

function pass(task: BlockingTask, engine: Engine, deadline: number): void {
  const where = task.handle?.where;
  const started = where?.at === 'slot' && (engine.window.state(where.slot) & L.STATE_MASK) >= L.RUNNING;
  const message = `The task had not ${started ? 'finished' : 'started'} ${deadline} ms after it was submitted. Raise \`deadline\`, or submit less.`;
  end(task, engine, new TimeoutError('ERR_DEADLINE', deadline, started, message));
}

function giveUp(task: BlockingTask, engine: Engine): void {
  const worker = task.handle!.worker;
  const [who, otherwise] =
    worker === undefined
      ? ['All worker threads have ended', 'more workers']
      : [`The thread of worker ${worker}, which the task is for, has ended`, 'another `affinity`'];
  const message = `${who} while the main thread waited in \`runSync\`, and none can start before it returns. Use \`run\`, or ${otherwise}.`;
  end(task, engine, new MillraceError('ERR_POOL_FAILED', message));
}

// At once: no turn of the event loop will come.
function end(task: BlockingTask, engine: Engine, error: Error): void {
  engine.limits.cancel(task.handle!, () => raise(error), true);
}

/** Whether a thread of this process, by the system's number, has ended. Where that is not to be known: false. */
export function hasEnded(systemThread: number): boolean {
  return systemThread > 0 && process.platform === 'linux' && !existsSync(`/proc/self/task/${systemThread}`);
}
