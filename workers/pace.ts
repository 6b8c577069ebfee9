/**
 * How a thread divides its time: between tasks and its event loop, and between looking for work and sleep.
 *
 * @module
 */
import { clearInterval, performance, setInterval } from '../src/codec/primordials.ts';
import * as L from '../src/memory/layout.ts';
import { coresSuffice } from '../src/memory/shared-memory.ts';
import { STEPS } from './begins.ts';
import type { WorkerView } from './view.ts';

/** A turn of synchronous tasks, ms: the longest an async task or a timer of this worker waits for them. */
const TURN_MS = 2;
/** A promise that a sync task has left behind waits no longer for turns that follow each other closely, ms. */
const PROMISES_MS = 0.2;
const READ_EVERY_US = 50;
const BATCH_US = 100;
const MAX_BATCH = 32;
const MAX_STRIDE = 64;
/** How often slow figures (the heap) are looked at, ms. */
export const SLOW_MS = 50;

/**
 * How long a turn lasts, how often the clock is read, and how many tasks are claimed at once.
 *
 * The clock costs as much as a tiny task, so it is read every `stride` tasks, and the stride follows what tasks take:
 * about one reading in 50 µs of work. The batch to claim follows too: about 100 µs of work, at most 32 tasks, so that
 * no peer starves while this worker sits on a queue of long ones.
 */
export class Pace {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #batchAt: number;
  readonly #busyAt: number;
  #stride = 1;
  /** Calls of `more` before the clock is read, and how many tasks that reading will be about. */
  #left = 1;
  #span = 1;
  /** When the turn began, ms; below 0 between turns. */
  #began = -1;
  #lastRead = 0;
  #nextSlow = 0;

  constructor(view: WorkerView) {
    this.#i32 = view.memory.i32;
    this.#f64 = view.memory.f64;
    this.#batchAt = (view.block + L.W_BATCH) >> 2;
    this.#busyAt = (view.block + L.W_BUSY) >> 3;
  }

