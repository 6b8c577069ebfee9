import { quantile } from '../../measure.ts';
import { crunch } from '../../tasks/functions.mjs';
import type { Effort, Figure } from '../figure.ts';
import { putUnder, type Report } from './load.ts';
import { CHEAP_BODY, heavyBody, serve } from './server.ts';

const HEAVY_MS = { full: 15, quick: 15, smoke: 1 };
const HEAVY_CONNECTIONS = 4;
const GROUPS = { full: 50, quick: 50, smoke: 2 };
const CONNECTIONS = 10;
/** Each connection to the cheap route sends one request a second. */
const perSecond = (effort: Effort): number => GROUPS[effort] * CONNECTIONS;
const WINDOW_MS = { full: 4_000, quick: 1_500, smoke: 300 };
const SETTLE_MS = { full: 500, quick: 500, smoke: 0 };
/** Fewer are no distribution. In a smoke run nothing has to be steady: it only sees whether both routes answer. */
const LEAST = { full: 1_000, quick: 300, smoke: 1 };

/** Throws when there is too little to take quantiles of. */
export function summarize({ cheap, heavy, windowMs }: Report, least: number): Record<string, number> {
  if (cheap.length < least || heavy === 0) {
    throw new Error(
      `Too few answers: ${cheap.length} of the cheap route (at least ${least} are needed), ${heavy} of the heavy one`,
    );
  }
  return {
    p50: quantile(cheap, 0.5),
    p99: quantile(cheap, 0.99),
    p999: quantile(cheap, 0.999),
    heavy: (heavy / windowMs) * 1000,
    answers: cheap.length,
  };
}

export const service: Figure = {
  name: 'service',
  title: 'An HTTP service under load',
  method: (effort) =>
    `node:http in the contender's process, autocannon in another on the same cores: /heavy, ${HEAVY_MS[effort]} ms of fixed work in the pool, by ${HEAVY_CONNECTIONS} connections without a pause; at the same time /cheap, a small JSON, ${perSecond(effort)} times a second on as many connections, ${CONNECTIONS} at a time; ${WINDOW_MS[effort] / 1000} s a round, in which the p99.9 rests on the slowest ${Math.ceil((perSecond(effort) * WINDOW_MS[effort]) / 1e6) + 1} of some ${Math.round((perSecond(effort) * WINDOW_MS[effort]) / 1000).toLocaleString('en')} answers`,
  metrics: [
    { name: 'p99', label: 'cheap p99', unit: 'ms', better: 'lower' },
    { name: 'p50', label: 'cheap p50', unit: 'ms', better: 'lower' },
    { name: 'p999', label: 'cheap p99.9', unit: 'ms', better: 'lower' },
    { name: 'heavy', label: 'heavy requests/s', unit: '1/s', better: 'higher' },
    { name: 'answers', label: 'cheap answers', unit: '', better: 'higher' },
  ],
  claims: [
    {
      kind: 'ratio',
      text: 'p99 of the cheap route at most half of that without a pool',
      metric: 'p99',
      to: 'single',
      atMost: 0.5,
    },
    {
      kind: 'ratio',
      text: 'p99 of the cheap route not above the best pool',
      metric: 'p99',
      to: 'best pool',
      atMost: 1,
    },
    {
      kind: 'ratio',
      text: 'throughput of the heavy route not below the best pool',
      metric: 'heavy',
      to: 'best pool',
      atLeast: 1,
    },
  ],
  schedule: 'interleaved',
  rounds: { full: 3, quick: 1, smoke: 1 },
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
  // One mode of each library: modes differ in how a message arrives, microseconds, and these tasks take milliseconds.
  entrants: [
    'millrace',
    'piscina-sync-1',
    'tinypool',
    'workerpool',
    'poolifier-queue',
    'jest-worker',
    'single',
  ],
  async open({ effort, start, pace }) {
    const rounds = Math.round(pace * HEAVY_MS[effort]);
    const pool = await start();
    const running = await serve(pool, rounds);
    const load = {
      url: running.url,
      cheapBody: CHEAP_BODY,
      heavyBody: heavyBody(crunch(rounds)),
      groups: GROUPS[effort],
      connections: CONNECTIONS,
      heavyConnections: HEAVY_CONNECTIONS,
      settleMs: SETTLE_MS[effort],
      windowMs: WINDOW_MS[effort],
    };
    return {
      async sample() {
        globalThis.gc?.();
        const report = await putUnder(load);
        await running.drained();
        return summarize(report, LEAST[effort]);
      },
      end: async () => {
        await running.close();
        await pool.close();
      },
    };
  },
};
