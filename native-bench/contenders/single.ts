import { type Contender, type RunningPool, type TaskName, taskFile } from './contender.ts';

type Functions = Readonly<Record<TaskName, (...args: never[]) => unknown>>;

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
  async start({ tasks }): Promise<RunningPool> {
    const functions = (await import(taskFile('functions.mjs', tasks).href)) as Functions;
    return {
      run: async (task, args) => {
        if (task === 'hold' || task === 'meet') throw new Error(`\`${task}\` would block the only thread`);
        return functions[task](...(args as never[]));
      },
      close: async () => {},
    };
  },
};
