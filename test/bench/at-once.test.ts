import { describe, expect, it } from 'vitest';
import { jsAtOnce } from '../../native-bench/contenders/at-once.ts';
import { isSolver, type Solver } from '../../native-bench/contenders/solver.ts';
import { PROBLEMS } from '../../native-bench/figures/problems.ts';

const DEADLINE_MS = 60_000;

async function start(): Promise<Solver> {
  const running = await jsAtOnce.start({ workers: 3 });
  if (!isSolver(running)) throw new Error('It does not solve whole problems');
  return running;
}

describe('the sequential program on each of so many threads at once', () => {
  it('solves every problem it is in', { timeout: DEADLINE_MS }, async () => {
    const running = await start();
    const names: string[] = [];
    for (const { name, solvers, sizes } of PROBLEMS) {
      if (!solvers.includes(jsAtOnce.name)) continue;
      names.push(name);
      for (const threads of [1, 3, 2]) {
        const { ms, answer } = await running.solve(sizes.smoke, threads);
        expect(answer.map(String), name).toEqual(sizes.smoke.answer.map(String));
        expect(ms, name).toBeGreaterThanOrEqual(0);
      }
    }
    expect(names).toContain('uts-t3');
    await running.close();
  });

  it('says so when a thread fails', async () => {
    const running = await start();
    const unknown = { program: 'no such program' as 'fib', numbers: [1] };
    await expect(running.solve(unknown, 2)).rejects.toThrow("property 'prepare'");
    await running.close();
  });
});
