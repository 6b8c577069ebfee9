/**
 * What happens to a worker's tasks when its thread is gone (`recover`), or does not go although it was told to
 * (`abandon`). The protocol and its argument: ../memory/recovery/README.md.
 *
 * @module
 */
import { WorkerError } from '../errors.ts';
import * as L from '../memory/layout.ts';
import { markEnded } from '../memory/shared-memory.ts';
import type { Descendants } from './descendants.ts';
import type { Handle } from './handle.ts';
import { handleOf, type Intake } from './intake.ts';
import type { Ledger } from './ledger.ts';
import type { Lines } from './lines.ts';
import { raise } from './raise.ts';
import type { Settlement } from './settlement.ts';

export interface RecoveryParts {
  readonly descendants: Descendants;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly lines: Lines;
  readonly settlement: Settlement;
  readonly maxAttempts: number;
  /** A handle's timers and listeners go. */
  settled(handle: Handle): void;
  release(slot: number, handle: Handle | undefined): void;
}

export class Recovery {
  readonly #parts: RecoveryParts;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /**
   * The thread that wrote to this block has exited: nothing it does can come any more. Every task it held is settled
   * or issued again; what it took from a queue without claiming it is found by issuing every waiting task again.
   *
   * @returns how many tasks it was running
   */
  recover(block: number, worker: number, cause: Error): number {
    const { intake, settlement } = this.#parts;
    const { window } = intake;
    settlement.drainAll(block);
    const again: number[] = [];
    let running = 0;
    for (let slot = 0; slot < window.plant.slots; slot++) {
      if (window.live[slot] === 0) continue;
      const word = window.state(slot);
      if ((word & ~L.SLOT_MASK) !== window.generation[slot]) continue;
      const state = word & L.STATE_MASK;
      const owner = (word >> L.OWNER_SHIFT) & L.OWNER_MASK;
      if (owner === L.NOBODY) {
        if (state !== L.QUEUED) continue;
        if (window.handle[slot]?.posted === undefined) again.push(window.reference(slot));
        else if (window.handle[slot]?.posted === block) this.#backToLine(slot, worker, cause);
      } else if (owner === block) {
        if (state === L.RUNNING || state === L.PENDING) running++;
        this.#mend(slot, state, block, worker, cause);
      }
    }
    settlement.discardMail(block);
    this.#parts.descendants.recover(block);
    this.#reset(block);
    intake.reissue(again);
    return running;
  }

  /**
   * The thread does not end: a native call holds it, and may go on writing to the records it had. They are left to
   * it; their tasks go on in fresh records, or reject.
   */
  abandon(block: number, worker: number, cause: Error): void {
    const { intake, settlement } = this.#parts;
    const { window } = intake;
    settlement.drainAll(block);
    this.#parts.descendants.abandon(block);
    for (let slot = 0; slot < window.plant.slots; slot++) {
      if (window.live[slot] === 0 || window.resolve[slot] === undefined) continue;
      const word = window.state(slot);
      let state = word & L.STATE_MASK;
      const handle = window.handle[slot];
      if (((word >> L.OWNER_SHIFT) & L.OWNER_MASK) === block && state >= L.CLAIMED && state <= L.PENDING) {
        // Subtle: a thread that is slow, not stuck, may still begin what it has claimed. It must not, once the task
        // goes on elsewhere; and if it began meanwhile, the task counts as running. Ended: its entry settles it.
        if (state === L.CLAIMED) state = window.plant.core.cancel(window.reference(slot));
        if (state > L.PENDING) continue;
        const started = state !== L.CLAIMED;
        // What of a chunk has not begun is submitted again by whoever made it.
        const again = handle?.chunk === undefined && this.#mayRunAgain(slot, state);
        if (again && !hasMoved(handle)) this.#move(slot);
        else {
          const what = { worker, started, attempts: started ? 1 : 0 };
          const text = started ? stuckMessage(worker) : lostMessage(worker, cause, false);
          this.#reject(slot, new WorkerError('ERR_WORKER_STUCK', what, text, { cause }));
        }
      } else if (state === L.QUEUED && handle?.posted === block) {
        this.#backToLine(slot, worker, cause);
      }
    }
  }

