import { afterEach, describe, expect, it } from 'vitest';
import type { RunningPool } from '../../native-bench/contenders/contender.ts';
import { millrace } from '../../native-bench/contenders/millrace.ts';
import { putUnder } from '../../native-bench/figures/service/load.ts';
import { CHEAP_BODY, heavyBody, type Service, serve } from '../../native-bench/figures/service/server.ts';
import { service, summarize } from '../../native-bench/figures/service/service.ts';
import { crunch } from '../../native-bench/tasks/functions.mjs';

const DEADLINE_MS = 60_000;
const ROUNDS = 1_000;

/** A pool of no threads, with the answers of `answer`. */
const pretended = (answer: () => Promise<unknown>): RunningPool => ({
  run: answer,
  close: async () => {},
});

let running: Service | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`${running!.url}${path}`);
  return { status: response.status, body: await response.text() };
}

describe('the service', () => {
  it('answers each route, and says when the pool failed', async () => {
    running = await serve(
      pretended(async () => 42),
      ROUNDS,
    );
    expect(await get('/cheap')).toEqual({ status: 200, body: CHEAP_BODY });
    expect(await get('/heavy')).toEqual({ status: 200, body: heavyBody(42) });
    expect((await get('/other')).status).toBe(404);
    await running.close();
    running = await serve(
      pretended(() => Promise.reject(new Error('gone'))),
      ROUNDS,
    );
    expect(await get('/heavy')).toEqual({ status: 500, body: 'Error: gone' });
  });

  it('is drained when the last heavy request has its answer', async () => {
    let arrived = (): void => {};
    let answer = (_value: number): void => {};
    const submitted = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    running = await serve(
      pretended(() => {
        arrived();
        return new Promise((resolve) => {
          answer = resolve;
        });
      }),
      ROUNDS,
    );
    await running.drained();
    const asked = get('/heavy');
    await submitted;
    const order: string[] = [];
    const drained = running.drained().then(() => order.push('drained'));
    await get('/cheap');
    order.push('still running');
    answer(1);
    await Promise.all([drained, asked]);
    expect(order).toEqual(['still running', 'drained']);
  });
});

describe('the load', () => {
  const load = {
    cheapBody: CHEAP_BODY,
    heavyBody: heavyBody(crunch(ROUNDS)),
    groups: 2,
    connections: 3,
    heavyConnections: 2,
    settleMs: 0,
    windowMs: 200,
  };
  const right = pretended(async () => crunch(ROUNDS));

  it('reaches both routes at once and times the cheap one', { timeout: DEADLINE_MS }, async () => {
    running = await serve(right, ROUNDS);
    const report = await putUnder({ ...load, url: running.url });
    expect(report.problems).toEqual([]);
    expect(report.windowMs).toBeGreaterThanOrEqual(load.windowMs);
    expect(report.heavy).toBeGreaterThan(0);
    expect(report.cheap.length).toBeGreaterThan(0);
    for (const latency of report.cheap) expect(latency).toBeGreaterThan(0);
  });

  it('notices wrong answers, errors, and a service that is not there', { timeout: DEADLINE_MS }, async () => {
    running = await serve(right, ROUNDS);
    const { url } = running;
    await expect(putUnder({ ...load, url, heavyBody: heavyBody(1) })).rejects.toThrow(
      /Wrong answers: \/heavy answered/,
    );
    await running.close();
    running = await serve(
      pretended(() => Promise.reject(new Error('gone'))),
      ROUNDS,
    );
    await expect(putUnder({ ...load, url: running.url })).rejects.toThrow(/\/heavy answered with status 500/);
  });
});

describe('the figure', () => {
  it('takes its quantiles from enough answers only', () => {
    const cheap = Array.from({ length: 1_001 }, (_, i) => i);
    expect(summarize({ cheap, heavy: 30, windowMs: 2_000, problems: [] }, 1_000)).toEqual({
      p50: 500,
      p99: 990,
      p999: 999,
      heavy: 15,
      answers: 1_001,
    });
    expect(() => summarize({ cheap, heavy: 30, windowMs: 2_000, problems: [] }, 1_002)).toThrow(
      /Too few answers: 1001/,
    );
    expect(() => summarize({ cheap, heavy: 0, windowMs: 2_000, problems: [] }, 1)).toThrow(
      /0 of the heavy one/,
    );
  });

  it('is measured with a real pool', { timeout: DEADLINE_MS }, async () => {
    const trial = await service.open({
      effort: 'smoke',
      workers: 2,
      pace: 10_000,
      runsTasks: true,
      start: () => millrace.start({ workers: 2 }),
    });
    try {
      const sample = await trial.sample();
      expect(Object.keys(sample).sort()).toEqual(service.metrics.map(({ name }) => name).sort());
      expect(sample['heavy']).toBeGreaterThan(0);
    } finally {
      await trial.end();
    }
  });
});
