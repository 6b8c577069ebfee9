import { fileURLToPath } from 'node:url';
import { cpuSince } from '../../clocks.ts';
import type { RealTaskName, RunningPool } from '../../contenders/contender.ts';
import type { Effort, Figure } from '../figure.ts';
import { digest, onceForAll } from './reference.ts';

/** In the folder of the measured program, which each run builds anew and removes. */
const REFERENCES: string = fileURLToPath(new URL('../../reference', import.meta.url));
/** This part of the list warms the workers up: a minifier takes seconds to be compiled to fast code. */
const WARM_SHARE = { full: 0.5, quick: 1, smoke: 0 };

export interface List {
  readonly name: string;
  readonly title: string;
  readonly task: RealTaskName;
  /** For the reader: what is done with what. */
  readonly does: string;
  readonly count: Readonly<Record<Effort, number>>;
  /** The argument lists of so many tasks; the same ones each time. */
  readonly inputs: (count: number) => readonly (readonly unknown[])[];
}

interface Done {
  readonly elapsed: number;
  readonly outputs: readonly unknown[];
}

async function runAll(
  pool: RunningPool,
  task: RealTaskName,
  inputs: readonly (readonly unknown[])[],
): Promise<Done> {
  const from = performance.now();
  const outputs = await Promise.all(inputs.map((args) => pool.run(task, args)));
  return { elapsed: performance.now() - from, outputs };
}

/** One task after the other on this thread, without any pool. */
async function runHere(task: RealTaskName, inputs: readonly (readonly unknown[])[]): Promise<unknown[]> {
  // Here, so that the processes in which other figures are measured do not load them.
  const functions = await import('../../tasks/real/functions.mjs');
  const call = functions[task] as (...args: readonly unknown[]) => unknown;
  const outputs: unknown[] = [];
  for (const args of inputs) outputs.push(await call(...args));
  return outputs;
}

/** Who takes part. Threads of the same pool in other modes differ by microseconds a task, and these take milliseconds. */
export const ENTRANTS: readonly string[] = [
  'millrace',
  'piscina-sync-1',
  'piscina-async-1',
  'tinypool',
  'workerpool',
  'poolifier-queue',
  'poolifier-direct',
  'jest-worker',
  'single',
];

/** A list of tasks of somebody else's code, submitted at once: how long until the last has its result. */
export function listFigure(list: List, references: string = REFERENCES): Figure {
  const { name, title, task, does, count, inputs: inputsOf } = list;
  return {
    name,
    title,
    method: (effort) =>
      `${count[effort].toLocaleString('en')} tasks submitted at once, timed until the last has settled: ${does}; inputs and outputs cross between threads; the SHA-256 of all outputs must be that of a single-threaded run`,
    metrics: [
      { name: 'wall', label: 'wall time', unit: 'ms', better: 'lower' },
      { name: 'mainCpu', label: 'main-thread CPU per task', unit: 'µs', better: 'lower' },
      { name: 'processCpu', label: 'CPU of all threads per task', unit: 'µs', better: 'lower' },
    ],
    claims: [
      {
        kind: 'ratio',
        text: 'never slower than the best pool',
        metric: 'wall',
        to: 'best pool',
        atMost: 1,
      },
      {
        kind: 'ratio',
        text: 'at least 1.5 times as fast as one thread',
        metric: 'wall',
        to: 'single',
        atMost: 1 / 1.5,
      },
    ],
    schedule: 'interleaved',
    rounds: { full: 3, quick: 1, smoke: 1 },
    limitMs: { full: 180_000, quick: 120_000, smoke: 30_000 },
    newPool: true,
    entrants: ENTRANTS,
    async open({ effort, start }) {
      const inputs = inputsOf(count[effort]);
      if (inputs.length !== count[effort]) {
        throw new Error(`${name} needs ${count[effort]} inputs and found ${inputs.length}; run npm ci`);
      }
      const wanted = await onceForAll(references, `${name}-${effort}`, async () =>
        digest(await runHere(task, inputs)),
      );
      const pool = await start({ tasks: 'real' });
      await runAll(pool, task, inputs.slice(0, Math.ceil(inputs.length * WARM_SHARE[effort])));
      return {
        async sample() {
          globalThis.gc?.();
          const spent = cpuSince();
          const { elapsed, outputs } = await runAll(pool, task, inputs);
          const cpu = spent(inputs.length);
          if (digest(outputs) !== wanted) {
            throw new Error(`Wrong results: the outputs of ${task} are not those of the single-threaded run`);
          }
          return { wall: elapsed, mainCpu: cpu.main, processCpu: cpu.process };
        },
        end: () => pool.close(),
      };
    },
  };
}
