/** Runs the random fork/join programs of `dag-plan.mjs`. */
import { fork, join, joinAll } from 'millrace/worker';
import { planOf, shaped, thrown, withError, withResult, worked } from './dag-plan.mjs';

/** The root: its result as one number, whatever its shape. */
export function dagRoot(seed, size, ledger) {
  return withResult(seed, dag(seed, size, ledger));
}

/** As `dagRoot`, after so many short children that from then on children stay private until thieves come. */
export function dagOfShort(seed, size, ledger) {
  for (let i = 0; i < 1000; i++) if (join(fork(itself, i)) !== i) throw new Error('wrong');
  return dagRoot(seed, size, ledger);
}
export const itself = (n) => n;

/**
 * One call of the program.
 *
 * @param ledger - `null`, or in shared memory how many calls have begun, and how many have ended
 */
export function dag(seed, size, ledger) {
  if (ledger !== null) Atomics.add(ledger, 0, 1);
  try {
    return interpreted(seed, size, ledger);
  } finally {
    if (ledger !== null) Atomics.add(ledger, 1, 1);
  }
}

function interpreted(seed, size, ledger) {
  const { work, shape, steps } = planOf(seed, size);
  const handles = [];
  let value = worked(work);
  for (const step of steps) {
    switch (step.does) {
      case 'fork':
        handles[step.child] = fork(dag, step.seed, step.size, ledger);
        break;
      case 'call':
        value = withResult(value, dag(step.seed, step.size, ledger));
        break;
      case 'join':
        value = joined(value, handles[step.child], step.caught);
        break;
      case 'join all':
        for (const result of joinAll(step.children.map((child) => handles[child])))
          value = withResult(value, result);
        break;
      case 'throw':
        throw thrown(value, step.kind);
    }
  }
  return shaped(value, shape);
}

function joined(value, handle, caught) {
  try {
    return withResult(value, join(handle));
  } catch (error) {
    if (!caught) throw error;
    return withError(value, error);
  }
}
