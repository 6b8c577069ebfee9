/**
 * How many tasks at a time are ended by the pool: when it is terminated, a signal aborts or a deadline passes, a hundred
 * thousand may be, and timers and I/O of the process go on meanwhile.
 *
 * The first of a turn of the event loop end at once, the others in turns to come.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks';

/** Each costs some 10 µs with its promise's turns; what the callers do with their errors comes on top. */
const A_TURN = 128;

const root = new AsyncResource('Millrace.Endings');

export class Endings {
  #left = A_TURN;
  #turn: Promise<void> | undefined;
  #late: (() => void)[] = [];
  #settling = false;
  readonly #underWay = new Set<Promise<void>>();

  /** Ends one task now or, after so many in this turn or behind others that wait, later. */
  add(end: () => void): void {
    if (!this.#settling && this.#left > 0) {
      this.#spend();
      end();
      return;
    }
    this.#late.push(end);
    if (this.#settling) return;
    this.#settling = true;
    void this.take(this.#lateOnes());
  }

  /** Takes all of these steps, each of which ends a task, the first ones at once. */
  take(steps: Iterator<void>): Promise<void> {
    const taken = root.runInAsyncScope(() => this.#take(steps));
    this.#underWay.add(taken);
    return taken.finally(() => this.#underWay.delete(taken));
  }

  /** Resolves when all that was added and taken before has ended. */
  async over(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #take(steps: Iterator<void>): Promise<void> {
    for (;;) {
      while (this.#left <= 0) await this.#turn;
      if (steps.next().done) return;
      this.#spend();
    }
  }

  *#lateOnes(): Generator<void> {
    while (this.#late.length > 0) {
      const ends = this.#late;
      this.#late = [];
      for (const end of ends) {
        end();
        yield;
      }
    }
    this.#settling = false;
  }

  #spend(): void {
    this.#left--;
    this.#turn ??= new Promise((resolve) => {
      root.runInAsyncScope(setImmediate, undefined, () => {
        this.#left = A_TURN;
        this.#turn = undefined;
        resolve();
      });
    });
  }
}
