/**
 * How long a turn lasts, how often the clock is read, and how many tasks are claimed at once.
 *
 * The clock costs as much as a tiny task, so it is read every `stride` tasks, and the stride follows what tasks take:
 * about one reading in 50 µs of work. The batch to claim follows too: about 100 µs of work, at most 32 tasks, so that
 * no peer starves while this worker sits on a queue of long ones.
 *
 * @module
 */
import * as L from '../src/memory/layout.ts';
import { performance } from './primordials.ts';
import type { WorkerView } from './view.ts';

/** A turn of synchronous tasks, ms: the longest an async task or a timer of this worker waits for them. */
const TURN_MS = 2;
const READ_EVERY_US = 50;
const BATCH_US = 100;
const MAX_BATCH = 32;
const MAX_STRIDE = 64;
/** How often slow figures (the heap) are looked at, ms. */
const SLOW_MS = 50;

export class Pace {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #batchAt: number;
  readonly #busyAt: number;
  #stride = 1;
  /** Calls of `more` before the clock is read, and how many tasks that reading will be about. */
  #left = 1;
  #span = 1;
  #began = 0;
  #lastRead = 0;
  #nextSlow = 0;

  constructor(view: WorkerView) {
    this.#i32 = view.memory.i32;
    this.#f64 = view.memory.f64;
    this.#batchAt = (view.block + L.W_BATCH) >> 2;
    this.#busyAt = (view.block + L.W_BUSY) >> 3;
  }

  /** A turn begins. */
  begin(): void {
    this.#began = performance.now();
    this.#lastRead = this.#began;
    // The first task of a turn is measured alone: what came before says little about what comes now.
    this.#left = 2;
    this.#span = 1;
  }

  /** Before each task: is there time for another one after it? */
  more(): boolean {
    if (--this.#left > 0) return true;
    const now = performance.now();
    this.#adapt(((now - this.#lastRead) * 1000) / this.#span);
    this.#lastRead = now;
    this.#left = this.#stride;
    this.#span = this.#stride;
    return now - this.#began < TURN_MS;
  }

  /** The turn is over: its time was busy time. */
  end(): void {
    const now = performance.now();
    const tasks = this.#span + 1 - this.#left;
    if (tasks > 0) this.#adapt(((now - this.#lastRead) * 1000) / tasks);
    this.#f64[this.#busyAt] = this.#f64[this.#busyAt]! + now - this.#began;
  }

  /** Whether slow figures are to be looked at now. */
  due(): boolean {
    const now = performance.now();
    if (now < this.#nextSlow) return false;
    this.#nextSlow = now + SLOW_MS;
    return true;
  }

  // Grows by doubling, shrinks at once: one long task among short ones must not find a batch behind it.
  #adapt(us: number): void {
    const stride = Math.max(1, Math.min(MAX_STRIDE, Math.floor(READ_EVERY_US / us)));
    this.#stride = Math.min(stride, this.#stride * 2);
    const batch = Math.max(1, Math.min(MAX_BATCH, Math.floor(BATCH_US / us)));
    this.#i32[this.#batchAt] = Math.min(batch, this.#i32[this.#batchAt]! * 2);
  }
}
