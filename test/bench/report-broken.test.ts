import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { report } from '../../native-bench/report/command.ts';
import { latency, madeUp, rate } from './report-results.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-broken-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the report of a broken file', () => {
  it('writes what a file says, or ends with 2 and one line, whichever field is missing or wrong', async () => {
    const places = (
      value: unknown,
      at: readonly (string | number)[] = [],
    ): (readonly (string | number)[])[] =>
      typeof value !== 'object' || value === null
        ? [at]
        : [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
    const whole = JSON.parse(JSON.stringify(madeUp([rate(), latency()]))) as object;
    const place = fc.constantFrom(...places(whole).filter((at) => at.length > 0));
    const wrong = fc.constantFrom(undefined, null, -1, 5, 'x', [], {});
    await fc.assert(
      fc.asyncProperty(place, wrong, async (at, value) => {
        const broken = structuredClone(whole) as Record<string | number, unknown>;
        const last = at.at(-1)!;
        const holder = at.slice(0, -1).reduce((inner, key) => inner[key] as typeof broken, broken);
        if (value === undefined) delete holder[last];
        else holder[last] = value;
        await writeFile(join(folder, 'field.json'), JSON.stringify(broken));
        let err = '';
        const code = await report([join(folder, 'field.json')], {
          stdout: () => {},
          stderr: (text) => void (err += text),
          suiteTitles: new Map(),
        });
        expect([0, 2]).toContain(code);
        expect(err).toMatch(code === 0 ? /^$/ : /^[^\n]+\n$/);
      }),
      { numRuns: 300 },
    );
  });
});
