import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fixture } from './supervise.ts';

interface Ended {
  readonly code: number | string | null;
  readonly out: string[];
  readonly err: string;
}

/** A hang is ended after a minute, with code `null`. */
function node(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], { timeout: 60_000, killSignal: 'SIGKILL' }, (error, out, err) =>
      resolve({ code: error ? (error.code ?? null) : 0, out: out.split('\n').filter(Boolean), err }),
    );
  });
}

const script = fileURLToPath(fixture('process.mjs'));
const [major = 0] = process.versions.node.split('.').map(Number);

describe('threads and their process', () => {
  it('hold no process: it ends with threads serving, spinning, parked and loading', async () => {
    expect(await node([script, 'leave'])).toEqual({ code: 0, out: ['["done"]'], err: '' });
  });

  it('hold it while they are ref’d', async () => {
    expect(await node([script, 'refs'])).toEqual({ code: 0, out: ['["ready"]', '["still here"]'], err: '' });
  });

  it('print all of their output before they end', async () => {
    const { code, out, err } = await node([script, 'print']);
    expect(code).toBe(0);
    expect(out).toEqual(Array.from({ length: 200 }, (_, index) => `line ${index}`));
    expect(err).toBe('last words\n');
  });

  it.skipIf(process.platform === 'win32')(
    'are called stuck when a native call holds them, and end later',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'millrace-stuck-'));
      try {
        const { code, out } = await node([script, 'stuck', join(directory, 'fifo')]);
        expect(out).toEqual(['["stuck"]', '["exit","killed"]']);
        expect(code).toBe(0);
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );

  it.each([
    ['exitWhileLoading', { code: 7, out: [], err: '' }],
    ['killWhileLoading', { code: 0, out: ['["exit","killed"]'], err: '' }],
  ])('are not ended while they load their entry: %s', async (scenario, ended) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-loading-'));
    try {
      expect(await node([script, scenario, folder])).toEqual(ended);
      expect(existsSync(join(folder, 'loaded'))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('need the permission to be started, and say how to get it', async () => {
    const flag = major >= 24 ? '--permission' : '--experimental-permission';
    const { code, out } = await node([flag, '--allow-fs-read=*', script, 'begin']);
    expect(code).toBe(0);
    expect(out).toHaveLength(2);
    expect(out[0]).toMatch(/"ERR_PERMISSION".*--allow-worker/);
    expect(out[1]).toBe('["exit","not-started",null]');
  });

  it('start under the permission model where it allows them', async () => {
    const flag = major >= 24 ? '--permission' : '--experimental-permission';
    const { out } = await node([flag, '--allow-fs-read=*', '--allow-worker', script, 'begin']);
    expect(out).toEqual(['["ready"]', '["exit","returned",null]']);
  });

  it.each([[[]], [['--inspect-brk=0 --no-warnings']]])(
    'open no debugger port of their own: %j',
    async (argv) => {
      const { err } = await node(['--inspect=0', script, 'inspect', ...argv]);
      expect(err.match(/Debugger listening/g)).toHaveLength(1);
    },
  );
});
