/**
 * Finds threads that wait for each other in a circle, by the algorithm of Mitchell and Merritt (PODC 1984). There is no
 * table of all threads: whoever waits shows a label in each lock it holds, and reads the label of the one it waits for
 * in the lock it waits for. Larger labels travel on; a thread that meets the label it made for this very wait is in a
 * cycle, and it is the only one that finds out.
 *
 * Takes part only who waits without a limit and blocked: others give up, or release something, by themselves. A thread
 * that waits in `join` for a child makes no label, and hands on that of the thread the child waits for
 * (`workers/fork/circles.ts`).
 *
 * @module
 */
import { onePerThread } from '../../../workers/one-per-thread.ts';
import type { Sleep } from '../protocols/sleep.ts';
import { ME, ofThread } from '../thread.ts';
import type { Watch } from '../waiting.ts';

/**
 * How many slices in a row must show the cycle. One is proof but for threads that died in between: then one that is
 * about to go on may show the label of its last sleep.
 */
const SURE_AFTER = 3;

const COUNT_SHIFT = 32n;
/** In a label that has passed a join: above the thread's id. */
const JOINED = 1n << 31n;

/** How labels get to threads that wait in `join`, and from those into the locks they hold. */
const labels: { tell(label: bigint): void; show(label: bigint): void } = onePerThread('labels', () => ({
  tell: () => {},
  show: () => {},
}));
labels.show = (label) => {
  const { locks, labelsAt } = ofThread;
  for (let i = 0; i < locks.length; i++) Atomics.store(locks[i]!.i64, labelsAt[i]! >> 1, label);
};

/** Watches one wait. `i64` is the memory of the lock waited for. */
export class CycleWatch implements Watch {
  readonly #i64: BigInt64Array;
  #holder = 0;
  /** The label made for this wait, and the largest one known to wait for the same. */
  #own = 0n;
  #shown = 0n;
  #visible = false;
  #beside = 0;
  #seen = 0;
  /** Whether a join is in the circle that was found. */
  joined = false;

  constructor(i64: BigInt64Array) {
    this.#i64 = i64;
  }

  asleep(): void {
    if (this.#shown === 0n) return;
    this.#visible = true;
    this.#show(this.#shown);
  }

  /** Before each attempt: a label is up only while its thread sleeps. */
  awake(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.#show(0n);
  }

  stuck(sleep: Sleep): boolean {
    if (sleep.holder === 0) return false;
    const theirs = sleep.label === 0 ? 0n : Atomics.load(this.#i64, sleep.label >> 1);
    if (sleep.holder !== this.#holder || sleep.own !== this.#beside) {
      this.awake();
      this.#holder = sleep.holder;
      this.#beside = sleep.own;
      this.#own = nextLabel(theirs);
      this.#shown = this.#own;
      this.#seen = 0;
      return false;
    }
    if ((theirs & ~JOINED) === this.#own) return this.#cameBack(theirs);
    this.#seen = 0;
    if (theirs > this.#shown) this.#shown = theirs;
    return false;
  }

  #cameBack(theirs: bigint): boolean {
    if (++this.#seen < SURE_AFTER) return false;
    this.joined = theirs !== this.#own;
    if (this.#shown === this.#own) return true;
    // It has taken up a label that is larger and gone by now: a child that was joined has gone on to wait for another.
    this.#own = nextLabel(this.#shown);
    this.#shown = this.#own;
    this.#seen = 0;
    return false;
  }

  #show(label: bigint): void {
    labels.show(label);
    labels.tell(label);
    if (this.#beside !== 0) Atomics.store(this.#i64, this.#beside >> 1, label);
  }
}

/** Larger than `theirs`, and made by nobody else, ever. */
function nextLabel(theirs: bigint): bigint {
  ofThread.labels = Math.max(ofThread.labels, Number(theirs >> COUNT_SHIFT)) + 1;
  return (BigInt(ofThread.labels) << COUNT_SHIFT) | BigInt(ME);
}
