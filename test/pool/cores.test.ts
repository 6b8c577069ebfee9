import { describe, expect, it } from 'vitest';
import { usableCores } from '../../src/coordinator/cores.ts';

const files = (tree: Readonly<Record<string, string>>) => (path: string) => tree[path];
const CGROUP = '/proc/self/cgroup';

describe('usableCores', () => {
  it('is what the scheduler gives, without a quota', () => {
    expect(usableCores(6, files({}))).toBe(6);
    expect(usableCores(6, files({ [CGROUP]: '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' }))).toBe(6);
  });

  it('is at least 1 and at most 1024', () => {
    expect(usableCores(0, files({}))).toBe(1);
    expect(usableCores(4000, files({}))).toBe(1024);
    expect(usableCores(8, files({ [CGROUP]: '0::/', '/sys/fs/cgroup/cpu.max': '1000 100000' }))).toBe(1);
  });

  it.each([
    ['50000 100000', 1],
    ['100000 100000', 1],
    ['150000 100000', 2],
    ['400000 100000', 4],
    ['900000 100000', 8],
    ['200000 50000', 4],
    ['max 100000', 8],
    ['', 8],
    ['nonsense', 8],
    ['100000 0', 8],
  ])('reads the version 2 quota `%s`', (max, cores) => {
    expect(usableCores(8, files({ [CGROUP]: '0::/\n', '/sys/fs/cgroup/cpu.max': max }))).toBe(cores);
  });

  it('takes the least of all groups above', () => {
    const tree = {
      [CGROUP]: '0::/kube/pod/box\n',
      '/sys/fs/cgroup/kube/pod/box/cpu.max': '600000 100000',
      '/sys/fs/cgroup/kube/pod/cpu.max': '300000 100000',
      '/sys/fs/cgroup/kube/cpu.max': 'max 100000',
    };
    expect(usableCores(8, files(tree))).toBe(3);
  });

  it.each([
    ['4:cpu,cpuacct:/box', '/sys/fs/cgroup/cpu/box'],
    ['3:cpuset:/other\n4:cpuacct,cpu:/box', '/sys/fs/cgroup/cpu/box'],
    ['4:cpu:/host/path/not/mounted/here', '/sys/fs/cgroup/cpu'],
  ])('reads the version 1 quota of `%s`', (cgroup, root) => {
    const quota = (us: string) =>
      files({ [CGROUP]: cgroup, [`${root}/cpu.cfs_quota_us`]: us, [`${root}/cpu.cfs_period_us`]: '100000' });
    expect(usableCores(8, quota('250000'))).toBe(3);
    expect(usableCores(8, quota('-1'))).toBe(8);
  });

  it('a version 1 group beside an empty version 2 group counts', () => {
    const tree = {
      [CGROUP]: '4:cpu:/box\n0::/box\n',
      '/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us': '200000',
      '/sys/fs/cgroup/cpu/box/cpu.cfs_period_us': '100000',
    };
    expect(usableCores(8, files(tree))).toBe(2);
  });

  it('works on this machine', () => {
    const cores = usableCores();
    expect(Number.isInteger(cores)).toBe(true);
    expect(cores).toBeGreaterThanOrEqual(1);
  });
});
