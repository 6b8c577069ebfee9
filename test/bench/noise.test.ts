import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type CoreTimes, noiseDoubts, othersShare } from '../../native-bench/noise.ts';

describe('what others do to the cores', () => {
  const during = (before: CoreTimes, after: CoreTimes): Promise<number> => {
    let now = before;
    return othersShare(
      () => now,
      async () => {
        now = after;
      },
    );
  };

  it('is the busy share of all cores while the bench stands still', async () => {
    expect(await during({ busy: 500, idle: 900 }, { busy: 600, idle: 1_000 })).toBe(0.5);
    expect(await during({ busy: 500, idle: 900 }, { busy: 500, idle: 1_100 })).toBe(0);
    expect(await during({ busy: 500, idle: 900 }, { busy: 500, idle: 900 })).toBe(0);
  });

  it('is seen of a program that takes a core', async () => {
    const hog = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    try {
      const deadline = Date.now() + 20_000;
      let share = 0;
      while (share <= 0 && Date.now() < deadline) share = await othersShare();
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
    } finally {
      hog.kill('SIGKILL');
    }
  });

  it('is a doubt that names the figures, or how many there are', () => {
    const look = (figure: string, share: number) => ({ figure, share });
    expect(noiseDoubts([])).toEqual([]);
    expect(noiseDoubts([look('metg', 0.25), look('idle', 0)])).toEqual([]);
    expect(noiseDoubts([look('metg', 0.484), look('idle', 0.1), look('start-up', 0.3)])).toEqual([
      'noisy: other programs took up to 48 % of the cores just before metg, start-up',
    ]);
    expect(
      noiseDoubts(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => look(name, name === 'a' ? 0 : 1))),
    ).toEqual(['noisy: other programs took up to 100 % of the cores just before 5 of 6 figures']);
    const quiet = { figure: 'idle', share: 0, stolen: 0.01 };
    expect(noiseDoubts([quiet])).toEqual([]);
    expect(noiseDoubts([quiet, { figure: 'metg', share: 0.5, stolen: 0.06 }])).toEqual([
      'noisy: other programs took up to 50 % of the cores just before metg',
      "noisy: the host kept up to 6 % of the cores' time from this machine in metg",
    ]);
  });
});
