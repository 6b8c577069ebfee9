/**
 * Time as the thread and control layer sees it, so that tests can move it by hand.
 *
 * @module
 */

/** Calls `callback` once after `ms` milliseconds, unless the function it returns is called first. */
export type Timer = (ms: number, callback: () => void) => () => void;

export interface Timers {
  /** Keeps the process alive until it fires: somebody awaits the outcome. */
  readonly awaited: Timer;
  /** Does not keep the process alive. */
  readonly background: Timer;
}

export const systemTimers: Timers = {
  awaited: (ms, callback) => {
    const handle = setTimeout(callback, ms);
    return () => clearTimeout(handle);
  },
  background: (ms, callback) => {
    const handle = setTimeout(callback, ms).unref();
    return () => clearTimeout(handle);
  },
};
