/**
 * What limits are held against: a result file, or the summary of a `millrace map`.
 *
 * @module
 */

import { expected, InvalidArgumentError } from '../../errors.ts';
import { atLeast, list, number, oneOf, readJson, record, text } from './json.ts';
import { SUBJECT } from './limits.ts';

/** A change of meaning raises it; fields are only ever added. */
export const SCHEMA = 'millrace-bench/1';

/** What a check reads of a result file; `docs/check.md` describes it. */
export interface Measured {
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly name: string;
  /** The first is meant where a limit names none. */
  readonly metrics: readonly Metric[];
  readonly contenders: readonly Contender[];
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** A value may be below zero, as a difference may. Absent: it is a rate, a time, a count, a share, never negative. */
  readonly signed?: true;
}

export interface Contender {
  readonly name: string;
  /** `pool` can be the best pool. */
  readonly kind: 'subject' | 'pool' | 'yardstick';
  readonly status: 'measured' | 'failed' | 'unsupported';
  readonly failure?: { readonly round: number; readonly reason: string };
  readonly unclosed?: string;
  /** One entry a round; the same index is the same round for all contenders. */
  readonly samples: readonly Readonly<Record<string, number | null>>[];
}

/** The metric a limit is about: the first where it names none. */
export function metricOf(metrics: readonly Metric[], name: string | undefined): Metric | undefined {
  return name === undefined ? metrics[0] : metrics.find((metric) => metric.name === name);
}

/**
 * What was measured, from the file `path`.
 *
 * @throws InvalidArgumentError when it cannot be read, or is neither a result file nor a summary.
 */
export async function readMeasured(path: string): Promise<Measured> {
  const found = await readJson(path, 'a result file');
  try {
    return measuredOf(found);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${path} is no result file that can be used: ${error.message}`, {
      cause: error,
    });
  }
}

export function measuredOf(found: unknown): Measured {
  const file = record('the file', found);
  if (file['schema'] === undefined && file['latencyMs'] !== undefined) return { figures: [mapFigure(file)] };
  if (file['schema'] !== SCHEMA) throw expected('schema', `"${SCHEMA}"`, file['schema']);
  list('figures', file['figures'], (at, each) => {
    const fields = record(at, each);
    text(`${at}.name`, fields['name']);
    list(`${at}.metrics`, fields['metrics'], metric);
    if ((fields['metrics'] as readonly unknown[]).length === 0)
      throw expected(`${at}.metrics`, 'one metric at least', 'none');
    const metrics = fields['metrics'] as readonly Metric[];
    const unsigned = new Set(metrics.filter(({ signed }) => signed !== true).map(({ name }) => name));
    list(`${at}.contenders`, fields['contenders'], (place, each) => contender(place, each, unsigned));
  });
  return found as Measured;
}

function metric(at: string, found: unknown): void {
  const fields = record(at, found);
  for (const name of ['name', 'unit'] as const) text(`${at}.${name}`, fields[name]);
  oneOf(`${at}.better`, fields['better'], ['higher', 'lower']);
  if (fields['signed'] !== undefined && fields['signed'] !== true) {
    throw expected(`${at}.signed`, '`true`, or absent', fields['signed']);
  }
}

function contender(at: string, found: unknown, unsigned: ReadonlySet<string>): void {
  const fields = record(at, found);
  text(`${at}.name`, fields['name']);
  oneOf(`${at}.kind`, fields['kind'], ['subject', 'pool', 'yardstick']);
  oneOf(`${at}.status`, fields['status'], ['measured', 'failed', 'unsupported']);
  if (fields['status'] === 'failed') {
    const failure = record(`${at}.failure`, fields['failure']);
    number(`${at}.failure.round`, failure['round']);
    text(`${at}.failure.reason`, failure['reason']);
  }
  if (fields['unclosed'] !== undefined) text(`${at}.unclosed`, fields['unclosed']);
  list(`${at}.samples`, fields['samples'], (place, sample) => {
    for (const [name, value] of Object.entries(record(place, sample))) {
      if (value === null) continue;
      if (unsigned.has(name)) atLeast(`${place}.${name}`, value, 0);
      else number(`${place}.${name}`, value);
    }
  });
}

const MAP_METRICS: readonly Metric[] = [
  { name: 'rate', unit: '1/s', better: 'higher' },
  { name: 'p50', unit: 'ms', better: 'lower' },
  { name: 'p99', unit: 'ms', better: 'lower' },
  { name: 'speedUp', unit: '', better: 'higher' },
  { name: 'failures', unit: 'items', better: 'lower' },
  { name: 'retries', unit: '', better: 'lower' },
  { name: 'crashes', unit: '', better: 'lower' },
];

/** One run of `millrace map` is one round of the figure `map`. A run that did not come to its end has failed in it. */
function mapFigure(summary: Readonly<Record<string, unknown>>): Figure {
  const { outcome, items, wallMs, speedUp, failures, retries, crashes, error } = summary;
  text('outcome', outcome);
  atLeast('items', items, 0);
  atLeast('wallMs', wallMs, 0);
  atLeast('speedUp', speedUp, 0);
  atLeast('failures', failures, 0);
  atLeast('retries', retries, 0);
  atLeast('crashes', crashes, 0);
  const { p50, p99 } = record('latencyMs', summary['latencyMs']);
  atLeast('latencyMs.p50', p50, 0);
  atLeast('latencyMs.p99', p99, 0);
  // Without an item there was nothing to time: no value, rather than the best there can be.
  const timed = items > 0 && wallMs > 0 ? { rate: (items / wallMs) * 1000, p50, p99, speedUp } : {};
  const reason = typeof error === 'string' ? error : `the run was ${outcome}`;
  return {
    name: 'map',
    metrics: MAP_METRICS,
    contenders: [
      {
        name: SUBJECT,
        kind: 'subject',
        ...(outcome === 'finished'
          ? { status: 'measured' }
          : { status: 'failed', failure: { round: 1, reason } }),
        samples: [{ ...timed, failures, retries, crashes }],
      },
    ],
  };
}
