/**
 * Result files, read: what is wrong with one is said in one line.
 *
 * @module
 */

import { atLeast, list, number, oneOf, readJson, record, text } from '../src/cli/check/json.ts';
import { expected, InvalidArgumentError } from '../src/errors.ts';
import { type Results, SCHEMA } from './results.ts';

/**
 * The results in the file `path`.
 *
 * @throws InvalidArgumentError when the file is missing, cut short, not JSON, of a schema that is not understood, or lacks
 *   what a result file has.
 */
export async function readResults(path: string): Promise<Results> {
  const found = await readJson(path, 'a result file');
  try {
    return checked(found);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${path} is no result file that can be used: ${error.message}`, {
      cause: error,
    });
  }
}

/** Only what `Results` promises and readers use; unknown fields are left as they are, since fields may be added. */
function checked(found: unknown): Results {
  const file = record('the file', found);
  if (file['schema'] !== SCHEMA) throw expected('schema', `"${SCHEMA}"`, file['schema']);
  for (const name of ['startedAt', 'effort'] as const) text(name, file[name]);
  atLeast('durationMs', file['durationMs'], 0);
  atLeast('workers', file['workers'], 1);
  for (const name of ['seed', 'pace'] as const) if (file[name] !== undefined) atLeast(name, file[name], 0);
  const machine = record('machine', file['machine']);
  for (const name of ['cpu', 'system', 'node'] as const) text(`machine.${name}`, machine[name]);
  for (const name of ['cores', 'usable', 'memoryBytes'] as const) number(`machine.${name}`, machine[name]);
  text('machine.v8', machine['v8']);
  for (const name of ['governor', 'quota'] as const) {
    if (machine[name] === null) continue;
    if (name === 'quota') number(`machine.${name}`, machine[name]);
    else text(`machine.${name}`, machine[name]);
  }
  list('machine.load', machine['load'], number);
  list('machine.doubts', machine['doubts'], text);
  for (const [name, version] of Object.entries(record('versions', file['versions']))) {
    text(`versions.${name}`, version);
  }
  list('figures', file['figures'], figure);
  return found as Results;
}

function figure(at: string, found: unknown): void {
  const fields = record(at, found);
  for (const name of ['name', 'title', 'method'] as const) text(`${at}.${name}`, fields[name]);
  if (fields['suite'] !== undefined) text(`${at}.suite`, fields['suite']);
  for (const name of ['tookMs', 'stolen'] as const) {
    if (fields[name] !== undefined) atLeast(`${at}.${name}`, fields[name], 0);
  }
  list(`${at}.metrics`, fields['metrics'], metric);
  if ((fields['metrics'] as readonly unknown[]).length === 0)
    throw expected(`${at}.metrics`, 'one metric at least', 'none');
  list(`${at}.contenders`, fields['contenders'], contender);
  if (fields['order'] !== undefined) {
    list(`${at}.order`, fields['order'], (place, round) => list(place, round, text));
  }
  const metrics = (fields['metrics'] as readonly { readonly name: string }[]).map(({ name }) => name);
  list(`${at}.verdicts`, fields['verdicts'], (place, each) => verdict(place, each, metrics));
}

function verdict(at: string, found: unknown, metrics: readonly string[]): void {
  const fields = record(at, found);
  const claim = record(`${at}.claim`, fields['claim']);
  text(`${at}.claim.text`, claim['text']);
  oneOf(`${at}.claim.metric`, claim['metric'], metrics);
  oneOf(`${at}.claim.kind`, claim['kind'], ['ratio', 'value', 'excess']);
  const other = { ratio: 'to', excess: 'over' }[claim['kind'] as string];
  if (other !== undefined) text(`${at}.claim.${other}`, claim[other]);
  for (const name of ['atLeast', 'atMost', 'everyRoundAtLeast'] as const) {
    if (claim[name] !== undefined) number(`${at}.claim.${name}`, claim[name]);
  }
  oneOf(`${at}.status`, fields['status'], ['kept', 'even', 'missed', 'undecided', 'unmeasured']);
}

function metric(at: string, found: unknown): void {
  const fields = record(at, found);
  for (const name of ['name', 'label', 'unit'] as const) text(`${at}.${name}`, fields[name]);
  oneOf(`${at}.better`, fields['better'], ['higher', 'lower']);
}

function contender(at: string, found: unknown): void {
  const fields = record(at, found);
  for (const name of ['name', 'family'] as const) text(`${at}.${name}`, fields[name]);
  oneOf(`${at}.kind`, fields['kind'], ['subject', 'pool', 'yardstick']);
  oneOf(`${at}.status`, fields['status'], ['measured', 'failed', 'unsupported']);
  if (fields['status'] === 'failed') {
    const failure = record(`${at}.failure`, fields['failure']);
    number(`${at}.failure.round`, failure['round']);
    text(`${at}.failure.reason`, failure['reason']);
  }
  for (const name of ['unsupported', 'unclosed'] as const) {
    if (fields[name] !== undefined) text(`${at}.${name}`, fields[name]);
  }
  list(`${at}.samples`, fields['samples'], sample);
  for (const [name, spread] of Object.entries(record(`${at}.summary`, fields['summary']))) {
    const values = record(`${at}.summary.${name}`, spread);
    for (const part of ['median', 'min', 'max', 'count'] as const) {
      number(`${at}.summary.${name}.${part}`, values[part]);
    }
  }
}

function sample(at: string, found: unknown): void {
  for (const [name, value] of Object.entries(record(at, found))) {
    if (value !== null) number(`${at}.${name}`, value);
  }
}
