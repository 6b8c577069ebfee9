import { setEnvironmentData } from 'node:worker_threads';
import { createPool } from 'millrace';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { threads } from './lab.ts';

const ITEMS = new URL('../pool/fixtures/items.mjs', import.meta.url);
const ITEMS_OF_A_MAP = 6000;
const ROUNDS = Number(process.env['RUNS'] ?? 12);

/** Numbers from 0 to 1 that are the same in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a thread that dies while it maps', () => {
  it.each(['value', 'short'])('costs one item at most (items: %s)', async (what) => {
    const runs = new Int32Array(new SharedArrayBuffer(ITEMS_OF_A_MAP * 4));
    setEnvironmentData('runs', runs);
    const pool = await createPool({ tasks: ITEMS, workers: 2, graceMs: 100 });
    const next = random(7);
    const count = what === 'short' ? 600 : ITEMS_OF_A_MAP;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        runs.fill(0);
        await until('two threads run', () => pool.stats().workers.every(({ state }) => state !== 'starting'));
        const { submitted, failed } = pool.stats();
        const [ordered, killAt] = [round % 2 === 0, Math.floor(next() * count)];
        const inputs = Array.from({ length: count }, (_, i) => [i, what, i]);
        const got: number[] = [];
        let error: (Error & { code?: string }) | undefined;
        try {
          for await (const i of pool.map('item', inputs, { ordered })) {
            got.push(i as number);
            if (got.length !== killAt) continue;
            const running = [...threads];
            void running[Math.floor(next() * running.length)]!.terminate();
          }
        } catch (thrown) {
          error = thrown as Error;
        }
        await pool.drain();
        if (error === undefined) expect(got).toHaveLength(count);
        else expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: true });
        expect(new Set(got).size).toBe(got.length);
        if (ordered) expect(got).toEqual(Array.from({ length: got.length }, (_, i) => i));
        expect(Math.max(...runs)).toBe(1);
        for (const i of got) expect(runs[i]).toBe(1);
        const stats = pool.stats();
        expect(stats.pending).toBe(0);
        expect(stats.completed + stats.failed + stats.cancelled).toBe(stats.submitted);
        expect(stats.submitted - submitted).toBeLessThanOrEqual(count);
        expect(stats.failed - failed).toBe(error === undefined ? 0 : 1);
        await until('no record is held', async () => {
          await pool.run('inc', [1]);
          return pool.stats().memory.records === 0;
        });
        expect(pool.stats().memory.payloadBytes).toBe(0);
      }
    } finally {
      await pool.terminate();
    }
  });
});