  /** A turn begins, `at` this time, ms. */
  begin(at: number = performance.now()): void {
    this.#began = at;
    this.#lastRead = at;
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

  /** The turn is over, `at` this time, ms: its time was busy time. Nothing happens between turns. */
  end(at: number = performance.now()): void {
    if (this.#began < 0) return;
    const tasks = this.#span + 1 - this.#left;
    if (tasks > 0) this.#adapt(((at - this.#lastRead) * 1000) / tasks);
    this.#f64[this.#busyAt] = this.#f64[this.#busyAt]! + at - this.#began;
    this.#began = -1;
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

/**
 * When promises, and when the event loop, go on between turns: a worker that finds its next task by searching would
 * otherwise never leave its loop.
 */
export class Breaks {
  #promises = 0;
  #eventLoop = 0;

  /** What goes on at this time, ms: promises, or the event loop as well, if that has something to do. */
  due(at: number): 'nothing' | 'promises' | 'event loop' {
    if (at - this.#promises < PROMISES_MS) return 'nothing';
    this.#promises = at;
    if (at - this.#eventLoop < TURN_MS) return 'promises';
    this.#eventLoop = at;
    return 'event loop';
  }
}

/** What a search asks of the async tasks that have begun here. */
interface AsyncTasks {
  /** How many are not settled. */
  readonly pending: number;
  /** Promises have something to go on with. */
  news: boolean;
}

/** With async tasks pending the event loop goes round after so many µs of looking: immediates, ticks, what was read. */
const LOOP_US = 4;

const LONGEST_US = 50;
const SHORTEST_US = 2;
/** A sleep shorter than this would have been worth a look, ms. */
const WORTH_MS = 0.1;
/** Every so many idle moments the full time is tried again, whatever came of it lately. */
const PROBE = 32;
/** How long a look goes on, µs, with a result unread, once that has been in vain: a main thread that runs needs 2. */
const UNREAD_US = 5;
/** Looks between two readings of the clock: some 0.5 µs, by which a turn may seem to have begun earlier than it did. */
const ROUNDS = 16;

/**
 * Whether and how long to look for work before sleeping.
 *
 * Waking a parked thread costs the waker about 20 µs and the task as much; looking for a moment costs a core. So a
 * worker looks only while every thread that is awake has a core; only with a search token; and
 * only as long as it has paid lately: the time doubles when something was found, halves when not, and comes back
 * after a sleep so short that looking would have caught the work, or when it is tried again.
 *
 * A result that stays unread while the worker looks says that the main thread does not run: perhaps for want of this
 * very core, on which the kernel may wake a worker though another is idle. Then looking keeps away what it looks for,
 * so next time the worker sleeps after a glance: docs/decisions/unread-results.md.
 */
export class Spinner {
  readonly #view: WorkerView;
  /** Address of the ring in which the main thread finds this worker's results. */
  readonly #results: number;
  #us = LONGEST_US;
  /** How long with a result unread, µs: all of the time, a glance, or, after a glance, not at all until it has slept. */
  #unreadUs = LONGEST_US;
  #idles = 0;

  constructor(view: WorkerView) {
    this.#view = view;
    this.#results = view.block + view.memory.i32[(L.HEADER + L.H_COMPLETIONS) >> 2]!;
  }

  /** When work was seen, ms, or undefined: it is time to sleep. A turn before it ends when it begins. */
  spin(turn?: Pace): number | undefined {
    const { core, block } = this.#view;
    if (!this.#pays() || core.beginSearch(block) === 0) return undefined;
    // Subtle: the token before anything else. Who has just been told of a result may publish the next task within half
    // a microsecond, and wakes another worker when nobody searches.
    const begun = performance.now();
    turn?.end(begun);
    let now = begun;
    do {
      if (core.spin(block, ROUNDS) !== 0) return this.#found(now);
      now = performance.now();
      if (now - begun >= this.#unreadUs / 1000 && this.#unread()) break;
    } while (now - begun < this.#us / 1000);
    this.#inVain();
    return undefined;
  }

  /**
   * As `spin`, with async tasks pending. What they wait for may be no more than promises, or the event loop, that go on:
   * so promises that have news do before the search, and the event loop goes round from time to time.
   */
  async spinAmongPromises(
    turn: Pace,
    tasks: AsyncTasks,
    roundTheLoop: () => Promise<void>,
  ): Promise<number | undefined> {
    const { core, block } = this.#view;
    turn.end();
    if (tasks.news) {
      tasks.news = false;
      this.#view.stopSearching();
      for (let step = 0; step < STEPS && tasks.pending > 0; step++) await undefined;
    }
    if (tasks.pending === 0) return this.spin();
    if (!this.#pays()) return undefined;
    const begun = performance.now();
    let now = begun;
    while (tasks.pending > 0) {
      if (core.beginSearch(block) === 0) return undefined;
      const until = now + LOOP_US / 1000;
      do {
        if (core.spin(block, ROUNDS) !== 0) return this.#found(now);
        now = performance.now();
      } while (now < until);
      if (now - begun >= this.#us / 1000) {
        this.#inVain();
        return undefined;
      }
      // It gives the token back.
      await roundTheLoop();
      now = performance.now();
    }
    return this.spin();
  }

  #pays(): boolean {
    // Subtle: without this, threads that have once met asleep keep each other asleep: a sleep is never short then.
    if (++this.#idles % PROBE === 0) this.#us = this.#unreadUs = LONGEST_US;
    if (this.#us < SHORTEST_US || !coresSuffice(this.#view.memory.i32)) return false;
    return this.#unreadUs !== 0 || !this.#unread();
  }

  #found(at: number): number {
    this.#us = Math.min(LONGEST_US, this.#us * 2);
    this.#unreadUs = LONGEST_US;
    return at;
  }

  #inVain(): void {
    if (this.#unread()) this.#unreadUs = this.#unreadUs === LONGEST_US ? UNREAD_US : 0;
    this.#us /= 2;
  }

  /** The worker slept this long, ms. */
  slept(ms: number): void {
    if (ms < WORTH_MS) this.#us = LONGEST_US;
    if (this.#unreadUs === 0) this.#unreadUs = UNREAD_US;
  }

  #unread(): boolean {
    return this.#view.core.spscSize(this.#results) !== 0;
  }
}

/** Whether this thread's event loop has anything to do, and with it whether the thread may block. */
export class EventLoopWatch {
  /** What is there without any task or task module. */
  readonly #baseline: number;
  readonly #active: () => number;
  /** Tasks ran, or the thread woke, since the loop last went round. */
  #untouched = false;
  #mayMoveData = false;

  /**
   * @param baseline what keeps the loop going that is the runtime's own
   * @param active what keeps it going now: timers, sockets, file requests, everything Node knows of
   */
  constructor(baseline: number, active: () => number = () => process.getActiveResourcesInfo().length) {
    this.#baseline = baseline;
    this.#active = active;
  }

  /**
   * Something was moved between threads. A moved stream goes on through a port that keeps no loop going, and nothing
   * says when it ends: from now on the loop stays alive while this thread waits.
   */
  movesData(): void {
    this.#mayMoveData = true;
  }

  touched(): void {
    this.#untouched = false;
  }

  turned(): void {
    this.#untouched = true;
  }

  /** Before blocking the loop goes round once, so that what the last tasks left behind shows itself. */
  mustTurn(): boolean {
    return !this.#untouched;
  }

  /** A timer, a socket, or output that is not flushed: blocking would freeze it. */
  busy(): boolean {
    return (
      this.#mayMoveData ||
      process.stdout.writableLength > 0 ||
      process.stderr.writableLength > 0 ||
      this.#active() > this.#baseline
    );
  }

  /** Keeps the thread's event loop alive while it waits for a word in shared memory, which alone would not. */
  hold(): () => void {
    const timer = setInterval(() => {}, 2 ** 30);
    return () => clearInterval(timer);
  }
}
