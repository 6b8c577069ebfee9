/**
 * Several runs shown as one: each figure is of one run, and what all of them take is too long for one.
 *
 * @module
 */

import { InvalidArgumentError } from '../src/errors.ts';
import type { Results } from './results.ts';

/** A run, and the file it is in. */
export interface Run {
  readonly path: string;
  readonly results: Results;
}

/**
 * The figures of all runs, in the order of the runs.
 *
 * @param runs - at least one
 * @throws InvalidArgumentError when they are of different effort, workers, machine, Node or versions, or when two have
 *   the same figure
 */
export function joined(runs: readonly [Run, ...Run[]]): Results {
  const [first, ...more] = runs;
  if (more.length === 0) return first.results;
  for (const run of more) mustGoWith(first, run);
  const all = runs.map(({ results }) => results);
  mustDiffer(runs);
  const { pace, seed: _, ...rest } = first.results;
  const starts = all.map(({ startedAt }) => startedAt).sort();
  return {
    ...rest,
    startedAt: starts[0]!,
    lastStartedAt: starts.at(-1)!,
    durationMs: all.reduce((sum, { durationMs }) => sum + durationMs, 0),
    ...(pace !== undefined && all.every((each) => each.pace === pace) && { pace }),
    seeds: all.flatMap(({ seed }) => seed ?? []),
    machine: { ...rest.machine, doubts: [...new Set(all.flatMap(({ machine }) => machine.doubts))] },
    versions: Object.assign({}, ...all.map(({ versions }) => versions)),
    figures: all.flatMap(({ figures }) => figures),
  };
}

function mustGoWith(first: Run, other: Run): void {
  const a = aboutOf(first.results);
  const b = aboutOf(other.results);
  for (const [name, value] of Object.entries(b)) {
    if (!(name in a) || a[name] === value) continue;
    throw new InvalidArgumentError(
      `Expected runs that can be shown as one, got \`${name}\` ${value} in ${other.path} and ${a[name]} in ${first.path}`,
    );
  }
}

function aboutOf({ effort, workers, machine, versions }: Results): Readonly<Record<string, string | number>> {
  const { cpu, usable, system, node } = machine;
  return { effort, workers, cpu, usable, system, node, ...versions };
}

function mustDiffer(runs: readonly Run[]): void {
  const in_ = new Map<string, string>();
  for (const { path, results } of runs) {
    for (const { name } of results.figures) {
      const before = in_.get(name);
      if (before !== undefined) {
        throw new InvalidArgumentError(
          `Expected each figure in one run, got \`${name}\` in ${before} and ${path}`,
        );
      }
      in_.set(name, path);
    }
  }
}
