/**
 * Whether another async task begins here now. None can be moved once it has begun: what it computes after an `await` it
 * computes in this thread, beside workers that may be idle by then. So those that are begun get a moment first, and what
 * has not begun is there for others meanwhile.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, eventLoopIdle, performance } from '../src/codec/primordials.ts';
import type { WorkerView } from './view.ts';

/** Steps that promises with something to go on with are given before the search, and before another task begins. */
export const STEPS = 32;

/** The same where the last ones were in vain. */
const FEWER_STEPS = 4;
/** So many gaps in vain, one after each task, until they become rarer. */
const TRIES = 8;
/** Most async tasks that begin in a row then. */
const MOST_IN_A_ROW = 32;

/**
 * Whether promises go on between an async task that has begun and the next task. Its code after an `await` may run for
 * long, on this thread alone, and what has not begun by then others can have. A gap is in vain when no task settles in it;
 * those that wait for their children do not, so one is not enough. docs/decisions/one-after-the-other.md
 */
export class Gaps {
  #row = 1;
  #left = 1;
  #inVain = 0;
  #pending = 0;
  #steps = 0;

  /** After a task, with so many async ones `pending`. */
  begins(pending: number): boolean {
    this.#pending = pending;
    this.#steps = this.#inVain === 0 ? STEPS : FEWER_STEPS;
    return --this.#left <= 0;
  }

  /** Whether promises are given another step. */
  goesOn(pending: number): boolean {
    if (pending < this.#pending) {
      this.#inVain = 0;
      this.#row = 1;
    } else if (--this.#steps >= 0) return true;
    else if (++this.#inVain >= TRIES) this.#row = Math.min(this.#row * 2, MOST_IN_A_ROW);
    this.#left = this.#row;
    return false;
  }

  /** What comes after a sleep may be of another kind: two more tries. */
  slept(): void {
    this.#inVain = Math.min(this.#inVain, TRIES - 2);
    this.#row = 1;
    this.#left = 1;
  }
}

/** So much computing of async tasks is begun in a row, ms. */
const AHEAD_MS = 2;
/** The shortest time a timer can be set for, ms; a sleeping thread needs less to come. */
const MOMENT_MS = 1;
/** Figures are of about so many ends. */
const ENDS = 8;

/**
 * How many async tasks begin before this thread has had a moment with nothing to do: what it would compute in `AHEAD_MS`.
 * Then its event loop alone goes on until one ends, or for `MOMENT_MS`. What is computed in such moments is measured; as
 * long as none has ended there, one is begun, then twice as many each time. docs/decisions/a-moment-between.md
 */
export class Begins {
  /** No async task begins while so many are pending. */
  limit = 1;
  readonly #most: number;
  readonly #now: () => number;
  readonly #idle: () => number;
  #inARow = 1;
  /** Of the moments so far: what was computed, ms, and how many tasks ended. */
  #computed = 0;
  #ends = 0;
  /** Of this one: when it began; how long the loop had been idle by then; how many have ended. */
  #since = 0;
  #idleBefore = 0;
  #ended = 0;

  /** @param idle for how long the event loop has had nothing to do, ms */
  constructor(most: number, now: () => number = performance.now, idle: () => number = eventLoopIdle) {
    this.#most = most;
    this.#now = now;
    this.#idle = idle;
  }

  /** One has ended, and so many are `pending`. */
  ended(pending: number): void {
    this.#ended++;
    this.limit = Math.min(this.limit, pending + this.#inARow);
  }

  /** From now on only the event loop goes on. */
  rests(): void {
    this.#since = this.#now();
    this.#idleBefore = this.#idle();
    this.#ended = 0;
  }

  /** How much of the moment is left, ms; it has no end while as many as are allowed are `pending`. */
  left(pending: number): number {
    return pending < this.#most ? this.#since + MOMENT_MS - this.#now() : Number.POSITIVE_INFINITY;
  }

  /** The moment is over. */
  rested(pending: number): void {
    this.#computed += this.#now() - this.#since - (this.#idle() - this.#idleBefore);
    this.#ends += this.#ended;
    if (this.#ends > 0) {
      this.#inARow = Math.max(1, Math.min(this.#most, Math.floor((AHEAD_MS * this.#ends) / this.#computed)));
      const kept = Math.min(1, ENDS / this.#ends);
      this.#computed *= kept;
      this.#ends *= kept;
    } else if (pending >= this.limit) this.#inARow = Math.min(this.#most, this.#inARow * 2);
    this.limit = Math.min(this.#most, pending + this.#inARow);
  }
}

/** What has begun here. */
interface Begun {
  /** Async tasks and children that are not settled. */
  readonly pending: number;
  /** Runs a child that waits here and that one of them awaits, if there is any. */
  runOwnChild(): boolean;
}

/** How a worker waits for room for another async task. */
export class Room {
  readonly #view: WorkerView;
  readonly #begun: Begun;
  readonly #begins: Begins;
  readonly #gaps = new Gaps();

  constructor(view: WorkerView, begun: Begun, begins: Begins) {
    this.#view = view;
    this.#begun = begun;
    this.#begins = begins;
  }

  /**
   * Whether promises of what has just begun go on before anything else does, and for another step: the caller awaits
   * nothing each time. Subtle: with a promise for all of it, tiny async functions would take a third longer.
   */
  givesWay(): boolean {
    return this.#gaps.begins(this.#begun.pending);
  }

  goesOn(): boolean {
    return this.#gaps.goesOn(this.#begun.pending);
  }

  slept(): void {
    this.#gaps.slept();
  }

  /** Nothing begins: the event loop alone goes on until a task ends, for a moment, or until this thread is `called`. */
  async untilThereIs(called: () => boolean): Promise<void> {
    const { memory, parkAt } = this.#view;
    const begun = this.#begun;
    const begins = this.#begins;
    const before = begun.pending;
    // What has begun last has its own code to go on with before a child of it begins here.
    await this.#step();
    begins.rests();
    for (;;) {
      Atomics.store(memory.i32, parkAt, 0);
      if (called()) break;
      const { pending } = begun;
      const left = begins.left(pending);
      if (pending < begins.limit || left <= 0) break;
      // A child that has begun and really waits is one more that gets its moment.
      if (left === Number.POSITIVE_INFINITY || pending <= before) await this.waitOrRunOwnChild(left);
      else await this.#wait(left);
    }
    begins.rested(begun.pending);
  }

  /** Children that async tasks of this worker await are run here if nobody else does: those could not end without. */
  async waitOrRunOwnChild(ms: number = Number.POSITIVE_INFINITY): Promise<void> {
    const { pending } = this.#begun;
    if (!this.#begun.runOwnChild()) return this.#wait(ms);
    if (this.#begun.pending > pending && this.givesWay()) {
      while (this.goesOn()) await undefined;
      return;
    }
    // Subtle: whoever was told of its end goes on, and may end, before the next look. One that ends with children it has
    // not awaited would else be told of their ends first, and nobody of the fault.
    await this.#step();
  }

  async #step(): Promise<void> {
    for (let step = 0; step < FEWER_STEPS; step++) await undefined;
  }

  async #wait(ms: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#view.memory.i32, this.#view.parkAt, 0, ms);
    if (wait.async) await wait.value;
  }
}
