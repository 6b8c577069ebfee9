import { cpuSince } from '../clocks.ts';
import type { RunningPool, TaskName } from '../contenders/contender.ts';
import { quantile } from '../measure.ts';
import type { Figure, Stage } from './figure.ts';
import { SPELL_MS } from './spell.ts';

/** At least; and for at least a spell, which is about what so many take with other pools. */
const TRIPS = { full: 5_000, quick: 1_500, smoke: 50 };

interface Trip {
  readonly task: TaskName;
  readonly args: (i: number) => readonly number[];
}

/** Each gives `i + 1`. */
const TRIP = {
  sync: { task: 'add', args: (i: number) => [i, 1] },
  async: { task: 'addAsync', args: (i: number) => [i, 1] },
  later: { task: 'later', args: (i: number) => [i + 1] },
} as const satisfies Readonly<Record<string, Trip>>;

const SCHEDULE = {
  schedule: 'interleaved',
  rounds: { full: 9, quick: 5, smoke: 1 },
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
} as const;

/** Awaits one task after the other; returns each time in microseconds. */
async function trips(
  pool: RunningPool,
  { task, args }: Trip,
  count: number,
  spellMs: number,
): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + spellMs;
  for (let i = 0; i < count || performance.now() < end; i++) {
    const from = performance.now();
    const value = await pool.run(task, args(i));
    times.push((performance.now() - from) * 1000);
    if (value !== i + 1)
      throw new Error(`Wrong result: ${task}(${args(i).join(', ')}) gave ${String(value)}`);
  }
  return times;
}

/** A pool that has done such trips for as long as a sample takes, and how to measure them. */
async function warmedUp({ effort, start }: Stage, ...kinds: readonly Trip[]) {
  const pool = await start();
  const measure = (trip: Trip): Promise<number[]> => trips(pool, trip, TRIPS[effort], SPELL_MS[effort]);
  for (const trip of kinds) await measure(trip);
  return { measure, end: (): Promise<void> => pool.close() };
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
  ...SCHEDULE,
  async open(stage) {
    const { measure, end } = await warmedUp(stage, TRIP.sync);
    return {
      async sample() {
        globalThis.gc?.();
        const spent = cpuSince();
        const times = await measure(TRIP.sync);
        const cpu = spent(times.length);
        return {
          p50: quantile(times, 0.5),
          p99: quantile(times, 0.99),
          mainCpu: cpu.main,
          processCpu: cpu.process,
        };
      },
      end,
    };
  },
};

export const roundTripAsync: Figure = {
  name: 'round-trip-async',
  title: 'Awaited round trip of an async function',
  method: (effort) =>
    `${TRIPS[effort].toLocaleString('en')} tasks or more, for at least ${SPELL_MS[effort]} ms, each awaited before the next is submitted: an async function that waits for nothing, and one that waits for a setImmediate in the worker`,
  metrics: [
    { name: 'p50', label: 'p50', unit: 'µs', better: 'lower' },
    { name: 'p99', label: 'p99', unit: 'µs', better: 'lower' },
    { name: 'immediateP50', label: 'with a setImmediate, p50', unit: 'µs', better: 'lower' },
    { name: 'immediateP99', label: 'with a setImmediate, p99', unit: 'µs', better: 'lower' },
  ],
  claims: [
    { kind: 'ratio', text: 'at most half of the best pool', metric: 'p50', to: 'best pool', atMost: 0.5 },
    {
      kind: 'ratio',
      text: 'with a setImmediate, at most half of the best pool',
      metric: 'immediateP50',
      to: 'best pool',
      atMost: 0.5,
    },
  ],
  ...SCHEDULE,
  async open(stage) {
    const { measure, end } = await warmedUp(stage, TRIP.async, TRIP.later);
    return {
      async sample() {
        const times = await measure(TRIP.async);
        const immediate = await measure(TRIP.later);
        return {
          p50: quantile(times, 0.5),
          p99: quantile(times, 0.99),
          immediateP50: quantile(immediate, 0.5),
          immediateP99: quantile(immediate, 0.99),
        };
      },
      end,
    };
  },
};
