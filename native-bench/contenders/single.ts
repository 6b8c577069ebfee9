import * as functions from '../tasks/functions.mjs';
import type { Contender, RunningPool, TaskName } from './contender.ts';

const tasks: Readonly<Record<TaskName, (...args: never[]) => unknown>> = functions;

/**
 * The program without a pool: the function is called where the task is submitted, on the one thread there is. Nothing
 * is queued, copied or moved.
 */
export const single: Contender = {
  name: 'single',
  family: 'single',
  kind: 'yardstick',
  lacks: {
    threads: 'runs every task where it is called',
    transfer: 'moves nothing: caller and task share one heap',
  },
  async start(): Promise<RunningPool> {
    return {
      run: async (task, args) => {
        if (task === 'hold' || task === 'meet') throw new Error(`\`${task}\` would block the only thread`);
        return tasks[task](...(args as never[]));
      },
      close: async () => {},
    };
  },
};
