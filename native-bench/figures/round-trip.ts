import { type CpuSpent, cpuSince } from '../clocks.ts';
import type { RunningPool, TaskName } from '../contenders/contender.ts';
import { quantile } from '../measure.ts';
import type { Figure, Stage } from './figure.ts';
import { SPELL_MS } from './spell.ts';

/** At least; and for at least a spell, which is about what so many take with other pools. */
const TRIPS = { full: 5_000, quick: 1_500, smoke: 50 };
/** Trips between two looks at the clock where only the CPU is measured. */
const UNTIMED = 50;

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
    check(task, i, value);
  }
  return times;
}

/** As many, or for as long, with a look at the clock only now and then: what a caller's own loop would cost. */
async function cpuOfTrips(
  pool: RunningPool,
  { task, args }: Trip,
  count: number,
  spellMs: number,
): Promise<CpuSpent> {
  const end = performance.now() + spellMs;
  const spent = cpuSince();
  let i = 0;
  do {
    for (const stop = i + UNTIMED; i < stop; i++) check(task, i, await pool.run(task, args(i)));
  } while (i < count || performance.now() < end);
  return spent(i);
}

function check(task: TaskName, i: number, value: unknown): void {
  if (value !== i + 1) throw new Error(`Wrong result: ${task} number ${i} gave ${String(value)}`);
}

/** A pool that has done such trips for as long as a sample takes, and how to measure them. */
async function warmedUp({ effort, start }: Stage, ...kinds: readonly Trip[]) {
  const pool = await start();
  const [count, spellMs] = [TRIPS[effort], SPELL_MS[effort]];
  const measure = (trip: Trip): Promise<number[]> => trips(pool, trip, count, spellMs);
  const cpu = (trip: Trip): Promise<CpuSpent> => cpuOfTrips(pool, trip, count, spellMs);
  for (const trip of kinds) await measure(trip);
  return { measure, cpu, end: (): Promise<void> => pool.close() };
}

export const roundTrip: Figure = {
  name: 'round-trip',
  title: 'Awaited round trip',
  method: (effort) =>
    `${TRIPS[effort].toLocaleString('en')} tasks add(i, 1) or more, for at least ${SPELL_MS[effort]} ms, each awaited before the next is submitted; then as many again without timing each, for the CPU they use`,
  metrics: [
    { name: 'p50', label: 'p50', unit: 'µs', better: 'lower' },
    { name: 'p99', label: 'p99', unit: 'µs', better: 'lower' },
    { name: 'mainCpu', label: 'main-thread CPU per task', unit: 'µs', better: 'lower' },
    { name: 'timedCpu', label: 'the same, timed, after a pause', unit: 'µs', better: 'lower' },
    { name: 'processCpu', label: 'CPU of all threads per task', unit: 'µs', better: 'lower' },
  ],
  claims: [
    { kind: 'ratio', text: 'at most half of the best pool', metric: 'p50', to: 'best pool', atMost: 0.5 },
    { kind: 'value', text: 'main-thread CPU per task under 2 µs', metric: 'mainCpu', atMost: 2 },
  ],
  ...SCHEDULE,
  async open(stage) {
    const { measure, cpu, end } = await warmedUp(stage, TRIP.sync);
    await cpu(TRIP.sync);
    return {
      async sample() {
        globalThis.gc?.();
        const spent = cpuSince();
        const times = await measure(TRIP.sync);
        const timed = spent(times.length);
        const untimed = await cpu(TRIP.sync);
        return {
          p50: quantile(times, 0.5),
          p99: quantile(times, 0.99),
          mainCpu: untimed.main,
          timedCpu: timed.main,
          processCpu: untimed.process,
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
