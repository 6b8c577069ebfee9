import { isDeepStrictEqual } from 'node:util';
import type { RunningPool, TaskName } from '../contenders/contender.ts';
import { median } from '../measure.ts';
import { checksum } from '../tasks/functions.mjs';
import type { Effort, Figure, Metric } from './figure.ts';
import { bytes16m } from './inputs.ts';

interface Payload {
  readonly name: string;
  readonly label: string;
  readonly task: TaskName;
  /** Each differs from the one before, so that answers mixed up are noticed. */
  readonly make: (seed: number) => unknown;
  readonly expected: (input: unknown) => unknown;
  /** How often in a round. */
  readonly times: Readonly<Record<Effort, number>>;
}

const OFTEN = { full: 200, quick: 40, smoke: 2 };
const SELDOM = { full: 10, quick: 3, smoke: 1 };

function returned(name: string, label: string, make: (seed: number) => unknown, times = OFTEN): Payload {
  return { name, label, task: 'echo', make, expected: (input) => input, times };
}

function text(length: number): (seed: number) => string {
  return (seed) => `The quick fox number ${seed} `.repeat(Math.ceil(length / 21)).slice(0, length);
}

/** The bytes go to the worker, a checksum comes back: what is measured is one way. */
function bytes(name: string, label: string, make: (seed: number) => Uint8Array, times = OFTEN): Payload {
  return {
    name,
    label,
    task: 'checksum',
    make,
    expected: (input) => checksum(input as Uint8Array),
    times,
  };
}

const PAYLOADS: readonly [Payload, ...Payload[]] = [
  returned('number', 'number', (seed) => seed + 0.5),
  returned('string100', 'string of 100', text(100)),
  returned('string10k', 'string of 10,000', text(10_000)),
  returned('string1m', 'string of 1,000,000', text(1_000_000), SELDOM),
  returned('records100', '100 records', (seed) =>
    Array.from({ length: 100 }, (_, id) => ({ id, name: `record ${seed}-${id}`, value: seed + id / 4 })),
  ),
  bytes('bytes100', '100 bytes', (seed) => new Uint8Array(100).fill(seed + 1)),
  bytes('bytes10k', '10,000 bytes', (seed) => new Uint8Array(10_000).fill(seed + 1)),
  bytes('bytes16m', '16 MiB', bytes16m, SELDOM),
];

/** Microseconds of one call, awaited before the next. */
async function awaited(pool: RunningPool, payload: Payload, effort: Effort): Promise<number> {
  const { task, make, expected, times } = payload;
  const taken: number[] = [];
  for (let seed = 0; seed < times[effort]; seed++) {
    const input = make(seed);
    const wanted = expected(input);
    const from = performance.now();
    const answer = await pool.run(task, [input]);
    taken.push((performance.now() - from) * 1000);
    if (!isDeepStrictEqual(answer, wanted)) {
      throw new Error(`Wrong result of ${task}, ${payload.label}, input ${seed}`);
    }
  }
  return median(taken);
}

function metric({ name, label }: Payload): Metric {
  return { name, label, unit: 'µs', better: 'lower' };
}

const [first, ...others] = PAYLOADS;

export const payloadSweep: Figure = {
  name: 'payload-sweep',
  title: 'Payloads of many sizes',
  method: (effort) =>
    `one value at a time, awaited before the next; p50 of ${OFTEN[effort]}, of ${SELDOM[effort]} where it has a megabyte or more. Numbers, strings and records are sent and returned; bytes are copied to the worker, and a checksum returned`,
  metrics: [metric(first), ...others.map(metric)],
  claims: [],
  schedule: 'interleaved',
  rounds: { full: 7, quick: 2, smoke: 1 },
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
  async open({ effort, start }) {
    const pool = await start();
    const sample = async (): Promise<Record<string, number>> => {
      globalThis.gc?.();
      const seen: Record<string, number> = {};
      for (const payload of PAYLOADS) seen[payload.name] = await awaited(pool, payload, effort);
      return seen;
    };
    await sample();
    return { sample, end: () => pool.close() };
  },
};