  /**
   * The worker finishes what it has begun and takes nothing more. What waits in its inbox goes back to its line;
   * what something was moved with cannot, and the worker runs it before it leaves.
   */
  takeBack(block: number): void {
    const { window } = this.#parts.intake;
    for (let slot = 0; slot < window.plant.slots; slot++) {
      const handle = window.handle[slot];
      if (window.live[slot] === 0 || handle?.posted !== block || hasMoved(handle)) continue;
      if ((window.state(slot) & L.STATE_MASK) !== L.QUEUED) continue;
      // Its entry in the inbox is stale from here on, unless the worker has just taken it.
      if (window.plant.core.cancel(window.reference(slot)) === L.QUEUED) this.#toLine(slot, handle);
    }
  }

  #mend(slot: number, state: number, block: number, worker: number, cause: Error): void {
    const { intake, settlement, maxAttempts } = this.#parts;
    const { window } = intake;
    if (state >= L.DONE) {
      settlement.settleSlot(slot, block);
      return;
    }
    if (window.resolve[slot] === undefined) {
      // Nobody waits for it any more; its worker would have given the record back.
      this.#parts.release(slot, window.handle[slot]);
      return;
    }
    // Claimed, but not looked at: it waited for something of its worker's, and has nothing to do with the death.
    if (state === L.CLAIMED && !this.#isInHand(slot, block)) {
      this.#again(slot, worker, cause);
      return;
    }
    const deaths = ++window.deaths[slot]!;
    if (deaths >= maxAttempts && (state === L.CLAIMED || this.#isIdempotent(slot))) {
      const text = `The task has ended ${deaths} workers and is not tried again. ${cause.message}`;
      this.#rejectAndFree(slot, new WorkerError('ERR_POISONED', details(worker, deaths), text, { cause }));
      return;
    }
    if (!this.#mayRunAgain(slot, state)) {
      const moved = hasMoved(window.handle[slot]);
      const text = moved ? lostMessage(worker, cause, true) : crashedMessage(worker, cause);
      this.#rejectAndFree(
        slot,
        new WorkerError('ERR_WORKER_CRASHED', details(worker, deaths), text, { cause }),
      );
      return;
    }
    this.#again(slot, worker, cause, state === L.CLAIMED ? 0 : deaths);
  }

  // `attempts`: how often its code has started.
  #again(slot: number, worker: number, cause: Error, attempts = 0): void {
    const { intake } = this.#parts;
    if (intake.window.handle[slot]?.posted === undefined) intake.restart(slot);
    else this.#backToLine(slot, worker, cause, attempts);
  }

  // The worker was reading the task's arguments, or running it, when it ended.
  #isInHand(slot: number, block: number): boolean {
    const { plant } = this.#parts.intake.window;
    return Atomics.load(plant.memory.i32, (plant.blocks[block]! + L.W_CURRENT) >> 2) === slot + 1;
  }

  #isIdempotent(slot: number): boolean {
    const { plant } = this.#parts.intake.window;
    const at = (plant.tasks + slot * L.TASK_BYTES) >> 2;
    return (plant.memory.i32[at + (L.T_META >> 2)]! & L.META_IDEMPOTENT) !== 0;
  }

  #mayRunAgain(slot: number, state: number): boolean {
    return state === L.CLAIMED || this.#isIdempotent(slot);
  }

  // The task was bound to the worker that is gone: to the front of its line, for the next thread with that number.
  #backToLine(slot: number, worker: number, cause: Error, attempts = 0): void {
    const handle = this.#parts.intake.window.handle[slot]!;
    if (hasMoved(handle)) {
      const started = attempts > 0;
      const text = lostMessage(worker, cause, started);
      const what = { worker, started, attempts };
      this.#rejectAndFree(slot, new WorkerError('ERR_WORKER_CRASHED', what, text, { cause }));
      return;
    }
    this.#toLine(slot, handle);
  }

  #toLine(slot: number, handle: Handle): void {
    handle.deaths = this.#parts.intake.window.deaths[slot]!;
    this.#parts.release(slot, handle);
    this.#parts.lines.addFirst(handle);
  }

  // A fresh record for the task of a record that is left to a stuck thread.
  #move(slot: number): void {
    const { intake, lines } = this.#parts;
    const { window } = intake;
    const { plant } = window;
    const resolve = window.resolve[slot]!;
    const old = window.handle[slot];
    const at = (plant.tasks + slot * L.TASK_BYTES) >> 2;
    const { i32, f64, u8 } = plant.memory;
    const meta = i32[at + (L.T_META >> 2)]!;
    window.resolve[slot] = undefined;
    window.handle[slot] = undefined;
    if (old?.posted !== undefined) {
      lines.returned(old);
      lines.addFirst(old);
      return;
    }
    const fn = i32[at + (L.T_FN >> 2)]!;
    const handle = old ?? handleOf(window.level[slot]!, fn, meta, resolve, undefined);
    const length = i32[at + (L.T_LENGTH >> 2)]!;
    if ((meta & L.META_ENCODED) !== 0 && handle.bytes === undefined) {
      const address = i32[at + (L.T_PAYLOAD >> 2)]!;
      handle.bytes = u8.slice(address, address + length);
    }
    const from = (at >> 1) + (L.T_ARGS >> 3);
    handle.numbers ??= f64.slice(from, from + 4);
    intake.submitHandle(handle);
  }

  #reject(slot: number, error: WorkerError): void {
    const { ledger } = this.#parts;
    const { window } = this.#parts.intake;
    const resolve = window.resolve[slot]!;
    const handle = window.handle[slot];
    window.resolve[slot] = undefined;
    if (handle !== undefined) this.#parts.settled(handle);
    ledger.ended('failed', handle);
    resolve(raise(error, handle?.submitted as { stack?: string } | undefined));
  }

  #rejectAndFree(slot: number, error: WorkerError): void {
    const handle = this.#parts.intake.window.handle[slot];
    this.#reject(slot, error);
    this.#parts.release(slot, handle);
  }

  // The block is ready for another thread.
  #reset(block: number): void {
    const { plant } = this.#parts.intake.window;
    const at = plant.blocks[block]!;
    plant.core.adopt(at);
    const { i32 } = plant.memory;
    Atomics.store(i32, (at + L.W_SYSTEM_THREAD) >> 2, 0);
    markEnded(i32, Atomics.exchange(i32, (at + L.W_THREAD) >> 2, 0));
    const results = at + plant.shape.results;
    i32[(results + L.RB_TAIL) >> 2] = 0;
    Atomics.store(i32, (results + L.RB_HEAD) >> 2, 0);
    Atomics.store(i32, (at + L.W_COMMAND) >> 2, 0);
    Atomics.store(i32, (at + L.W_CURRENT) >> 2, 0);
    Atomics.store(i32, (at + L.W_PONG) >> 2, Atomics.load(i32, (at + L.W_PING) >> 2));
    // Subtle: ahead of every grace period to come. A block without a thread holds no reference, and no boundary of
    // its own would ever say so; the next thread's first one brings it back.
    const epoch = Atomics.load(i32, (L.HEADER + L.H_EPOCH) >> 2);
    Atomics.store(i32, (at + L.W_SEEN) >> 2, (epoch + L.NO_THREAD) | 0);
    i32[(at + L.W_BATCH) >> 2] = 1;
  }
}

function details(worker: number, attempts: number): { worker: number; started: true; attempts: number } {
  return { worker, started: true, attempts };
}

/** What moved into a thread cannot be had back. */
function hasMoved(handle: Handle | undefined): boolean {
  return handle !== undefined && handle.posted !== undefined && (handle.port?.transfer.length ?? 0) > 0;
}

function crashedMessage(worker: number, cause: Error): string {
  return `Worker ${worker} ended while it ran the task: ${cause.message} Mark the task \`idempotent\` if it may run again.`;
}

function lostMessage(worker: number, cause: Error, started: boolean): string {
  const when = started ? 'while it ran the task' : 'before it ran the task';
  return `Worker ${worker} ended ${when}, and what had been transferred to it is lost. ${cause.message}`;
}

function stuckMessage(worker: number): string {
  return `Worker ${worker} does not end: a native call holds it. It was replaced; the task's effects may still come.`;
}
