/**
 * Whether and how long to look for work before sleeping.
 *
 * Waking a parked thread costs the waker about 20 µs and the task as much; looking for a moment costs a core. So a
 * worker looks only while the threads awake, with the main thread, leave it a core; only with a search token; and
 * only as long as it has paid lately: the time doubles when something was found, halves when not, and comes back
 * after a sleep so short that looking would have caught the work, or when it is tried again.
 *
 * @module
 */
import * as L from '../src/memory/layout.ts';
import { performance } from './primordials.ts';
import type { WorkerView } from './view.ts';

const LONGEST_US = 50;
const SHORTEST_US = 2;
/** A sleep shorter than this would have been worth a look, ms. */
const WORTH_MS = 0.1;
const PARKED = (L.HEADER + L.H_PARKED) >> 2;
/** Every so many idle moments the full time is tried again, whatever came of it lately. */
const PROBE = 32;
/** Looks between two readings of the clock. */
const ROUNDS = 64;

export class Spinner {
  readonly #view: WorkerView;
  readonly #cores: number;
  readonly #workers: number;
  #us = LONGEST_US;
  #idles = 0;

  constructor(view: WorkerView, cores: number) {
    this.#view = view;
    this.#cores = cores;
    this.#workers = view.memory.i32[(L.HEADER + L.H_WORKERS) >> 2]!;
  }

  /** True when work is visible. */
  spin(): boolean {
    const { core, block } = this.#view;
    // Subtle: without this, threads that have once met asleep keep each other asleep: a sleep is never short then.
    if (++this.#idles % PROBE === 0) this.#us = LONGEST_US;
    if (this.#us < SHORTEST_US || !this.#coreIsFree() || core.beginSearch(block) === 0) return false;
    const until = performance.now() + this.#us / 1000;
    do {
      if (core.spin(block, ROUNDS) !== 0) {
        this.#us = Math.min(LONGEST_US, this.#us * 2);
        return true;
      }
    } while (performance.now() < until);
    this.#us /= 2;
    return false;
  }

  /** The worker slept this long, ms. */
  slept(ms: number): void {
    if (ms < WORTH_MS) this.#us = LONGEST_US;
  }

  // The main thread is one of those awake: it has just submitted, or waits for the result.
  #coreIsFree(): boolean {
    const { i32 } = this.#view.memory;
    let parked = 0;
    for (let i = 0; i <= (this.#workers - 1) >> 5; i++) parked += bits(i32[PARKED + i]!);
    return this.#workers - parked + 1 <= this.#cores;
  }
}

function bits(word: number): number {
  let n = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) n++;
  return n;
}
