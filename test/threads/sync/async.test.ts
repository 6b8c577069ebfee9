import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const FILE = fileURLToPath(new URL('./fixtures/keeps-alive.mjs', import.meta.url));

it('an async wait keeps the thread from ending, and no longer than it lasts', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [FILE], { timeout: 30_000 });
  expect(stdout).toBe('locked');
});
