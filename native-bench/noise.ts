/**
 * What other programs do to the cores while the bench runs. The load average before the start says nothing of what begins
 * later, and afterwards it is mostly the bench's own; so the bench looks again before each figure, when nobody is measured.
 *
 * @module
 */

import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Time of all cores together since some moment, ms. */
export interface CoreTimes {
  readonly busy: number;
  readonly idle: number;
}

export interface Look {
  /** The figure measured next. */
  readonly figure: string;
  /** What others used of all cores, 0 to 1. */
  readonly share: number;
}

const WINDOW_MS = 100;
/** The system counts in ticks of 10 ms, so a few background jobs look like up to a tenth. */
const QUIET_SHARE = 0.25;
/** More names say less than their number. */
const NAMED = 4;

function coreTimes(): CoreTimes {
  let [busy, idle] = [0, 0];
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq;
    idle += times.idle;
  }
  return { busy, idle };
}

/** Does nothing for a tenth of a second, and returns the share of the cores that others used meanwhile, 0 to 1. */
export async function othersShare(
  times: () => CoreTimes = coreTimes,
  wait: (ms: number) => Promise<unknown> = delay,
): Promise<number> {
  const before = times();
  await wait(WINDOW_MS);
  const after = times();
  const busy = after.busy - before.busy;
  const all = busy + after.idle - before.idle;
  return all > 0 ? busy / all : 0;
}

/** What `Machine.doubts` says of it: nothing, or one line. */
export function noiseDoubts(looks: readonly Look[]): string[] {
  const noisy = looks.filter(({ share }) => share > QUIET_SHARE);
  if (noisy.length === 0) return [];
  const most = Math.round(100 * Math.max(...noisy.map(({ share }) => share)));
  const where =
    noisy.length > NAMED
      ? `${noisy.length} of ${looks.length} figures`
      : noisy.map(({ figure }) => figure).join(', ');
  return [`noisy: other programs took up to ${most} % of the cores just before ${where}`];
}
