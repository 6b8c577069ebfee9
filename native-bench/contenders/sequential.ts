import { SEQUENTIAL } from '../tasks/forkjoin.mjs';
import type { Contender } from './contender.ts';
import { NO_POOL, type Solver } from './solver.ts';

/** The program without any library, on one thread: what parallel programs have to beat. */
export const jsSequential: Contender = {
  name: 'js-sequential',
  family: 'js-sequential',
  kind: 'yardstick',
  async start(): Promise<Solver> {
    return {
      ...NO_POOL,
      parallel: false,
      async solve({ program, numbers }) {
        const { prepare, solve, read } = SEQUENTIAL[program];
        const input = prepare(numbers);
        globalThis.gc?.();
        const from = performance.now();
        const found = solve(input);
        const ms = performance.now() - from;
        const answer = read === undefined ? found : read(input);
        if (answer === undefined) throw new Error(`${program} gave no answer`);
        return { ms, answer };
      },
    };
  },
};
