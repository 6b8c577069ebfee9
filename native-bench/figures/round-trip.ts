import { cpuSince } from '../clocks.ts';
import type { RunningPool } from '../contenders/contender.ts';
import { quantile } from '../measure.ts';
import type { Figure } from './figure.ts';
import { SPELL_MS } from './spell.ts';

/** At least; and for at least a spell, which is about what so many take with other pools. */
const TRIPS = { full: 5_000, quick: 1_500, smoke: 50 };

/** Awaits one task after the other; returns each time in microseconds. */
async function trips(pool: RunningPool, count: number, spellMs: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + spellMs;
  for (let i = 0; i < count || performance.now() < end; i++) {
    const from = performance.now();
    const value = await pool.run('add', [i, 1]);
    times.push((performance.now() - from) * 1000);
    if (value !== i + 1) throw new Error(`Wrong result: add(${i}, 1) gave ${String(value)}`);
  }
  return times;
}

export const roundTrip: Figure = {
  name: 'round-trip',
  title: 'Awaited round trip',
  method: (effort) =>
    `${TRIPS[effort].toLocaleString('en')} tasks add(i, 1) or more, for at least ${SPELL_MS[effort]} ms, each awaited before the next is submitted`,
  metrics: [
    { name: 'p50', label: 'p50', unit: 'µs', better: 'lower' },
    { name: 'p99', label: 'p99', unit: 'µs', better: 'lower' },
    { name: 'mainCpu', label: 'main-thread CPU per task', unit: 'µs', better: 'lower' },
    { name: 'processCpu', label: 'CPU of all threads per task', unit: 'µs', better: 'lower' },
  ],
  claims: [
    { kind: 'ratio', text: 'at most half of the best pool', metric: 'p50', to: 'best pool', atMost: 0.5 },
    { kind: 'value', text: 'main-thread CPU per task under 2 µs', metric: 'mainCpu', atMost: 2 },
  ],
  schedule: 'interleaved',
  rounds: { full: 9, quick: 5, smoke: 1 },
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
  async open({ effort, start }) {
    const pool = await start();
    const count = TRIPS[effort];
    const spellMs = SPELL_MS[effort];
    await trips(pool, count, spellMs);
    return {
      async sample() {
        globalThis.gc?.();
        const spent = cpuSince();
        const times = await trips(pool, count, spellMs);
        const cpu = spent(times.length);
        return {
          p50: quantile(times, 0.5),
          p99: quantile(times, 0.99),
          mainCpu: cpu.main,
          processCpu: cpu.process,
        };
      },
      end: () => pool.close(),
    };
  },
};
