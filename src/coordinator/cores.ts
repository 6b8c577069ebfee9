/**
 * How many cores this process may use.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The text of a file, or `undefined` when it is not there. */
type ReadFile = (path: string) => string | undefined;

/**
 * The cores the scheduler gives this process, capped by the cgroup CPU quota, which Node 20 does not look at; at
 * least 1, at most 1024.
 *
 * @param parallelism - as `os.availableParallelism()` says
 */
export function usableCores(
  parallelism: number = availableParallelism(),
  readFile: ReadFile = readText,
): number {
  const groups = readFile('/proc/self/cgroup') ?? '';
  const quota = cgroupV2(groups, readFile) ?? cgroupV1(groups, readFile) ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(parallelism, Math.ceil(quota), 1024));
}

/** `cpu.max` of the process's group and of every group above it: `quota period` in µs, or `max`. */
function cgroupV2(groups: string, readFile: ReadFile): number | undefined {
  const group = /^0::(.*)$/m.exec(groups)?.[1];
  if (group === undefined) return undefined;
  let least: number | undefined;
  for (let path = group === '/' ? '' : group; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const [quota, period] = (readFile(`/sys/fs/cgroup${path}/cpu.max`) ?? 'max').trim().split(' ');
    if (quota !== undefined && quota !== 'max' && Number(period) > 0) {
      least = Math.min(least ?? Number.POSITIVE_INFINITY, Number(quota) / Number(period));
    }
    if (path === '') return least;
  }
}

function cgroupV1(groups: string, readFile: ReadFile): number | undefined {
  const group = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
  if (group === undefined) return undefined;
  for (const root of [`/sys/fs/cgroup/cpu${group}`, '/sys/fs/cgroup/cpu']) {
    const quota = Number(readFile(`${root}/cpu.cfs_quota_us`));
    const period = Number(readFile(`${root}/cpu.cfs_period_us`));
    if (quota > 0 && period > 0) return quota / period;
  }
  return undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
