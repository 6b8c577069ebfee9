import type { Figure } from './figure.ts';

export const startUp: Figure = {
  name: 'start-up',
  title: 'Start-up',
  method: () =>
    'from the call that makes the pool until every worker has run a task at the same time as the others (library already imported); bare-workers: until each has imported the task module and posted a message',
  metrics: [{ name: 'ready', label: 'all workers ready', unit: 'ms', better: 'lower' }],
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
  limitMs: { full: 15_000, quick: 15_000, smoke: 15_000 },
  floors: ['bare-workers'],
  async open({ start, workers, runsTasks }) {
    const once = async (): Promise<number> => {
      const from = performance.now();
      const pool = await start();
      try {
        if (runsTasks) {
          const gate = new SharedArrayBuffer(8);
          const met = Array.from({ length: workers }, () => pool.run('meet', [gate, workers]));
          const answers = await Promise.all(met);
          if (!answers.every((answer) => answer === true)) {
            throw new Error(`${workers} tasks submitted at once did not come to run on ${workers} workers`);
          }
        }
        return performance.now() - from;
      } finally {
        await pool.close();
      }
    };
    await once();
    return {
      sample: async () => ({ ready: await once() }),
      end: async () => {},
    };
  },
};
