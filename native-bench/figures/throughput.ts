import { cpuSince } from '../clocks.ts';
import type { Figure } from './figure.ts';
import { flood } from './flood.ts';

const TASKS = { full: 200_000, quick: 30_000, smoke: 500 };
const SETTLING = { full: 50_000, quick: 10_000, smoke: 100 };
/** So long each round begins with smaller floods: the heap that idled while others were measured grows back. */
const SETTLING_MS = { full: 300, quick: 100, smoke: 0 };

export const throughput: Figure = {
  name: 'throughput',
  title: 'Trivial tasks submitted at once',
  method: (effort) =>
    `${TASKS[effort].toLocaleString('en')} tasks add(i, 1) submitted in one loop, timed until the last has settled; in each round after floods of ${SETTLING[effort].toLocaleString('en')} for at least ${SETTLING_MS[effort]} ms`,
  metrics: [
    { name: 'rate', label: 'tasks/s', unit: '1/s', better: 'higher' },
    { name: 'mainCpu', label: 'main-thread CPU per task', unit: 'µs', better: 'lower' },
    { name: 'processCpu', label: 'CPU of all threads per task', unit: 'µs', better: 'lower' },
  ],
  claims: [
    {
      kind: 'ratio',
      text: 'at least 20 times the best pool, in no round under 10',
      metric: 'rate',
      to: 'best pool',
      atLeast: 20,
      everyRoundAtLeast: 10,
    },
    { kind: 'value', text: 'main-thread CPU per task under 2 µs', metric: 'mainCpu', atMost: 2 },
  ],
  schedule: 'interleaved',
  rounds: { full: 9, quick: 3, smoke: 1 },
  limitMs: { full: 120_000, quick: 60_000, smoke: 15_000 },
  floors: ['bare-promises'],
  async open({ effort, start }) {
    const pool = await start();
    const tasks = TASKS[effort];
    const settle = async (): Promise<void> => {
      const from = performance.now();
      do await flood(pool, SETTLING[effort]);
      while (performance.now() - from < SETTLING_MS[effort]);
    };
    await settle();
    return {
      async sample() {
        await settle();
        globalThis.gc?.();
        const spent = cpuSince();
        const elapsed = await flood(pool, tasks);
        const cpu = spent(tasks);
        return { rate: (tasks / elapsed) * 1000, mainCpu: cpu.main, processCpu: cpu.process };
      },
      end: () => pool.close(),
    };
  },
};
