import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jestWorker } from '../../native-bench/contenders/jest-worker.ts';
import { raw } from '../../native-bench/contenders/raw.ts';
import { tinypool } from '../../native-bench/contenders/tinypool.ts';
import { bytesTransferred } from '../../native-bench/figures/bytes.ts';
import { throughput } from '../../native-bench/figures/throughput.ts';
import type { Results } from '../../native-bench/results.ts';
import { type Run, runFigure } from '../../native-bench/runner.ts';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import { figureTable } from '../../native-bench/tables.ts';

const DEADLINE_MS = 60_000;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A measured process that answers with `program`, the body of a function of the request. */
async function runWith(program: string): Promise<Run> {
  const session = join(directory, `session-${Math.random()}.cjs`);
  await writeFile(session, `process.on('message', (request) => { ${program} });`);
  return {
    effort: 'quick',
    workers: 2,
    pace: 1000,
    subject: 'millrace',
    random: mulberry32(1),
    session,
    progress: () => {},
  };
}

const quickly = { ...throughput, limitMs: { full: 3_000, quick: 3_000, smoke: 3_000 } };

describe('a contender that does not deliver', () => {
  it('is reported when its process crashes, with the line that says why', {
    timeout: DEADLINE_MS,
  }, async () => {
    const run = await runWith(`console.error('fatal error: out of luck'); process.exit(7)`);
    const { contenders } = await runFigure(quickly, [raw], { ...run, effort: 'full' });
    expect(contenders[0]).toMatchObject({
      status: 'failed',
      samples: [],
      failure: { round: 1, reason: 'its process ended with exit code 7: fatal error: out of luck' },
    });
  });

  it('is killed and reported when it hangs, with the rounds it had', { timeout: DEADLINE_MS }, async () => {
    const run = await runWith(`
      globalThis.count = (globalThis.count ?? 0) + 1;
      if (count === 1) process.send({ kind: 'done' });
      if (count === 2) process.send({ kind: 'done', sample: { rate: 5, mainCpu: null, processCpu: 1 } });
      // The third request gets no answer.
    `);
    const result = await runFigure(quickly, [raw], run);
    expect(result.contenders[0]).toMatchObject({
      status: 'failed',
      samples: [{ rate: 5 }],
      failure: { round: 2, reason: 'hung or too slow: no answer to "sample" in 3 s' },
    });
    expect(figureTable(result, 'millrace')).toContain(
      '! raw-postmessage failed in round 2: hung or too slow',
    );
  });

  it('is reported when its import or a result is wrong', { timeout: DEADLINE_MS }, async () => {
    const run = await runWith(`process.send({ kind: 'failed', reason: 'Error: not installed' })`);
    const { contenders } = await runFigure(quickly, [raw], run);
    expect(contenders[0]).toMatchObject({ status: 'failed', failure: { reason: 'Error: not installed' } });
  });

  it('keeps its figure when only closing hangs', { timeout: DEADLINE_MS }, async () => {
    const run = await runWith(`
      const sample = { rate: 5, mainCpu: 1, processCpu: 1 };
      if (request.kind !== 'end') process.send({ kind: 'done', ...(request.kind === 'sample' ? { sample } : {}) });
    `);
    const { contenders } = await runFigure(quickly, [raw], { ...run, rounds: 2 });
    expect(contenders[0]).toMatchObject({ status: 'measured', summary: { rate: { median: 5, count: 2 } } });
    expect(contenders[0]?.unclosed).toContain('no answer to "end"');
  });
});

describe('a pool that lacks what the figure needs', () => {
  it('is shown with the reason and never started, and fails nobody', { timeout: DEADLINE_MS }, async () => {
    const run = await runWith(`
      if (request.contender === 'jest-worker') process.exit(7);
      process.send({ kind: 'done', ...(request.kind === 'sample' ? { sample: { batch: 5, single: 1 } } : {}) });
    `);
    const figure = { ...bytesTransferred, limitMs: quickly.limitMs };
    const result = await runFigure(figure, [jestWorker, raw], run);
    expect(result.contenders[0]).toMatchObject({
      name: 'jest-worker',
      status: 'unsupported',
      unsupported: 'jest-worker takes no transfer list',
      samples: [],
      summary: {},
    });
    expect(result.contenders[0]).not.toHaveProperty('failure');
    expect(result.contenders[1]).toMatchObject({ status: 'measured' });
    expect(result.bestPool).toBeNull();
    const table = figureTable(result, 'millrace');
    expect(table).toMatch(/\| jest-worker +\| +unsupported \| +unsupported \|/);
    expect(table).toContain('! jest-worker cannot take part: jest-worker takes no transfer list');
  });
});

