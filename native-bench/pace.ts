/**
 * How much work a millisecond is on this machine.
 *
 * @module
 */
import { median } from './measure.ts';
import { crunch } from './tasks/functions.mjs';

const PROBE = 200_000;
const PROBES = 50;

/**
 * Rounds of `crunch` in one millisecond of this thread, from the median of several probes. Measured once for a run and
 * given to everybody, so that a task of "10 ms" is the same work for all contenders.
 */
export function roundsPerMs(now: () => number = () => performance.now()): number {
  const times: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    const from = now();
    crunch(PROBE);
    times.push(now() - from);
  }
  return Math.max(1, Math.round(PROBE / median(times.slice(PROBES / 2))));
}
