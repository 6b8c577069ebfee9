import { describe, expect, it } from 'vitest';
import { hostTimes, stolenShare } from '../../native-bench/steal.ts';

const STAT = `cpu  100 20 30 4000 500 6 7 80 0 0
cpu0 1 2 3 4 5 6 7 8 9 10
intr 1
`;

describe('what the host takes', () => {
  it('is read from the line of all cores', () => {
    expect(hostTimes(() => STAT)).toEqual({ ran: 163, stolen: 80 });
  });

  it('is not told where there is no such file, or none of that form', () => {
    const missing = (): string => {
      throw new Error('ENOENT');
    };
    expect(hostTimes(missing)).toBeUndefined();
    expect(hostTimes(() => 'cpu 1 2 3\n')).toBeUndefined();
    expect(stolenShare(undefined, { ran: 1, stolen: 1 })).toBeUndefined();
    expect(stolenShare({ ran: 1, stolen: 1 }, undefined)).toBeUndefined();
  });

  it('is a share of the time the cores were wanted', () => {
    const before = { ran: 1000, stolen: 100 };
    expect(stolenShare(before, { ran: 1300, stolen: 200 })).toBe(0.25);
    expect(stolenShare(before, before)).toBe(0);
  });

  it.runIf(process.platform === 'linux')('grows on this machine', () => {
    const times = hostTimes();
    expect(times?.ran).toBeGreaterThan(0);
    expect(times?.stolen).toBeGreaterThanOrEqual(0);
  });
});
