/**
 * When deadlines pass: one timer for all tasks with the same one. Node goes through all of its timers that are due
 * without turning the event loop.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks';
import { sharedNow } from '../memory/shared-memory.ts';
import type { Handle } from './handle.ts';

/** Taken out of the queues in one turn: some ms. */
const AT_ONCE = 1024;

const root = new AsyncResource('Millrace.Limits');

/** Timers are no request's business, and keep no process alive: the outstanding task does. */
export function timer(ms: number, then: () => void): NodeJS.Timeout {
  return root.runInAsyncScope(setTimeout, undefined, then, whole(ms)).unref();
}

function whole(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}

/** Tasks with one deadline, in the order in which it passes, each with when it does. */
interface Queue {
  readonly due: Map<Handle, number>;
  timer: NodeJS.Timeout | undefined;
}

export class Deadlines {
  readonly #queues = new Map<number, Queue>();
  readonly #passed: (handles: readonly Handle[]) => void;

  constructor(passed: (handles: readonly Handle[]) => void) {
    this.#passed = passed;
  }

  add(handle: Handle, deadline: number): void {
    const ms = whole(deadline);
    let queue = this.#queues.get(ms);
    if (queue === undefined) {
      queue = { due: new Map(), timer: undefined };
      this.#queues.set(ms, queue);
      this.#arm(ms, queue, ms);
    }
    queue.due.set(handle, sharedNow() + ms);
  }

  remove(handle: Handle, deadline: number): void {
    const ms = whole(deadline);
    const queue = this.#queues.get(ms);
    if (queue?.due.delete(handle)) this.#forget(ms, queue);
  }

  #forget(ms: number, queue: Queue): void {
    if (queue.due.size > 0 || this.#queues.get(ms) !== queue) return;
    clearTimeout(queue.timer);
    this.#queues.delete(ms);
  }

  #arm(ms: number, queue: Queue, left: number): void {
    queue.timer = timer(left, () => this.#look(ms, queue));
  }

  #look(ms: number, queue: Queue): void {
    const now = sharedNow();
    const late: Handle[] = [];
    let left: number | undefined;
    for (const [handle, due] of queue.due) {
      if (due > now || late.length === AT_ONCE) {
        left = due - now;
        break;
      }
      late.push(handle);
    }
    for (const handle of late) queue.due.delete(handle);
    // Before anyone hears of it: who submits then finds a queue with a timer, or none.
    if (left === undefined) this.#forget(ms, queue);
    else this.#arm(ms, queue, left);
    if (late.length > 0) this.#passed(late);
  }
}
