import { setTimeout as delay } from 'node:timers/promises';
import { processMicros } from '../clocks.ts';
import type { Figure } from './figure.ts';
import { flood } from './flood.ts';

const WINDOW_MS = { full: 10_000, quick: 10_000, smoke: 100 };
const CALM_MS = { full: 1_000, quick: 1_000, smoke: 20 };
const ACTIVITY = { full: 5_000, quick: 5_000, smoke: 50 };

export const idle: Figure = {
  name: 'idle',
  title: 'CPU of an idle pool',
  method: (effort) =>
    `CPU of the whole process in ${WINDOW_MS[effort] / 1000} s of idleness, after ${ACTIVITY[effort].toLocaleString('en')} tasks and ${CALM_MS[effort]} ms of calm`,
  metrics: [{ name: 'cpu', label: 'CPU', unit: 'ms', better: 'lower' }],
  claims: [
    {
      kind: 'excess',
      text: 'no more than 10 ms (0.1 % of a core) above bare Workers that only listen',
      metric: 'cpu',
      over: 'bare-workers',
      atMost: 10,
    },
  ],
  schedule: 'together',
  rounds: { full: 3, quick: 1, smoke: 1 },
  needs: ['threads'],
  limitMs: { full: 30_000, quick: 30_000, smoke: 15_000 },
  floors: ['bare-workers'],
  async open({ effort, start, runsTasks }) {
    const pool = await start();
    return {
      async sample() {
        if (runsTasks) await flood(pool, ACTIVITY[effort]);
        globalThis.gc?.();
        await delay(CALM_MS[effort]);
        const from = processMicros();
        await delay(WINDOW_MS[effort]);
        return { cpu: (processMicros() - from) / 1000 };
      },
      end: () => pool.close(),
    };
  },
};
