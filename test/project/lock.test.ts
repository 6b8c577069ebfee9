import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const LOCK = new URL('../../.ci/lock.mjs', import.meta.url).href;

let folder: string;
let lock: string;
let counter: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
  lock = join(folder, 'lock');
  counter = join(folder, 'counter');
  writeFileSync(counter, '0');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('lets one process at a time in', { timeout: 120_000 }, async () => {
  await Promise.all(Array.from({ length: 6 }, () => count(5)));
  expect(readFileSync(counter, 'utf8')).toBe('30');
  expect(existsSync(lock)).toBe(false);
});

it.each([
  ['of a process that is gone', () => writeFileSync(lock, `${2 ** 22 + 1} gone`)],
  [
    'that nobody has touched for long',
    () => {
      writeFileSync(lock, `${process.pid} old`);
      utimesSync(lock, 0, 0);
    },
  ],
])('takes a lock over %s, once', { timeout: 120_000 }, async (_what, leave) => {
  leave();
  await Promise.all([count(2), count(2), count(2)]);
  expect(readFileSync(counter, 'utf8')).toBe('6');
});

/** Adds to the counter in a way that loses counts unless each addition is alone. */
async function count(times: number): Promise<void> {
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { withLock } from ${JSON.stringify(LOCK)};
    const [lock, counter] = process.argv.slice(1);
    for (let i = 0; i < ${times}; i++) {
      await withLock(lock, async () => {
        const n = Number(readFileSync(counter, 'utf8'));
        await sleep(20);
        writeFileSync(counter, String(n + 1));
      });
    }`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, lock, counter]);
}
