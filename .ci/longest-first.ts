/**
 * The order of test files: those that take longest first, so that none of them is left to run alone at the end. Vitest
 * would know from its last run; a fresh clone has none.
 *
 * @module
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Half a minute to some ten seconds on two cores, the longest first. */
export const LONGEST: readonly string[] = [
  'forkjoin/published',
  'command/process',
  'faults/stuck',
  'scenarios/idle/deaths',
  'sync/model/protocols',
  'scenarios/idle/parking',
  'scenarios/recovery/crash',
  'scenarios/idle/looping',
  'bench/runner',
  'fork/near-overflow',
  'bench/compare',
  'bench/profiles',
  'parallel/elements',
];

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return at < 0 ? LONGEST.length : at;
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
