import type { Contender, RunningPool } from './contender.ts';

/** Promises settled in one turn of the event loop, as many as Millrace settles at most. */
const A_TURN = 2048;

/**
 * What the promises alone cost, with nobody to do the work: `add` is computed where it is called, and its promise
 * settled in a later turn. No pool that gives back a promise for each task can be faster on this thread.
 */
export const promises: Contender = {
  name: 'bare-promises',
  family: 'bare-promises',
  kind: 'yardstick',
  async start(): Promise<RunningPool> {
    let resolvers: ((value: number) => void)[] = [];
    let values: number[] = [];
    let settled = 0;
    let scheduled = false;
    const settle = (): void => {
      for (const end = Math.min(settled + A_TURN, resolvers.length); settled < end; settled++) {
        resolvers[settled]!(values[settled]!);
      }
      scheduled = settled < resolvers.length;
      if (scheduled) {
        setImmediate(settle);
        return;
      }
      resolvers = [];
      values = [];
      settled = 0;
    };
    let grabbed = (_value: number): void => {};
    const grab = (resolve: (value: number) => void): void => {
      grabbed = resolve;
    };
    return {
      run: (task, args) => {
        if (task !== 'add') return Promise.reject(new Error(`Bare promises run no \`${task}\``));
        const promise = new Promise<number>(grab);
        resolvers.push(grabbed);
        values.push((args[0] as number) + (args[1] as number));
        if (!scheduled) setImmediate(settle);
        scheduled = true;
        return promise;
      },
      close: async () => {},
    };
  },
};
