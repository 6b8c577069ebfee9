/**
 * What a joiner does while another worker runs its child: it helps with children of the same task, the thief's first,
 * and sleeps when there are none.
 *
 * Source: leapfrogging, Wagner and Calder, PPoPP 1993.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import { onePerThread } from '../one-per-thread.ts';
import type { ForkState } from './state.ts';
import { runStolen } from './stolen.ts';

/** So often a joiner looks for something to help with before it sleeps: some 10 us, less than a sleep and a wake. */
const LOOKS = 200;
/** Stolen children on one stack: each may be as deep as a task. */
const MAX_HELP = 64;
/** Bytes of the stack that must be free before a stolen child is put on it. 500 calls, some 40 KB, did not do to end its children. */
const HEADROOM = 256 * 1024;
/** As arguments of a call they lie on the stack, 8 bytes each: what no compiler makes shorter, as it does frames. */
const AS_ARGUMENTS: readonly number[] = new Array<number>(HEADROOM / 8).fill(0);
const { apply } = Reflect;

/** How many locks of `millrace/sync` this thread holds. */
const held = onePerThread('held', () => ({ count: 0 }));

export class Waiting {
  readonly #state: ForkState;
  /** Stolen children on the stack. */
  helping = 0;

  constructor(state: ForkState) {
    this.#state = state;
  }

  // Until the child is over, or its joiner's again. Who holds a lock helps nobody: what it would run might want the lock.
  wait(record: number): void {
    const state = this.#state;
    const { core, block } = state;
    let looks = 0;
    let room: boolean | undefined;
    for (;;) {
      const word = Atomics.load(state.i32, record >> 2);
      const seen = word & L.STATE_MASK;
      if (seen === L.QUEUED || seen >= L.DONE) return;
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
          continue;
        }
        if (++looks < LOOKS) continue;
      }
      if (core.joinPark(block, record) === 0) {
        if (held.count !== 0 || this.helping >= MAX_HELP) this.#sleep(record, word);
        continue;
      }
      this.#sleepInJoin();
      looks = 0;
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

  #sleepInJoin(): void {
    const { core, block, view, i32, patience } = this.#state;
    while (Atomics.load(i32, view!.parkAt) === 0) {
      if (Atomics.wait(i32, view!.parkAt, 0, patience.ms) === 'timed-out') patience.look();
    }
    core.joinUnpark(block);
  }

  // Who may not help would be woken for what it may not take: it looks at nothing but its child, now and then.
  #sleep(record: number, word: number): void {
    Atomics.wait(this.#state.i32, record >> 2, word, 1);
  }
}

/** Whether a stolen child can be run and its end be published: a stack that overflows on the way would lose it. */
function hasStack(): boolean {
  try {
    apply(nothing, undefined, AS_ARGUMENTS);
    return true;
  } catch {
    return false;
  }
}

function nothing(): void {}
