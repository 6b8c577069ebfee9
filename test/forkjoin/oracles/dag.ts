/**
 * What a random fork/join program comes to, found by plain calls on one thread.
 *
 * @module
 */
import { errorText, planOf, shaped, thrown, withError, withResult, worked } from '../programs/dag-plan.mjs';

export interface Expected {
  /** `returned …` or `threw …`. */
  readonly outcome: string;
  /** How many calls begin at least, when children whose call fails never run, and at most, when all of them do. */
  readonly least: number;
  readonly most: number;
}

/** When the oracle runs a child: neither may change what comes out. */
type When = 'at fork' | 'at join';

const known = new Map<string, Expected>();

/** Kept: every pool is asked for the same programs. */
export function expectedOf(seed: number, size: number): Expected {
  const which = `${seed} ${size}`;
  const expected = known.get(which) ?? found(seed, size);
  known.set(which, expected);
  return expected;
}

function found(seed: number, size: number): Expected {
  const early = evaluated(seed, size, 'at fork');
  const late = evaluated(seed, size, 'at join');
  if (early.outcome !== late.outcome) {
    throw new Error(`The oracle contradicts itself: ${early.outcome}, but ${late.outcome}`);
  }
  return { outcome: late.outcome, least: late.calls, most: early.calls };
}

/** The outcome of a run, in the words of the oracle. */
export function returned(value: unknown): string {
  return `returned ${String(value)}`;
}

export function failed(error: unknown): string {
  return `threw ${errorText(error)}`;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** The last is joined first: of several that fail, its error is thrown, and those before it may never run. */
function all(outcomes: readonly (() => Outcome)[]): unknown[] {
  const results = outcomes.toReversed().map((outcomeOf) => {
    const outcome = outcomeOf();
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  });
  return results.reverse();
}

function evaluated(seed: number, size: number, when: When): { outcome: string; calls: number } {
  let calls = 0;
  const call = (seedBelow: number, sizeBelow: number): Outcome => {
    calls++;
    try {
      return { result: body(seedBelow, sizeBelow) };
    } catch (error) {
      return { error };
    }
  };
  const body = (given: number, below: number): unknown => {
    const { work, shape, steps } = planOf(given, below);
    const children = new Map<number, () => Outcome>();
    let value = worked(work);
    const take = (outcome: Outcome, caught: boolean): void => {
      if ('result' in outcome) value = withResult(value, outcome.result);
      else if (caught) value = withError(value, outcome.error);
      else throw outcome.error;
    };
    for (const step of steps) {
      switch (step.does) {
        case 'fork': {
          const early = when === 'at fork' ? call(step.seed, step.size) : undefined;
          children.set(step.child, () => early ?? call(step.seed, step.size));
          break;
        }
        case 'call':
          take(call(step.seed, step.size), false);
          break;
        case 'join':
          take(children.get(step.child)!(), step.caught);
          break;
        case 'join all':
          for (const result of all(step.children.map((child) => children.get(child)!))) {
            take({ result }, false);
          }
          break;
        case 'throw':
          throw thrown(value, step.kind);
      }
    }
    return shaped(value, shape);
  };
  const root = call(seed, size);
  const outcome = 'result' in root ? returned(withResult(seed, root.result)) : failed(root.error);
  return { outcome, calls };
}
