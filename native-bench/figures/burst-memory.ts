import { setTimeout as delay } from 'node:timers/promises';
import type { Figure } from './figure.ts';
import { flood } from './flood.ts';
import { holdWorkers } from './gate.ts';

const WAITING = { full: 1_000_000, quick: 100_000, smoke: 300 };
/** Time for what the pool does after `run` returned: microtasks, messages to ports. */
const SETTLE_MS = { full: 500, quick: 200, smoke: 10 };

interface Footprint {
  readonly heap: number;
  readonly rss: number;
}

async function footprint(settleMs: number): Promise<Footprint> {
  await delay(settleMs);
  if (globalThis.gc === undefined) throw new Error('Memory can only be measured with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

export const burstMemory: Figure = {
  name: 'burst-memory',
  title: 'Memory of a waiting task',
  method: (effort) =>
    `${WAITING[effort].toLocaleString('en')} tasks add(i, 1) submitted while a gate holds every worker; growth after a full collection, promise and arguments included`,
  metrics: [
    { name: 'bytes', label: 'bytes per task (larger of both)', unit: 'B', better: 'lower', signed: true },
    { name: 'heap', label: 'heap + external', unit: 'B', better: 'lower', signed: true },
    { name: 'rss', label: 'resident set', unit: 'B', better: 'lower', signed: true },
  ],
  claims: [{ kind: 'value', text: 'under 400 bytes a task, all told', metric: 'bytes', atMost: 400 }],
  schedule: 'fresh',
  rounds: { full: 3, quick: 2, smoke: 1 },
  peerRounds: { full: 1, quick: 1, smoke: 1 },
  newPool: true,
  needs: ['threads'],
  limitMs: { full: 120_000, quick: 30_000, smoke: 15_000 },
  // No warm-up: poolifier's queue can no longer hold every worker once tasks have been stolen in it.
  async open({ effort, start, workers }) {
    const pool = await start();
    const tasks = WAITING[effort];
    return {
      async sample() {
        const gate = await holdWorkers(pool, workers);
        const before = await footprint(SETTLE_MS[effort]);
        const flooded = flood(pool, tasks);
        const after = await Promise.race([footprint(SETTLE_MS[effort]), flooded]);
        if (typeof after === 'number') throw new Error('The tasks did not wait for the gate');
        await gate.open();
        await flooded;
        const heap = (after.heap - before.heap) / tasks;
        const rss = (after.rss - before.rss) / tasks;
        return { bytes: Math.max(heap, rss), heap, rss };
      },
      end: () => pool.close(),
    };
  },
};
