/**
 * A result file, checked as far as a report depends on it.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from '../../src/errors.ts';
import { type Results, SCHEMA } from '../results.ts';

/** @throws InvalidArgumentError in one line, when the file is missing, not JSON, of another schema or incomplete. */
export async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new InvalidArgumentError(`Cannot read ${file}: ${cause.message}`, { cause });
  });
  let found: Results;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError(`${file} is not JSON: ${(cause as Error).message.replace(/\s+/g, ' ')}`, {
      cause,
    });
  }
  if (found?.schema !== SCHEMA) {
    throw new InvalidArgumentError(
      `Expected ${file} to have the schema ${SCHEMA}, got ${JSON.stringify(found?.schema)}`,
    );
  }
  if (!complete(found))
    throw new InvalidArgumentError(`${file} lacks parts of a result: it was cut or edited`);
  return found;
}

function complete({ machine, versions, figures }: Results): boolean {
  return (
    Array.isArray(machine?.doubts) &&
    Array.isArray(machine.load) &&
    typeof versions === 'object' &&
    Array.isArray(figures) &&
    figures.every(
      ({ metrics, contenders, verdicts }) =>
        Array.isArray(metrics) &&
        metrics.length > 0 &&
        Array.isArray(contenders) &&
        contenders.every(({ samples, summary }) => Array.isArray(samples) && typeof summary === 'object') &&
        Array.isArray(verdicts),
    )
  );
}
