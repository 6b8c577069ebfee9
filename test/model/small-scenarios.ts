/**
 * What the explorer's own tests are made of.
 *
 * @module
 */

import type { Program, Region, Report, Scenario } from './explore.ts';

/** Four words at address 0. */
export const WORDS: readonly Region[] = [{ name: 'words', start: 0, words: 4 }];

/** Threads by name, with three registers unless said otherwise. */
export function threads(
  programs: Readonly<Record<string, Program>>,
  registers: readonly number[] = [0, 0, 0],
): Scenario['threads'] {
  return Object.entries(programs).map(([name, program]) => ({ name, program, registers }));
}

/** The counterexample, to show when there should be none. */
export function textOf(report: Report): string | undefined {
  return report.violation?.text;
}

/** An entry of a sequence: keeps the last result in a register. */
export function keep(register: number): (r: number[], result: unknown) => void {
  return (r, result) => {
    r[register] = Number(result);
  };
}
