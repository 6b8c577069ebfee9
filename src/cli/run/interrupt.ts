/**
 * Ctrl-C in two steps: the first asks to finish what runs, the second to stop at once.
 *
 * @module
 */

import { EXIT } from '../exit.ts';
import type { Host, StopSignal } from '../host.ts';

export class Interrupt {
  #signal: StopSignal | undefined;
  #count = 0;
  readonly #listeners = new Set<() => void>();
  readonly #release: () => void;

  constructor(host: Pick<Host, 'onSignal'>) {
    this.#release = host.onSignal((signal) => {
      this.#signal ??= signal;
      this.#count += 1;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  get stage(): 'none' | 'finish' | 'now' {
    return this.#count === 0 ? 'none' : this.#count === 1 ? 'finish' : 'now';
  }

  get exit(): typeof EXIT.interrupted | typeof EXIT.terminated {
    return this.#signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
  }

  /** Calls back at each signal; returns the way to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for `work`, or gives `undefined` as soon as the stage is reached. */
  async until<T>(stage: 'finish' | 'now', work: Promise<T>): Promise<T | undefined> {
    const reached = () => this.stage === 'now' || this.stage === stage;
    let stop = (): void => {};
    const signalled = new Promise<undefined>((resolve) => {
      const look = () => {
        if (reached()) resolve(undefined);
      };
      stop = this.onChange(look);
      look();
    });
    try {
      return await Promise.race([work, signalled]);
    } finally {
      stop();
    }
  }

  /** Gives the signals back to Node. */
  dispose(): void {
    this.#release();
  }
}
