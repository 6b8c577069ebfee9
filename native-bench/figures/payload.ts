/**
 * The frame of all figures in which the value matters more than the task: a batch submitted at once, then the same
 * tasks awaited one by one.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';
import type { RunningPool, TaskName } from '../contenders/contender.ts';
import { median } from '../measure.ts';
import type { Claim, Effort, Figure } from './figure.ts';
import { SPELL_MS } from './spell.ts';

interface Payload<Input> {
  readonly name: string;
  readonly title: string;
  readonly what: string;
  readonly task: TaskName;
  /** Inputs of one batch. */
  readonly batch: Readonly<Record<Effort, number>>;
  readonly make: (seed: number) => Input;
  readonly expected: (input: Input) => unknown;
  /** What is moved rather than copied. */
  readonly transfer?: (input: Input) => ArrayBuffer[];
  /** Default: never slower than the best pool, at once and awaited. */
  readonly claims?: readonly Claim[];
}

const NEVER_SLOWER: readonly Claim[] = [
  {
    kind: 'ratio',
    text: 'at once: never slower than the best pool',
    metric: 'batch',
    to: 'best pool',
    atLeast: 1,
  },
  {
    kind: 'ratio',
    text: 'awaited: never slower than the best pool',
    metric: 'single',
    to: 'best pool',
    atMost: 1,
  },
];

export function payloadFigure<Input>(payload: Payload<Input>): Figure {
  const submit = (pool: RunningPool, input: Input): PromiseLike<unknown> =>
    pool.run(payload.task, [input], payload.transfer?.(input));

  async function trial(
    pool: RunningPool,
    count: number,
    spellMs: number,
  ): Promise<{ batch: number; single: number }> {
    const inputs = Array.from({ length: count }, (_, seed) => payload.make(seed));
    const wanted = inputs.map(payload.expected);
    globalThis.gc?.();
    const from = performance.now();
    const answers = await Promise.all(inputs.map((input) => submit(pool, input)));
    const elapsed = performance.now() - from;
    answers.forEach((answer, i) => {
      verify(answer, wanted[i], i);
    });

    const times: number[] = [];
    const end = performance.now() + spellMs;
    for (let i = 0; i < Math.ceil(count / 4) || performance.now() < end; i++) {
      const seed = i % count;
      const input = payload.make(seed);
      const start = performance.now();
      const answer = await submit(pool, input);
      times.push((performance.now() - start) * 1000);
      verify(answer, wanted[seed], seed);
    }
    return { batch: (count / elapsed) * 1000, single: median(times) };
  }

  function verify(answer: unknown, wanted: unknown, i: number): void {
    if (!isDeepStrictEqual(answer, wanted)) throw new Error(`Wrong result of ${payload.task}, input ${i}`);
  }

  return {
    name: payload.name,
    title: payload.title,
    method: (effort) =>
      `${payload.what}; ${payload.batch[effort]} at once, then ${Math.ceil(payload.batch[effort] / 4)} or as many as ${SPELL_MS[effort]} ms hold awaited one by one`,
    metrics: [
      { name: 'batch', label: 'at once, tasks/s', unit: '1/s', better: 'higher' },
      { name: 'single', label: 'awaited, p50', unit: 'µs', better: 'lower' },
    ],
    claims: payload.claims ?? NEVER_SLOWER,
    schedule: 'interleaved',
    rounds: { full: 9, quick: 3, smoke: 1 },
    ...(payload.transfer === undefined ? {} : { needs: ['transfer'] as const }),
    limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
    async open({ effort, start }) {
      const pool = await start();
      const [count, spellMs] = [payload.batch[effort], SPELL_MS[effort]];
      await trial(pool, count, spellMs);
      return {
        sample: () => trial(pool, count, spellMs),
        end: () => pool.close(),
      };
    },
  };
}