describe('the schedule', () => {
  const COUNTING = `
    globalThis.asked = (globalThis.asked ?? 0) + (request.kind === 'sample' ? 1 : 0);
    const sample = { rate: asked, mainCpu: process.pid, processCpu: 1 };
    process.send({ kind: 'done', ...(request.kind === 'sample' ? { sample } : {}) });
  `;

  it('asks one process for all rounds, or a new one for each', { timeout: DEADLINE_MS }, async () => {
    const run = { ...(await runWith(COUNTING)), rounds: 3 };
    const { contenders: same } = await runFigure(quickly, [raw], run);
    expect(same[0]?.samples.map(({ rate }) => rate)).toEqual([1, 2, 3]);
    const { contenders: fresh } = await runFigure({ ...quickly, schedule: 'fresh' }, [raw], run);
    expect(fresh[0]?.samples.map(({ rate }) => rate)).toEqual([1, 1, 1]);
    expect(new Set(fresh[0]?.samples.map(({ mainCpu }) => mainCpu)).size).toBe(3);
    expect(fresh[0]?.unclosed).toBeUndefined();
    expect(same[0]?.unclosed).toBeUndefined();
  });
});

describe('the order of a round', () => {
  const COUNTING = `
    const sample = { rate: 1, mainCpu: 1, processCpu: 1 };
    process.send({ kind: 'done', ...(request.kind === 'sample' ? { sample } : {}) });
  `;
  const three = [raw, jestWorker, tinypool];

  it('is drawn, gives everybody each place, and stands in the result', { timeout: DEADLINE_MS }, async () => {
    const asked: string[] = [];
    const run: Run = {
      ...(await runWith(COUNTING)),
      rounds: 3,
      progress: (text) => asked.push(text.split(' ').at(-1)!),
    };
    const { order } = await runFigure(quickly, three, run);
    expect(order?.flat()).toEqual(asked);
    for (const place of [0, 1, 2]) expect(new Set(order?.map((round) => round[place])).size).toBe(3);
    const again = await runFigure(quickly, three, { ...run, random: mulberry32(1) });
    expect(again.order).toEqual(order);
  });

  it('leaves out who has failed, and who has no more rounds', { timeout: DEADLINE_MS }, async () => {
    const run = await runWith(`
      globalThis.asked = (globalThis.asked ?? 0) + (request.kind === 'sample' ? 1 : 0);
      globalThis.contender ??= request.contender;
      if (contender === 'tinypool' && asked === 2) process.exit(3);
      ${COUNTING}
    `);
    const figure = {
      ...quickly,
      rounds: { ...quickly.rounds, quick: 4 },
      peerRounds: { ...quickly.rounds, quick: 3 },
    };
    const { order } = await runFigure(figure, three, { ...run, subject: raw.name });
    expect(order?.map((round) => round.toSorted())).toEqual([
      ['jest-worker', 'raw-postmessage', 'tinypool'],
      ['jest-worker', 'raw-postmessage', 'tinypool'],
      ['jest-worker', 'raw-postmessage'],
      ['raw-postmessage'],
    ]);
  });
});

describe('the script', () => {
  const script = ['node_modules/tsx/dist/cli.mjs', 'native-bench/runtime.ts'];
  const run = (argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [...script, ...argv], (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });

  it('runs a figure and writes what the table shows', { timeout: DEADLINE_MS }, async () => {
    const file = join(directory, 'new', 'results.json');
    const argv = [
      '--smoke',
      '--only',
      'throughput,start-up',
      '--contenders',
      'raw-postmessage',
      '--json',
      file,
    ];
    const { code, stdout } = await run(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\| raw-postmessage +\| +[\d,]+ \|/);
    const results = JSON.parse(await readFile(file, 'utf8')) as Results;
    expect(results).toMatchObject({ schema: 'millrace-bench/1', effort: 'smoke', workers: 2 });
    expect(results.machine.node).toBe(process.versions.node);
    expect(results.figures.map(({ name }) => name)).toEqual(['throughput', 'start-up']);
    const [figure] = results.figures;
    expect(figure?.contenders[0]).toMatchObject({
      name: 'raw-postmessage',
      status: 'measured',
      samples: [{ rate: expect.any(Number), processCpu: expect.any(Number) }],
    });
  });

  it('exits with 1 under --check when nothing of ours was measured', { timeout: DEADLINE_MS }, async () => {
    const argv = [
      '--quick',
      '--check',
      '--rounds',
      '1',
      '--only',
      'busy-10ms',
      '--contenders',
      'raw-postmessage',
    ];
    const { code, stdout } = await run(argv);
    expect(stdout).toContain('UNMEASURED: never slower than the best pool');
    expect(code).toBe(1);
  });

  it('says what is wrong with its arguments and exits with 2', { timeout: DEADLINE_MS }, async () => {
    const { code, stderr, stdout } = await run(['--workers', 'many']);
    expect(code).toBe(2);
    expect(stderr).toBe('Expected `--workers` to be an integer from 2 to 64, got `"many"` (string)\n');
    expect(stdout).toBe('');
  });

  it('says that it cannot write its results before it measures any', { timeout: DEADLINE_MS }, async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const { code, stderr, stdout } = await run(['--json', join(file, 'results.json')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Cannot write .*a-file.results\.json: [^\n]*a-file is no folder\n$/);
    expect(stdout).toBe('');
  });
});
