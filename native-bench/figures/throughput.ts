import { cpuSince } from '../clocks.ts';
import type { Figure } from './figure.ts';
import { flood } from './flood.ts';

const TASKS = { full: 200_000, quick: 50_000, smoke: 500 };
const WARM_UP = { full: 20_000, quick: 10_000, smoke: 100 };

export const throughput: Figure = {
  name: 'throughput',
  title: 'Trivial tasks submitted at once',
  method: (effort) =>
    `${TASKS[effort].toLocaleString('en')} tasks add(i, 1) submitted in one loop, timed until the last has settled`,
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
  rounds: { full: 7, quick: 3, smoke: 1 },
  limitMs: { full: 120_000, quick: 60_000, smoke: 15_000 },
  floors: ['bare-promises'],
  async open({ effort, start }) {
    const pool = await start();
    const tasks = TASKS[effort];
    await flood(pool, WARM_UP[effort]);
    return {
      async sample() {
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
