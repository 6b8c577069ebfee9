import type { Effort, Figure, Metric, Sample } from '../figure.ts';

/**
 * A step that takes nanoseconds, in a loop of its own: `run(calls)` makes that many and returns what `wanted(calls)`
 * says. The loop stands in each batch and not around it, so that the step is compiled into it and the engine sees one
 * kind of step; and its result depends on every step, so that none can be left out as having no effect.
 */
export interface Batch {
  readonly name: string;
  readonly label: string;
  readonly run: (calls: number) => number;
  readonly wanted: (calls: number) => number;
}

const CALLS = 10_000;
/** Of each batch, in ms: to warm up, and to measure. */
const WARM_MS = { full: 50, quick: 30, smoke: 0 };
const MEASURE_MS = { full: 100, quick: 40, smoke: 0 };
const LEAST_BATCHES = { full: 50, quick: 20, smoke: 1 };

/** Nanoseconds of each step: the median over batches of 10,000. Throws when a result is not the one wanted. */
export async function nanoseconds(
  batches: readonly Batch[],
  effort: Effort,
  calls: number = CALLS,
): Promise<Sample> {
  // Here, so that the processes in which other figures are measured do not load it.
  const { Bench } = await import('tinybench');
  const bench = new Bench({
    time: MEASURE_MS[effort],
    iterations: LEAST_BATCHES[effort],
    warmupTime: WARM_MS[effort],
    warmupIterations: 1,
    throws: true,
  });
  for (const { name, run, wanted } of batches) {
    const due = wanted(calls);
    bench.add(name, () => {
      const from = process.hrtime.bigint();
      const found = run(calls);
      const elapsed = Number(process.hrtime.bigint() - from) / 1e6;
      if (found !== due) throw new Error(`Wrong result: ${calls} calls of ${name} gave ${found}, not ${due}`);
      return { overriddenDuration: elapsed / calls, overriddenIterationCost: elapsed };
    });
  }
  await bench.run();
  return Object.fromEntries(
    bench.tasks.map(({ name, result }) => {
      if (!('latency' in result)) throw new Error(`${name} was not measured: ${result.state}`);
      return [name, result.latency.p50 * 1e6];
    }),
  );
}

/** Only Millrace takes part: others are not made of these steps. */
export const OWN: readonly string[] = ['millrace'];

/** A figure of steps on one thread. `open` is called once a process and gives the batches in the order of `metrics`. */
export function batchFigure(figure: {
  readonly name: string;
  readonly title: string;
  readonly does: string;
  readonly metrics: readonly [Metric, ...Metric[]];
  readonly open: () => Promise<readonly Batch[]>;
}): Figure {
  const { name, title, does, metrics, open } = figure;
  return {
    name,
    title,
    method: (effort) =>
      `${does}; one thread, nobody else at it; the median over batches of ${CALLS.toLocaleString('en')} calls, at least ${MEASURE_MS[effort]} ms for each kind, the loop included`,
    metrics,
    claims: [],
    schedule: 'interleaved',
    rounds: { full: 3, quick: 1, smoke: 1 },
    limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
    entrants: OWN,
    async open({ effort }) {
      const batches = await open();
      return { sample: () => nanoseconds(batches, effort), end: async () => {} };
    },
  };
}

export function nsMetric({ name, label }: { readonly name: string; readonly label: string }): Metric {
  return { name, label, unit: 'ns', better: 'lower' };
}
