/**
 * What was measured, where, and what speaks against it: the head of every report.
 *
 * @module
 */

import type { Results, Verdict } from '../results.ts';
import { number } from '../tables.ts';
import { minutes } from './units.ts';

export interface Fact {
  readonly name: string;
  readonly text: string;
}

export function factsOf(results: Results): Fact[] {
  const { machine, versions, effort, workers, pace } = results;
  const installed = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    { name: 'Machine', text: machine.cpu },
    {
      name: 'Cores and memory',
      text: `${machine.cores} (${machine.usable} usable), ${Math.round(machine.memoryBytes / 2 ** 30)} GiB`,
    },
    { name: 'System', text: machine.system },
    { name: 'Node.js', text: `${machine.node}, V8 ${machine.v8}` },
    {
      name: 'Load before',
      text: `${machine.load.map((load) => load.toFixed(2)).join(', ')} (1, 5 min)`,
    },
    { name: 'Governor', text: machine.governor ?? 'not told' },
    { name: 'CPU quota', text: machine.quota === null ? 'none' : `${number(machine.quota)} cores` },
    { name: 'Workers', text: `${workers} in each pool` },
    {
      name: 'Effort',
      text: pace === undefined ? effort : `${effort}; 1 ms of work is ${number(pace)} rounds`,
    },
    {
      name: 'Order in a round',
      text: orderOf(results),
    },
    { name: 'Started', text: startedAt(results) },
    { name: 'Took', text: minutes(results.durationMs) },
    { name: 'Versions', text: installed.join(', ') || 'not told' },
  ];
}

function orderOf({ seed, seeds }: Results): string {
  if (seeds !== undefined) return `drawn, seeds ${seeds.join(', ')}`;
  return seed === undefined ? 'fixed, each round begins with the next' : `drawn, seed ${seed}`;
}

function startedAt({ startedAt: iso }: Results): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Why these figures may be off, the effort included. */
export function doubtsOf({ effort, machine }: Results): string[] {
  return [
    ...(effort === 'full' ? [] : [`a ${effort} run: fewer rounds and smaller counts, not for publication`]),
    ...machine.doubts,
  ];
}

export const STATUSES: readonly Verdict['status'][] = ['kept', 'even', 'missed', 'undecided', 'unmeasured'];

export const STATUS_MEANING: Readonly<Record<Verdict['status'], string>> = {
  kept: 'the claim holds',
  even: 'the interval of the ratio holds 1: the rounds do not tell the two apart',
  missed: 'the claim does not hold',
  undecided: 'one round cannot carry a verdict',
  unmeasured: 'one side has no value',
};

export function countVerdicts({ figures }: Results): { status: Verdict['status']; count: number }[] {
  const seen = figures.flatMap(({ verdicts }) => verdicts);
  return STATUSES.map((status) => ({
    status,
    count: seen.filter((verdict) => verdict.status === status).length,
  }));
}

/** Whom the others are compared with. */
export function subjectName({ figures }: Results): string {
  const subject = figures.flatMap(({ contenders }) => contenders).find(({ kind }) => kind === 'subject');
  return subject?.name ?? 'millrace';
}
