/**
 * What a joiner does while another worker runs its child: it helps with children of the same task, the thief's first,
 * and sleeps when there are none.
 *
 * Source: leapfrogging, Wagner and Calder, PPoPP 1993.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, performance } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import { coresSuffice } from '../../src/memory/shared-memory.ts';
import { HandedOn, SLICE } from './circles.ts';
import { held } from './locks.ts';
import { hasStack } from './stack-room.ts';
import type { ForkState } from './state.ts';
import { runStolen } from './stolen.ts';

/** So often a joiner looks for something to help with before it reads the clock, or sleeps: some 10 us. */
const LOOKS = 200;
/** So long it looks while every thread that is awake has a core, ms: a sleep and a wake take as long, and more on a virtual machine. */
const LOOK_MS = 0.1;
/** Stolen children on one stack: each may be as deep as a task. */
const MAX_HELP = 64;

export class Waiting {
  readonly #state: ForkState;
  readonly #handedOn: HandedOn;
  /** Stolen children on the stack. */
  helping = 0;

  constructor(state: ForkState) {
    this.#state = state;
    this.#handedOn = new HandedOn(state);
  }

  // Until the child is over, or its joiner's again. Who holds a lock helps nobody: what it would run might want the lock.
  wait(record: number): void {
    const state = this.#state;
    const { core, block, i32 } = state;
    let looks = 0;
    /** When it began to look, ms; below 0: the clock was not read since. */
    let from = -1;
    let room: boolean | undefined;
    /** Short sleeps since it looked for a circle. */
    let sleeps = 0;
    for (;;) {
      const word = Atomics.load(state.i32, record >> 2);
      const seen = word & L.STATE_MASK;
      if (seen === L.QUEUED || seen >= L.DONE) {
        this.#handedOn.end();
        return;
      }
      if (held.count === 0 && this.helping < MAX_HELP) room ??= hasStack();
      if (held.count === 0 && this.helping < MAX_HELP && room === true) {
        // Its thief's children descend from it: the stack grows no deeper than it would have with that child on it.
        const found = core.forkHelp(block, (word >> L.OWNER_SHIFT) & L.OWNER_MASK, state.root);
        if (found !== 0) {
          const helping = this.helping;
          this.helping = helping + 1;
          try {
            runStolen(state, found);
          } finally {
            this.helping = helping;
          }
          looks = 0;
          from = -1;
          continue;
        }
        if (++looks < LOOKS) continue;
        looks = 0;
        const now = performance.now();
        if (from < 0) from = now;
        if (now - from < LOOK_MS && coresSuffice(i32)) continue;
      }
      if (core.joinPark(block, record) === 0) {
        if (held.count !== 0 || this.helping >= MAX_HELP) {
          this.#sleep(record, word);
          if (held.count !== 0 && ++sleeps % SLICE === 0) this.#handedOn.look(record);
        }
        continue;
      }
      this.#sleepInJoin(record);
      looks = 0;
      from = -1;
    }
  }

  /** Until the child is over, however that comes. It was asked to stop, and this thread does not want its end. */
  untilEnd(record: number, item: number): void {
    const { core, block, i32 } = this.#state;
    for (;;) {
      const seen = Atomics.load(i32, record >> 2) & L.STATE_MASK;
      if (seen >= L.DONE) return;
      if (seen !== L.QUEUED) this.wait(record);
      else if (core.forkDrop(block, record, item) === L.QUEUED) return;
    }
  }

  #sleepInJoin(record: number): void {
    const { core, block, view, i32, patience } = this.#state;
    const ms = held.count === 0 ? patience.ms : Math.min(patience.ms, SLICE);
    Atomics.store(i32, (block + L.W_JOINS) >> 2, record);
    while (Atomics.load(i32, view!.parkAt) === 0) {
      if (Atomics.wait(i32, view!.parkAt, 0, ms) !== 'timed-out') continue;
      patience.look();
      if (held.count !== 0) this.#handedOn.look(record);
    }
    Atomics.store(i32, (block + L.W_JOINS) >> 2, 0);
    core.joinUnpark(block);
  }

  // Who may not help would be woken for what it may not take: it looks at nothing but its child, now and then.
  #sleep(record: number, word: number): void {
    const { block, i32 } = this.#state;
    Atomics.store(i32, (block + L.W_JOINS) >> 2, record);
    Atomics.wait(i32, record >> 2, word, 1);
    Atomics.store(i32, (block + L.W_JOINS) >> 2, 0);
  }
}
