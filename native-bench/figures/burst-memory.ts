import { setTimeout as delay } from 'node:timers/promises';
import type { RunningPool } from '../contenders/contender.ts';
import type { Effort, Figure, Metric, Sample } from './figure.ts';
import { flood } from './flood.ts';
import { holdWorkers } from './gate.ts';

const WAITING = { full: 1_000_000, quick: 100_000, smoke: 300 };
/** Time for what the pool does after `run` returned: microtasks, messages to ports. */
const SETTLE_MS = { full: 500, quick: 200, smoke: 10 };

/** Bursts that are only shown. */
const SHOWN = [100, 1_000, 10_000, 100_000];

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

/** Per task, with `tasks` of them waiting. */
interface Weight {
  readonly tasks: number;
  readonly heap: number;
  readonly rss: number;
}

/** One burst up to its last task, weighed wherever one of `sizes` is waiting. */
async function weights(
  pool: RunningPool,
  workers: number,
  sizes: readonly number[],
  settleMs: number,
): Promise<Weight[]> {
  const gate = await holdWorkers(pool, workers);
  // Twice, so that what the first leaves behind, compiled code above all, is no growth.
  await footprint(0);
  const before = await footprint(settleMs);
  const flooded: Promise<number>[] = [];
  const seen: Weight[] = [];
  let waiting = 0;
  for (const tasks of sizes) {
    flooded.push(flood(pool, tasks - waiting));
    waiting = tasks;
    const after = await Promise.race([footprint(settleMs), ...flooded]);
    if (typeof after === 'number') throw new Error('The tasks did not wait for the gate');
    seen.push({
      tasks,
      heap: (after.heap - before.heap) / tasks,
      rss: (after.rss - before.rss) / tasks,
    });
  }
  await gate.open();
  await Promise.all(flooded);
  return seen;
}

function shownOf(effort: Effort): readonly number[] {
  return SHOWN.filter((tasks) => tasks < WAITING[effort]);
}

function inWords(tasks: number): string {
  return tasks.toLocaleString('en');
}

function shownMetric(tasks: number): Metric {
  const label = `heap, ${inWords(tasks)} waiting`;
  return { name: `heap${tasks}`, label, unit: 'B', better: 'lower', signed: true };
}

function shownSample(seen: readonly Weight[]): Sample {
  return Object.fromEntries(
    SHOWN.map((tasks) => [`heap${tasks}`, seen.find((each) => each.tasks === tasks)?.heap ?? null]),
  );
}

export const burstMemory: Figure = {
  name: 'burst-memory',
  title: 'Memory of a waiting task',
  method: (effort) =>
    `${inWords(WAITING[effort])} tasks add(i, 1) submitted while a gate holds every worker; growth after a full collection, promise and arguments included. Then ${shownOf(effort).map(inWords).join(', ')} of them in a second pool of the process: the heap alone, since the resident set does not grow again; of 100 tasks no more than the order of magnitude, as up to 15 KB come and go by themselves`,
  metrics: [
    { name: 'bytes', label: 'bytes per task (larger of both)', unit: 'B', better: 'lower', signed: true },
    { name: 'heap', label: 'heap + external', unit: 'B', better: 'lower', signed: true },
    { name: 'rss', label: 'resident set', unit: 'B', better: 'lower', signed: true },
    ...SHOWN.map(shownMetric),
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
    const others: RunningPool[] = [];
    return {
      async sample() {
        const [whole] = await weights(pool, workers, [WAITING[effort]], SETTLE_MS[effort]);
        const { heap, rss } = whole!;
        // After it, and with another pool: looks while the large burst grows would make its resident set larger (65 bytes
        // a task of 100,000), and some pools cannot be held twice.
        const second = await start();
        others.push(second);
        const seen = await weights(second, workers, shownOf(effort), SETTLE_MS[effort]);
        return { bytes: Math.max(heap, rss), heap, rss, ...shownSample(seen) };
      },
      async end() {
        await Promise.all([pool, ...others].map((each) => each.close()));
      },
    };
  },
};
