/**
 * One monotonic clock for all threads of the process: milliseconds, comparable between threads, never set back.
 * (`performance.now` counts from each thread's own start.)
 *
 * @module
 */
const origin = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds by the process-wide monotonic clock. */
export function sharedNow(): number {
  return origin + performance.now();
}
