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
  /** What others used of all cores just before it, 0 to 1. */
  readonly share: number;
  /** What the host kept from this machine while it was measured, 0 to 1; absent where that is not told. */
  readonly stolen?: number;
}

const WINDOW_MS = 100;
/** The system counts in ticks of 10 ms, so a few background jobs look like up to a tenth. */
const QUIET_SHARE = 0.25;
/** A spell that takes a core for a tenth of a round is enough to double a round trip. */
const STOLEN_SHARE = 0.02;
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

/** What `Machine.doubts` says of it: a line for each kind of noise. */
export function noiseDoubts(looks: readonly Look[]): string[] {
  const others = worst(looks, ({ share }) => share, QUIET_SHARE);
  const host = worst(looks, ({ stolen = 0 }) => stolen, STOLEN_SHARE);
  return [
    ...(others === undefined
      ? []
      : [`noisy: other programs took up to ${others.most} % of the cores just before ${others.where}`]),
    ...(host === undefined
      ? []
      : [`noisy: the host kept up to ${host.most} % of the cores' time from this machine in ${host.where}`]),
  ];
}

function worst(looks: readonly Look[], of: (look: Look) => number, quiet: number) {
  const noisy = looks.filter((look) => of(look) > quiet);
  if (noisy.length === 0) return undefined;
  const most = Math.round(100 * Math.max(...noisy.map(of)));
  const where =
    noisy.length > NAMED
      ? `${noisy.length} of ${looks.length} figures`
      : noisy.map(({ figure }) => figure).join(', ');
  return { most, where };
}
