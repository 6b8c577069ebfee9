import { executable, runYardstick, type Variant } from '../native/yardsticks.ts';
import type { Contender } from './contender.ts';
import { NO_POOL, type Solver } from './solver.ts';

function native(name: string, variant: Variant): Contender {
  return {
    name,
    family: name,
    kind: 'yardstick',
    async start(): Promise<Solver> {
      const file = await executable();
      return {
        ...NO_POOL,
        parallel: variant !== 'sequential',
        warm: true,
        solve: ({ program, numbers }, threads) => runYardstick(file, { program, numbers, variant, threads }),
      };
    },
  };
}

/** oneTBB's `task_group`: one task for each fork, nested. */
export const tbbGroup: Contender = native('tbb-group', 'tbb-group');

/** oneTBB's loops: `parallel_for`, `parallel_reduce`, `parallel_sort`. */
export const tbbFor: Contender = native('tbb-for', 'tbb-for');

/** Plain `std::thread`: pieces cut beforehand and taken from one counter. */
export const stdThread: Contender = native('std-thread', 'std-thread');

/** The same algorithm in C++, on one thread, without any library. */
export const cppSequential: Contender = native('cpp-sequential', 'sequential');
