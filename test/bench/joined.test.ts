import { describe, expect, it } from 'vitest';
import { joined, type Run } from '../../native-bench/joined.ts';
import type { Results } from '../../native-bench/results.ts';
import { madeUp } from './report-results.ts';

const whole = madeUp();
const [one, two, ...rest] = whole.figures;

/** A run of some figures; what else it differs in. */
function run(path: string, figures: Results['figures'], more: Partial<Results> = {}): Run {
  return { path, results: { ...whole, figures, ...more } };
}

describe('runs shown as one', () => {
  it('are what the one run is, if there is one', () => {
    expect(joined([run('a.json', whole.figures)])).toEqual(whole);
  });

  it('have the figures of all, in their order, and what speaks against each', () => {
    const noisy = { ...whole.machine, doubts: ['noisy: one', 'noisy: both'] };
    const other = { ...whole.machine, doubts: ['noisy: both', 'noisy: two'] };
    const a = run('a.json', [two!], {
      seed: 1,
      durationMs: 1000,
      startedAt: '2026-11-22T12:00:00.000Z',
      machine: noisy,
    });
    const b = run('b.json', [one!, ...rest], {
      seed: 2,
      durationMs: 500,
      startedAt: '2026-11-21T12:00:00.000Z',
      machine: other,
      versions: { ...whole.versions, other: '1.0.0' },
    });
    const both = joined([a, b]);
    expect(both.figures).toEqual([two, one, ...rest]);
    expect(both).toMatchObject({
      seeds: [1, 2],
      durationMs: 1500,
      startedAt: '2026-11-21T12:00:00.000Z',
      lastStartedAt: '2026-11-22T12:00:00.000Z',
    });
    expect(both).not.toHaveProperty('seed');
    expect(both.machine.doubts).toEqual(['noisy: one', 'noisy: both', 'noisy: two']);
    expect(both.versions).toEqual({ ...whole.versions, other: '1.0.0' });
  });

  it('say how much work a millisecond was only where that was the same', () => {
    const a = run('a.json', [one!], { pace: 10 });
    expect(joined([a, run('b.json', [two!], { pace: 10 })]).pace).toBe(10);
    expect(joined([a, run('b.json', [two!], { pace: 11 })])).not.toHaveProperty('pace');
  });

  it.each<[string, Partial<Results>]>([
    ['effort', { effort: 'quick' }],
    ['workers', { workers: 64 }],
    ['node', { machine: { ...whole.machine, node: '1.2.3' } }],
    ['piscina', { versions: { ...whole.versions, piscina: '0.0.1' } }],
  ])('of another %s are refused', (name, more) => {
    expect(() => joined([run('a.json', [one!]), run('b.json', [two!], more)])).toThrow(
      new RegExp(`got \`${name}\` .* in b\\.json and .* in a\\.json`),
    );
  });

  it('with a figure twice are refused', () => {
    expect(() => joined([run('a.json', [one!, two!]), run('b.json', [two!])])).toThrow(
      `Expected each figure in one run, got \`${two!.name}\` in a.json and b.json`,
    );
  });
});
