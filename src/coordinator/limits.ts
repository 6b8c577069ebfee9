/**
 * Time limits, deadlines and signals: what makes a task end before its function does.
 *
 * The promise settles at once. A task whose code has not started never runs. One that is running sees
 * `context().cancelled`; if it goes on for `graceMs`, its thread is killed. An async task that waits is let go by its
 * worker as soon as that turns its event loop; a worker that does not turn it although no task is on its stack is
 * killed too.
 *
 * @module
 */
import { TimeoutError } from '../errors.ts';
import * as L from '../memory/layout.ts';
import { sharedNow } from '../memory/shared-memory.ts';
import { Deadlines, timer } from './deadlines.ts';
import { Endings } from './endings.ts';
import { type Handle, SETTLED } from './handle.ts';
import type { Intake } from './intake.ts';
import type { Ledger } from './ledger.ts';
import { raise, raiseAsIs, raiseBare } from './raise.ts';

export interface LimitHooks {
  /** Takes completions out of the rings: a task may have ended without our having looked. */
  drain(): void;
  /** The task's record is free. */
  release(slot: number, handle: Handle | undefined): void;
  /** Makes the worker turn its event loop and look at its pending tasks. */
  ping(block: number): void;
  kill(block: number): void;
  /** Blocks of the threads that run children of this task. */
  runnersFor(reference: number): Iterable<number>;
  /** There may be room for waiting producers. */
  progressed(): void;
}

export class Limits {
  readonly #intake: Intake;
  readonly #ledger: Ledger;
  readonly #hooks: LimitHooks;
  readonly #graceMs: number;
  readonly #deadlines = new Deadlines((late) => this.#deadlinePassed(late));
  /** Those that are taken out of their queues, and whose promises settle in turns to come. */
  readonly endings: Endings = new Endings();
  /** What is done to each task that has been asked to stop and has not, and from when on. */
  readonly #asked = new Map<() => void, number>();
  /** One listener a signal, however many tasks it guards. */
  readonly #signals = new Map<AbortSignal, { readonly tasks: Set<Handle>; readonly listener: () => void }>();

  constructor(intake: Intake, ledger: Ledger, hooks: LimitHooks, graceMs: number) {
    this.#intake = intake;
    this.#ledger = ledger;
    this.#hooks = hooks;
    this.#graceMs = graceMs;
  }

  /** At submission. */
  watch(handle: Handle): void {
    if (handle.signal !== undefined) this.#listen(handle, handle.signal);
    const { deadline } = handle;
    if (deadline !== undefined) this.#deadlines.add(handle, deadline);
  }

  /** The task got a record: from now on its code may start. */
  placed(handle: Handle): void {
    const { timeout } = handle;
    if (timeout === undefined) return;
    clearTimeout(handle.timer);
    handle.timer = timer(timeout, () => this.#checkTimeout(handle, timeout));
  }

  /** The task has settled. */
  settled(handle: Handle): void {
    handle.where = SETTLED;
    clearTimeout(handle.timer);
    handle.timer = undefined;
    if (handle.deadline !== undefined) this.#deadlines.remove(handle, handle.deadline);
    if (handle.signal !== undefined) this.#unlisten(handle, handle.signal);
  }

  /**
   * Settles the task with a rejection, wherever it is; what runs is asked to stop. After many in one turn of the event
   * loop it will not start from here on, and settles in a later turn, unless `atOnce`.
   */
  cancel(handle: Handle, rejection: () => Promise<never>, atOnce: boolean = false): void {
    const { where } = handle;
    switch (where.at) {
      case 'settled':
        return;
      case 'backlog':
        this.#intake.backlog[where.level]!.remove(where.place);
        this.#reject(handle, rejection, atOnce);
        return;
      case 'line':
        this.#reject(handle, rejection, atOnce);
        return;
      case 'slot':
        this.#cancelSlot(handle, where.slot, rejection, atOnce);
    }
  }

  #cancelSlot(handle: Handle, slot: number, rejection: () => Promise<never>, atOnce: boolean): void {
    const { window } = this.#intake;
    const was = window.plant.core.cancel(window.reference(slot));
    switch (was) {
      case L.QUEUED:
        this.#reject(handle, rejection, atOnce);
        this.#hooks.release(slot, handle);
        return;
      case L.CLAIMED:
        this.#abandon(handle, slot, rejection, atOnce);
        return;
      case L.RUNNING:
      case L.PENDING:
        this.#abandon(handle, slot, rejection, atOnce);
        this.askToStop(slot);
        return;
      default:
        // It has ended; exactly one wins, and it was the task.
        this.#hooks.drain();
    }
  }

  /** A task nobody waits for any more still runs in `slot`: it is told, and has `graceMs`. */
  askToStop(slot: number): void {
    const { window } = this.#intake;
    const { plant } = window;
    Atomics.store(plant.memory.i32, (plant.cold + slot * L.COLD_BYTES + L.C_CANCEL) >> 2, 1);
    const block = (window.state(slot) >> L.OWNER_SHIFT) & L.OWNER_MASK;
    this.#hooks.ping(block);
    this.#grace(slot, window.generation[slot]!, block);
  }

