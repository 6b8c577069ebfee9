/**
 * How the coordinator learns that tasks have ended: by looking once an event-loop turn while short tasks run, and by
 * sleeping on the bell word otherwise.
 *
 * `off` - nothing is outstanding, nothing is scheduled. `polling` - a `setImmediate` is scheduled. `sleeping` - the
 * bell is armed and `Atomics.waitAsync` will wake us; it keeps no process alive, which is the keep-alive's part. `over` -
 * the pool has ended.
 *
 * Whether it polls first follows what the last waits were: short ones are caught by polling and save a futex round
 * trip; after a few long ones it sleeps at once, so that long tasks cost the main thread no CPU. How long it polls
 * follows the cores: while the workers awake need all of them, polling takes from them what it saves.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks';
import * as L from '../memory/layout.ts';
import type { Plant } from '../memory/plant.ts';
import { parkedWorkers } from '../memory/shared-memory.ts';
import { Glance } from './glance.ts';

/** Polling goes on this long without success, µs: waking a worker on a core that sleeps takes up to 300. */
const LONGEST_POLL = 400;
/**
 * And this long when no core is free for it, µs. Measured with two workers on two cores: at 0 callers of 5 µs tasks that
 * wait for each other get a third less done, at 50 those of 50 µs tasks half as much as now.
 */
const CROWDED_POLL = 5;
/** A wait that ended in sleep was this much longer than the task, µs: the wake itself. */
const WAKE = 100;
/** Waits in a row that have to be long before polling stops, and short before it starts, less one. */
const SURE = 3;
const ARMED = (L.HEADER + L.H_ARMED) >> 2;

export type BellState = 'off' | 'polling' | 'sleeping' | 'over';

// Scheduled work runs in the context this module was loaded in, so that no request's AsyncLocalStorage store is kept
// alive by the pool, or seen in another request's completions.
const root = new AsyncResource('Millrace.Bell');

export class Bell {
  readonly #plant: Plant;
  readonly #drain: () => DrainResult;
  readonly #now: () => number;
  readonly #cores: number;
  readonly #glance: Glance;
  #state: BellState = 'off';
  #scheduled = false;
  /** A task was submitted since the last turn or glance: another one changes nothing. */
  #attended = false;
  /** 0 to `SURE`; polls in the upper half. */
  #shortLately = SURE;
  /** When something last ended or polling began, µs. */
  #since = 0;

  /**
   * @param drain a turn's settling
   * @param look settles what has ended within a turn, `at` this time, ms; how many tasks
   * @param now ms
   */
  constructor(
    plant: Plant,
    drain: () => DrainResult,
    look: (at: number) => number,
    now: () => number,
    cores: number,
  ) {
    this.#plant = plant;
    this.#drain = drain;
    this.#now = now;
    this.#cores = cores;
    this.#glance = new Glance(
      plant,
      (at) => {
        if (this.#state !== 'polling') return 0;
        this.#attended = false;
        const ended = look(at);
        if (ended > 0) {
          this.#since = at * 1000;
          this.#shortLately = Math.min(SURE, this.#shortLately + 1);
        }
        return ended;
      },
      now,
    );
  }

  get state(): BellState {
    return this.#state;
  }

  /** A task is outstanding: see to it that its end is noticed. Cheap while that is so already. */
  watch(): void {
    if (this.#attended) return;
    this.#attended = true;
    if (this.#state === 'off') {
      this.#state = 'polling';
      const at = this.#now();
      this.#since = at * 1000;
      this.#glance.turned(at, 0);
      this.#schedule();
    }
    if (this.#state === 'polling') this.#glance.ask();
  }

  readonly #poll = (): void => {
    this.#scheduled = false;
    if (this.#state === 'over') return;
    const { ended, more, outstanding } = this.#drain();
    const at = this.#now();
    this.#glance.turned(at, ended);
    // Subtle: after the settling. A listener that submitted has set it, and the state may become `off` below.
    this.#attended = false;
    if (more) {
      this.#again();
      return;
    }
    const now = at * 1000;
    if (ended > 0) {
      if (this.#state === 'polling') this.#learn(now - this.#since);
      this.#since = now;
      // One turn more even with nothing outstanding: whoever awaited these tasks submits the next ones now. Tasks that
      // take long ring when they end, and every turn is taken from the workers.
      if (outstanding && this.#shortLately === 0) this.#sleep();
      else this.#again();
    } else if (!outstanding) {
      this.#state = 'off';
    } else if (this.#shortLately > SURE / 2 && now - this.#since < this.#longest()) {
      this.#again();
    } else {
      this.#sleep();
    }
  };

  #learn(waited: number): void {
    const short = waited < this.#longest();
    this.#shortLately = short ? Math.min(SURE, this.#shortLately + 1) : Math.max(0, this.#shortLately - 1);
  }

  #longest(): number {
    const { memory, sizes, blocks } = this.#plant;
    const awake = sizes.workers - parkedWorkers(memory.i32, blocks.length);
    return awake < this.#cores ? LONGEST_POLL : CROWDED_POLL;
  }

  #again(): void {
    this.#state = 'polling';
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    root.runInAsyncScope(setImmediate, undefined, this.#poll);
  }

  #sleep(): void {
    if (this.#plant.core.arm() === 0) {
      this.#again();
      return;
    }
    const wait = Atomics.waitAsync(this.#plant.memory.i32, ARMED, 1);
    if (!wait.async) {
      this.#again();
      return;
    }
    this.#state = 'sleeping';
    void wait.value.then(() => {
      if (this.#state !== 'sleeping') return;
      // Rung for a task, and not for a worker that was called: that says nothing of how long tasks take.
      if (this.#plant.core.completed(1) !== 0) {
        const now = this.#now() * 1000;
        // Subtle: from when the wait began, not from when polling gave up; else polling that is always a little too
        // short would be paid for on top of every wake.
        this.#learn(now - this.#since - WAKE);
        this.#since = now;
      }
      if (!this.#scheduled) this.#poll();
    });
  }

  /** Something happened that the bell may not have told: a thread has exited. Looks at once, in a turn of its own. */
  nudge(): void {
    // Subtle: a second immediate beside the one that is scheduled would go on beside it.
    if (this.#state !== 'polling' && this.#state !== 'over') this.#again();
  }

  /** The pool has ended: nothing is looked for any more, and nothing keeps its memory. */
  close(): void {
    this.#state = 'over';
    // Subtle: V8 keeps the promise of a wait that nobody ends, what it leads to and the memory for as long as the
    // process lives. An earlier wait may be among them that looking has overtaken.
    const { i32 } = this.#plant.memory;
    Atomics.store(i32, ARMED, 0);
    Atomics.notify(i32, ARMED);
  }
}

export interface DrainResult {
  /** Tasks that ended. */
  readonly ended: number;
  /** The time budget ran out before the rings were empty. */
  readonly more: boolean;
  /** Tasks are still outstanding. */
  readonly outstanding: boolean;
}
