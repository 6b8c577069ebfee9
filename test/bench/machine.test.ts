import { describe, expect, it } from 'vitest';
import { cpuQuota, describeMachine, doubts } from '../../native-bench/machine.ts';

describe('the CPU quota', () => {
  const within = (files: Readonly<Record<string, string>>) => cpuQuota((path) => files[path] ?? null);

  it('is that of the own control group, or of the tightest above it', () => {
    const files = {
      '/proc/self/cgroup': '0::/user.slice/bench.scope',
      '/sys/fs/cgroup/user.slice/bench.scope/cpu.max': 'max 100000',
      '/sys/fs/cgroup/user.slice/cpu.max': '150000 100000',
    };
    expect(within(files)).toBe(1.5);
    expect(within({ ...files, '/sys/fs/cgroup/user.slice/bench.scope/cpu.max': '50000 100000' })).toBe(0.5);
    expect(within({ ...files, '/sys/fs/cgroup/user.slice/cpu.max': 'max 100000' })).toBeNull();
  });

  it('is what a container sees at the root', () => {
    expect(within({ '/proc/self/cgroup': '0::/', '/sys/fs/cgroup/cpu.max': '200000 100000' })).toBe(2);
    expect(
      within({ '/proc/self/cgroup': '0::/elsewhere/abc', '/sys/fs/cgroup/cpu.max': '200000 100000' }),
    ).toBe(2);
    expect(within({ '/sys/fs/cgroup/cpu.max': '100000 100000' })).toBe(1);
  });

  it('is read of the first version of control groups, too', () => {
    const files = {
      '/proc/self/cgroup': '5:memory:/a\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/a',
      '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us': '-1',
      '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us': '100000',
    };
    expect(within(files)).toBeNull();
    expect(
      within({
        ...files,
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      }),
    ).toBe(3);
  });

  it('is none where there are no control groups', () => {
    expect(within({})).toBeNull();
  });
});

describe('what speaks against a machine', () => {
  const quiet = { minute: 0.4, usable: 2, workers: 2, governor: null, quota: null };

  it('is a load, too few cores, a quota, a governor', () => {
    expect(doubts(quiet)).toEqual([]);
    expect(doubts({ ...quiet, minute: 0.51 })).toEqual([
      'noisy: load average 0.51 on 2 cores before the start',
    ]);
    expect(doubts({ ...quiet, workers: 4, quota: 1.5, governor: 'powersave' })).toEqual([
      '4 workers share 2 cores',
      'a CPU quota of 1.5 cores for 4 workers',
      'CPU governor is powersave',
    ]);
    expect(doubts({ ...quiet, quota: 2, governor: 'performance' })).toEqual([]);
  });

  it('is said of this one', () => {
    expect(describeMachine(1_000).doubts).toContainEqual(
      expect.stringMatching(/^1000 workers share \d+ cores$/),
    );
  });
});