  /** While the event loop does not turn: what its timers would do to threads that have not stopped in time. */
  endOverdue(now: number): void {
    for (const [over, due] of this.#asked) if (due <= now) over();
  }

  #grace(slot: number, generation: number, block: number): void {
    const over = (): void => {
      clearTimeout(due);
      if (this.#asked.delete(over)) this.#graceOver(slot, generation, block);
    };
    const due = timer(this.#graceMs, over);
    this.#asked.set(over, sharedNow() + this.#graceMs);
  }

  #graceOver(slot: number, generation: number, block: number): void {
    this.#hooks.drain();
    const { window } = this.#intake;
    if (window.live[slot] === 0 || window.generation[slot] !== generation) return;
    const word = window.state(slot);
    const state = word & L.STATE_MASK;
    if ((state !== L.RUNNING && state !== L.PENDING) || ((word >> L.OWNER_SHIFT) & L.OWNER_MASK) !== block)
      return;
    const { i32 } = window.plant.memory;
    const at = window.plant.blocks[block]!;
    const current = Atomics.load(i32, (at + L.W_CURRENT) >> 2);
    // Another task is on the stack: it is not to blame that this one, which waits, cannot be let go yet.
    if (state === L.PENDING && current !== 0 && current !== slot + 1) {
      this.#grace(slot, generation, block);
      return;
    }
    for (const runner of this.#hooks.runnersFor(window.reference(slot))) this.#hooks.kill(runner);
    this.#hooks.kill(block);
  }

  // The promise settles now; the record stays until its worker is done with it.
  #abandon(handle: Handle, slot: number, rejection: () => Promise<never>, atOnce: boolean): void {
    this.#intake.window.resolve[slot] = undefined;
    this.#reject(handle, rejection, atOnce);
  }

  #reject(handle: Handle, rejection: () => Promise<never>, atOnce: boolean): void {
    this.settled(handle);
    const end = (): void => {
      this.#ledger.ended('cancelled', handle);
      handle.resolve(rejection());
      this.#hooks.progressed();
    };
    // Subtle: a chunk reads its items from bytes that are about to be free.
    if (atOnce || handle.chunk !== undefined) end();
    else this.endings.add(end);
  }

  #checkTimeout(handle: Handle, timeout: number): void {
    this.#hooks.drain();
    if (handle.where.at !== 'slot') return;
    const left = this.#timeLeft(handle, timeout);
    // Not started yet, or started late: nothing can pass its limit before then.
    if (left > 0) handle.timer = timer(left, () => this.#checkTimeout(handle, timeout));
    else this.#endTimedOut(handle, timeout);
  }

  /**
   * While the event loop does not turn: ends the task, at once, if it has run for longer than its `timeout`.
   *
   * @returns how long it cannot have, ms; 0 or less: it has ended
   */
  endTimedOut(handle: Handle): number {
    const { timeout } = handle;
    if (timeout === undefined || handle.where.at !== 'slot') return timeout ?? Number.POSITIVE_INFINITY;
    const left = this.#timeLeft(handle, timeout);
    if (left <= 0) this.#endTimedOut(handle, timeout, true);
    return left;
  }

  /** How long the task cannot yet have run for `timeout`, ms; as long as it has not started, all of that. */
  #timeLeft({ where }: Handle, timeout: number): number {
    if (where.at !== 'slot') return timeout;
    const { window } = this.#intake;
    const { plant } = window;
    const state = window.state(where.slot) & L.STATE_MASK;
    const started = plant.memory.f64[(plant.cold + where.slot * L.COLD_BYTES + L.C_STARTED) >> 3]!;
    const running = state === L.RUNNING || state === L.PENDING;
    return running && started > 0 ? started + timeout - sharedNow() : timeout;
  }

  #endTimedOut(handle: Handle, timeout: number, atOnce = false): void {
    const message = `The task ran longer than its timeout of ${timeout} ms. Raise \`timeout\`, or make it check \`context().cancelled\`.`;
    const error = (): TimeoutError => new TimeoutError('ERR_TIMEOUT', timeout, true, message);
    this.cancel(handle, () => raise(error(), handle.submitted as Stack), atOnce);
  }

  #deadlinePassed(late: readonly Handle[]): void {
    this.#hooks.drain();
    for (const handle of late) this.#endLate(handle, handle.deadline!);
  }

  #endLate(handle: Handle, deadline: number): void {
    const { where } = handle;
    if (where.at === 'settled') return;
    const started =
      where.at === 'slot' && (this.#intake.window.state(where.slot) & L.STATE_MASK) >= L.RUNNING;
    const message = `The task had not ${started ? 'finished' : 'started'} ${deadline} ms after it was submitted. Raise \`deadline\`, or submit less.`;
    this.cancel(handle, () =>
      raiseBare(
        () => new TimeoutError('ERR_DEADLINE', deadline, started, message),
        handle.submitted as Stack,
      ),
    );
  }

  #listen(handle: Handle, signal: AbortSignal): void {
    const entry = this.#signals.get(signal);
    if (entry !== undefined) {
      entry.tasks.add(handle);
      return;
    }
    const tasks = new Set([handle]);
    const listener = (): void => {
      this.#signals.delete(signal);
      const reject = (): Promise<never> => raiseAsIs(signal.reason);
      // The latest first: a worker whose task ends at once would begin one of those that wait.
      const latest = [...tasks].reverse();
      for (const task of latest) if (task.where.at === 'slot') this.cancel(task, reject);
      // What waits here is not begun any more, so there is no hurry.
      void this.endings.take(this.#steps(latest, reject));
    };
    this.#signals.set(signal, { tasks, listener });
    signal.addEventListener('abort', listener, { once: true });
  }

  *#steps(handles: readonly Handle[], rejection: () => Promise<never>): Generator<void> {
    for (const handle of handles) {
      if (handle.settled) continue;
      this.cancel(handle, rejection, true);
      yield;
    }
  }

  #unlisten(handle: Handle, signal: AbortSignal): void {
    const entry = this.#signals.get(signal);
    if (entry === undefined) return;
    entry.tasks.delete(handle);
    if (entry.tasks.size > 0) return;
    this.#signals.delete(signal);
    signal.removeEventListener('abort', entry.listener);
  }
}

type Stack = { readonly stack?: string } | undefined;
