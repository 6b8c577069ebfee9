/**
 * Runs explorations and keeps what they took, so that a file of scenarios can close with a table.
 *
 * @module
 */
import { afterAll, expect } from 'vitest';
import { explore, type Report, type Scenario } from '../explore.ts';

export interface Counts {
  /** Explores a scenario that must be free of violations. */
  holds(name: string, scenario: Scenario): Report;
  /** Explores a scenario with a fault in it, which must be found and be called what it is. */
  finds(name: string, scenario: Scenario, message: RegExp): Report;
}

/** Prints a line for each exploration of the file when all of its tests have run. */
export function counts(title: string): Counts {
  const lines: string[] = [];
  const run = (name: string, scenario: Scenario): Report => {
    const report = explore(scenario);
    const { states, transitions, depth, violation } = report;
    const found = violation === undefined ? 'holds' : violation.message;
    lines.push(`${title} | ${name} | ${states} states | ${transitions} steps | depth ${depth} | ${found}`);
    return report;
  };
  afterAll(() => {
    console.log(lines.join('\n'));
  });
  return {
    holds: (name, scenario) => {
      const report = run(name, scenario);
      expect(report.violation?.text).toBeUndefined();
      expect(report.ends).toBeGreaterThan(0);
      return report;
    },
    finds: (name, scenario, message) => {
      const report = run(`fault: ${name}`, scenario);
      expect(report.violation?.message).toMatch(message);
      return report;
    },
  };
}
