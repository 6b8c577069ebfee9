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
export const JOINED: bigint = 1n << 31n;

/** How labels get to threads that wait in `join`, and from those into the locks they hold. */
const labels: { tell(label: bigint): void; show(label: bigint): void } = onePerThread('labels', () => ({
  tell: () => {},
  show: () => {},
}));
labels.show = (label) => {
  const { locks, labelsAt } = ofThread;
  for (let i = 0; i < locks.length; i++) Atomics.store(locks[i]!.i64, labelsAt[i]! >> 1, label);
};

/** So many slices it shows what is not its own, or finds labels that do not agree, before it makes a new one; then twice as many. */
const RENEW_AFTER = 16;

/** What is seen of those that a thread waits for. */
export interface Awaited {
  /** Changes when it waits for others. */
  readonly who: number;
  /** What all of them show; 0: some show nothing, or they do not agree. */
  readonly label: bigint;
  /** The largest that one of them shows, if all show one. */
  readonly largest: bigint;
}

/** Undefined: it waits for nobody in particular. */
export type LookAt = (sleep: Sleep) => Awaited | undefined;

/** Watches one wait. `i64` is the memory of the lock waited for. */
export class CycleWatch implements Watch {
  readonly #i64: BigInt64Array;
  readonly #lookAt: LookAt;
  #who = 0;
  /** The label made for this wait, and the largest one known to wait for the same. */
  #own = 0n;
  #shown = 0n;
  #visible = false;
  #beside = 0;
  #seen = 0;
  #vain = 0;
  #patience = RENEW_AFTER;
  /** Whether a join is in the circle that was found. */
  joined = false;

  constructor(i64: BigInt64Array, lookAt: LookAt = (sleep) => holderOf(i64, sleep)) {
    this.#i64 = i64;
    this.#lookAt = lookAt;
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
    const awaited = this.#lookAt(sleep);
    if (awaited === undefined) return false;
    const { who, label, largest } = awaited;
    if (this.#own === 0n || who !== this.#who || sleep.own !== this.#beside) {
      this.awake();
      this.#who = who;
      this.#beside = sleep.own;
      this.#renew(largest);
      return false;
    }
    if ((label & ~JOINED) === this.#own && this.#shown === this.#own) {
      this.joined = label !== this.#own;
      return ++this.#seen >= SURE_AFTER;
    }
    this.#seen = 0;
    if (label > this.#shown) {
      this.#shown = label;
      this.#vain = 0;
    } else if (largest > 0n && (this.#shown !== this.#own || largest > this.#own)) this.#inVain(largest);
    return false;
  }

  // What it shows is of one that is gone, as the joiner that handed it on has gone on to another child; or those that hold
  // permits show several, and wait for it to show one. Subtle: a label needs a slice for each thread of its circle.
  #inVain(largest: bigint): void {
    if (++this.#vain < this.#patience) return;
    this.#patience *= 2;
    this.#renew(largest > this.#shown ? largest : this.#shown);
  }

  #renew(above: bigint): void {
    this.#own = nextLabel(above);
    this.#shown = this.#own;
    this.#seen = 0;
    this.#vain = 0;
  }

  #show(label: bigint): void {
    labels.show(label);
    labels.tell(label);
    if (this.#beside !== 0) Atomics.store(this.#i64, this.#beside >> 1, label);
  }
}

function holderOf(i64: BigInt64Array, { holder, label }: Sleep): Awaited | undefined {
  if (holder === 0) return undefined;
  const theirs = label === 0 ? 0n : Atomics.load(i64, label >> 1);
  return { who: holder, label: theirs, largest: theirs };
}

/** Larger than `theirs`, and made by nobody else, ever. */
function nextLabel(theirs: bigint): bigint {
  ofThread.labels = Math.max(ofThread.labels, Number(theirs >> COUNT_SHIFT)) + 1;
  return (BigInt(ofThread.labels) << COUNT_SHIFT) | BigInt(ME);
}
