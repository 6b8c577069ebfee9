// Timers that a test moves by hand.
import type { Timer, Timers } from '../../src/coordinator/threads/timers.ts';

export class VirtualTimers implements Timers {
  readonly #due: { at: number; callback: () => void }[] = [];
  now = 0;

  readonly awaited: Timer = (ms, callback) => {
    const entry = { at: this.now + ms, callback };
    this.#due.push(entry);
    return () => {
      const index = this.#due.indexOf(entry);
      if (index >= 0) this.#due.splice(index, 1);
    };
  };

  readonly background: Timer = this.awaited;

  get pending(): number {
    return this.#due.length;
  }

  advance(ms: number): void {
    this.now += ms;
    for (const entry of this.#due.filter(({ at }) => at <= this.now)) {
      this.#due.splice(this.#due.indexOf(entry), 1);
      entry.callback();
    }
  }
}
