import { setTimeout as delay } from 'node:timers/promises';
import type { RunningPool } from '../contenders/contender.ts';
import type { Figure, Sample } from './figure.ts';

const CLOSE_LIMIT_MS = 2_000;

/** How long closing took, or `null` when it had not ended in 2 s; start-up can be measured all the same. */
async function closing(pool: RunningPool): Promise<number | null> {
  const from = performance.now();
  const closed = pool.close().then(() => performance.now() - from);
  return Promise.race([closed, delay(CLOSE_LIMIT_MS, null)]);
}

export const startUp: Figure = {
  name: 'start-up',
  title: 'Start-up',
  method: () =>
    'from the call that makes the pool (library already imported) until every worker has loaded the task module, where the pool tells; and until all have run a task at the same time. bare-workers: until each has imported the task module and posted a message',
  metrics: [
    { name: 'ready', label: 'all workers ready', unit: 'ms', better: 'lower' },
    { name: 'met', label: 'all have run a task at once', unit: 'ms', better: 'lower' },
    { name: 'close', label: 'closed again (n/a: not in 2 s)', unit: 'ms', better: 'lower' },
  ],
  claims: [
    {
      kind: 'ratio',
      text: 'within 1.5 times two bare Workers',
      metric: 'ready',
      to: 'bare-workers',
      atMost: 1.5,
    },
  ],
  schedule: 'interleaved',
  rounds: { full: 21, quick: 7, smoke: 1 },
  newPool: true,
  needs: ['threads'],
  limitMs: { full: 15_000, quick: 15_000, smoke: 15_000 },
  floors: ['bare-workers'],
  async open({ start, workers, runsTasks }) {
    const once = async (): Promise<Sample> => {
      const from = performance.now();
      const pool = await start();
      const ready = pool.loaded ? performance.now() - from : null;
      let met: number | null = null;
      if (runsTasks) {
        const gate = new SharedArrayBuffer(8);
        const meeting = Array.from({ length: workers }, () => pool.run('meet', [gate, workers]));
        const answers = await Promise.all(meeting);
        if (!answers.every((answer) => answer === true)) {
          throw new Error(`${workers} tasks submitted at once did not come to run on ${workers} workers`);
        }
        met = performance.now() - from;
      }
      return { ready, met, close: await closing(pool) };
    };
    await once();
    return {
      sample: once,
      end: async () => {},
    };
  },
};
