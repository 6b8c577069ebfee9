import { Worker } from 'node:worker_threads';
import type { Contender, RunningPool } from './contender.ts';
import { taskFile, WORKER_EXEC_ARGV } from './contender.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: unknown;
}

/** What one writes by hand: round robin over two Workers, one message each way per task, a map of ids. */
export const raw: Contender = {
  name: 'raw-postmessage',
  family: 'raw-postmessage',
  kind: 'yardstick',
  async start({ workers, tasks }): Promise<RunningPool> {
    const waiting = new Map<number, Waiting>();
    const entry = taskFile('raw.mjs', tasks);
    const threads = Array.from({ length: workers }, () => {
      const thread = new Worker(entry, { execArgv: [...WORKER_EXEC_ARGV] });
      thread.on('message', (reply: Reply) => {
        const task = waiting.get(reply.id);
        waiting.delete(reply.id);
        if ('error' in reply) task?.reject(reply.error);
        else task?.resolve(reply.value);
      });
      thread.on('error', (error) => {
        for (const task of waiting.values()) task.reject(error);
        waiting.clear();
      });
      return thread;
    });
    let next = 0;
    return {
      run: (task, args, transfer) =>
        new Promise((resolve, reject) => {
          const id = next++;
          waiting.set(id, { resolve, reject });
          threads[id % workers]!.postMessage({ id, task, args }, transfer);
        }),
      close: async () => {
        await Promise.all(threads.map((thread) => thread.terminate()));
      },
    };
  },
};
