/**
 * The machine a figure comes from, and whether it was quiet.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  /** Logical cores of the machine, and how many of them this process may use. */
  readonly cores: number;
  readonly usable: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Runnable threads over 1 and 5 minutes, before the first measurement. */
  readonly load: readonly [number, number];
  /** CPU frequency governor, or `null` where there is none or it is not told. */
  readonly governor: string | null;
  /** CPU quota of the control group in cores, or `null` without one. */
  readonly quota: number | null;
  /** Why figures from this machine may be off, noise during the run included; empty when nothing speaks against them. */
  readonly doubts: readonly string[];
}

/** Below this load per core the machine counts as quiet. */
const QUIET_LOAD = 0.25;

export function describeMachine(workers: number): Machine {
  const [minute = 0, five = 0] = loadavg();
  const usable = availableParallelism();
  const governor = read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor');
  const quota = cpuQuota();
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    usable,
    memoryBytes: totalmem(),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    load: [minute, five],
    governor,
    quota,
    doubts: doubts({ minute, usable, workers, governor, quota }),
  };
}

interface Circumstances {
  readonly minute: number;
  readonly usable: number;
  readonly workers: number;
  readonly governor: string | null;
  readonly quota: number | null;
}

export function doubts({ minute, usable, workers, governor, quota }: Circumstances): string[] {
  const found: string[] = [];
  if (minute > usable * QUIET_LOAD)
    found.push(`noisy: load average ${minute.toFixed(2)} on ${usable} cores before the start`);
  if (workers > usable) found.push(`${workers} workers share ${usable} cores`);
  if (quota !== null && quota < workers) found.push(`a CPU quota of ${quota} cores for ${workers} workers`);
  if (governor !== null && governor !== 'performance') found.push(`CPU governor is ${governor}`);
  return found;
}

/**
 * The tightest CPU quota, in cores, of the control group this process is in and all above it, as far as they can be seen
 * from here; `null` without one.
 *
 * @param file - the text of a file, without white space around it; `null` when there is none
 */
export function cpuQuota(file: (path: string) => string | null = read): number | null {
  const groups = file('/proc/self/cgroup')?.split('\n') ?? [];
  const limits = [
    ...upwards(groups.find((line) => line.startsWith('0::'))?.slice(3)).map((group) =>
      file(`/sys/fs/cgroup${group}/cpu.max`)?.split(' '),
    ),
    ...upwards(groups.find((line) => /^\d+:[^:]*\bcpu\b/.test(line))?.split(':')[2]).map((group) => [
      file(`/sys/fs/cgroup/cpu${group}/cpu.cfs_quota_us`),
      file(`/sys/fs/cgroup/cpu${group}/cpu.cfs_period_us`),
    ]),
  ].map((pair) => Number(pair?.[0] ?? Number.NaN) / Number(pair?.[1] ?? Number.NaN));
  const cores = limits.filter((limit) => Number.isFinite(limit) && limit > 0);
  return cores.length === 0 ? null : Math.min(...cores);
}

/** `/a/b` as `/a/b`, `/a` and the root, which is where a container sees its own group. */
function upwards(group = ''): string[] {
  const names = group.split('/').filter((name) => name !== '');
  return names.map((_, at) => `/${names.slice(0, names.length - at).join('/')}`).concat('');
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
