/**
 * One monotonic clock for all threads of the process: milliseconds, comparable between threads, never set back.
 * (`performance.now` counts from each thread's own start.)
 *
 * @module
 */
// A task may install a fake clock in its thread.
const now = performance.now.bind(performance);
const origin = Number(process.hrtime.bigint()) / 1e6 - now();

/** Milliseconds by the process-wide monotonic clock. */
export function sharedNow(): number {
  return origin + now();
}
