import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, EagerClock, numbers, openStdin, type Setup, settle, start, TASKS, until } from './fake-host.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-map-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const map = (args: readonly string[], setup: Setup = {}) => cli(['map', `${TASKS}#fn`, ...args], setup);
const lines = (n: number, args: readonly string[] = [], setup: Setup = {}) =>
  map(['--ndjson', '-', ...args], { stdin: numbers(n), ...setup });
const odd = (error: (value: number) => unknown) => (_: string, args: readonly unknown[]) => {
  const value = args[0] as number;
  if (value % 2 === 1) throw error(value);
  return value;
};

describe('Ctrl-C', () => {
  const gate = () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open, opened };
  };

  it('finishes what runs, reports, and exits 130', async () => {
    const { open, opened } = gate();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], {
      stdin: numbers(1000),
      task: (_, [input]) => opened.then(() => input),
    });
    await until(() => (session.pool?.running ?? 0) > 0, 'items run');
    await settle();
    const running = session.pool?.running ?? 0;
    session.signal('SIGINT');
    await settle();
    expect(session.stderr.text).toContain(
      `interrupted: finishing ${running} items; press Ctrl-C again to stop at once`,
    );
    open();
    expect(await session.exit).toBe(130);
    expect(session.stdout.records.map(({ input }) => input)).toEqual(
      Array.from({ length: running }, (_, i) => i + 1),
    );
    expect(session.pool).toMatchObject({ started: running, closed: true });
    expect(session.stderr.text).toContain(`${running} items, 0 failed`);
    expect(session.stderr.text).toContain(`millrace: interrupted after ${running} items`);
  });

  it('twice stops at once, and what was done is recorded', async () => {
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], {
      stdin: numbers(1000),
      task: (_, [input]) => ((input as number) < 5 ? input : new Promise(() => {})),
    });
    await until(() => session.stdout.records.length === 4, 'four records');
    session.signal('SIGINT');
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(session.stdout.records).toHaveLength(4);
    expect(session.pool?.terminated).toBe(true);
  });

  it('SIGTERM does the same and exits 143', async () => {
    const stdin = openStdin();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], { stdin });
    stdin.write('1\n');
    await until(() => session.stdout.records.length === 1, 'one record');
    session.signal('SIGTERM');
    expect(await session.exit).toBe(143);
    expect(stdin.destroyed).toBe(true);
  });

  it('before the pool is there ends the command', async () => {
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], { stdin: openStdin() });
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(session.stderr.text).toBe('millrace: interrupted before the first item\n');
    expect(session.pool?.started ?? 0).toBe(0);
  });

  it('does not try an item again that fails while the run ends, and leaves it to a resumed run', async () => {
    const { open, opened } = gate();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-', '--on-error', 'retry'], {
      stdin: '1\n',
      task: () => opened.then(() => Promise.reject(new Error('no'))),
    });
    await until(() => session.pool?.running === 1, 'it runs');
    session.signal('SIGINT');
    open();
    expect(await session.exit).toBe(130);
    await settle();
    expect([session.stdout.text, session.pool?.started]).toEqual(['', 1]);
    expect(session.stderr.text).not.toContain('retries');
  });

  it('leaves an item that waits for another try to a resumed run', async () => {
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-', '--on-error', 'retry'], {
      stdin: '1\n2\n',
      clock: Object.assign(new EagerClock(), { after: () => () => {} }),
      task: odd(() => new Error('no')),
    });
    await until(() => session.pool?.started === 2 && session.pool.running === 0, 'both ran');
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(session.stdout.text).toBe('');
    expect(session.stderr.text).toContain('dropped   1 result after an item that was not done');
  });
});

describe('the summary', () => {
  it('has items, failures, wall, busy time per worker, speed-up, latency and steals', async () => {
    let now = 0;
    const { stderr } = await lines(4, ['--on-error', 'skip'], {
      clock: Object.assign(new EagerClock(), { now: () => now }),
      task: (_, [input]) => {
        now += 100;
        if (input === 3) throw new Error('no');
        return null;
      },
    });
    const [failed, items, busy, speedUp, latency, steals, end] = stderr.text.split('\n');
    expect([failed, items, busy, speedUp, steals, end]).toEqual([
      'failed: item 2 3: Error: no',
      '4 items, 1 failed, in 400 ms (10/s)',
      '  busy      750 ms on 2 workers: 250 ms, 500 ms',
      '  speed-up  1.88 (busy time over wall time)',
      '  steals    7',
      '',
    ]);
    expect(latency).toMatch(/^ {2}latency {3}p50 \d+ ms, p99 \d+ ms \(hand-over to result\)$/);
  });

  it('goes to a file as JSON', async () => {
    const file = join(dir, 'summary.json');
    const { code } = await lines(2, ['--on-error', 'skip', '--summary', file], {
      task: odd(() => new Error('no')),
    });
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      outcome: 'finished',
      items: 2,
      failures: 1,
      busyMs: [250, 500],
      steals: 7,
      latencyMs: { p50: expect.any(Number), p99: expect.any(Number) },
      failed: [{ index: 0, input: 1, error: { name: 'Error', message: 'no' } }],
    });
  });

  it('is written of a run that fails or is interrupted before its first item, too', async () => {
    const file = join(dir, 'summary.json');
    const earlier = () => writeFileSync(file, '{"outcome":"finished"}');
    const written = () => JSON.parse(readFileSync(file, 'utf8')) as unknown;
    earlier();
    const none = await cli(['map', './none.mjs#fn', '--ndjson', '-', '--summary', file]);
    expect(none.code).toBe(1);
    expect(written()).toMatchObject({
      outcome: 'failed',
      items: 0,
      error: 'cannot load ./none.mjs: no such file or directory',
    });
    earlier();
    expect((await map(['--ndjson', join(dir, 'none'), '--summary', file])).code).toBe(1);
    expect(written()).toMatchObject({ outcome: 'failed' });
    earlier();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-', '--summary', file], {
      stdin: openStdin(),
    });
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(written()).toMatchObject({ outcome: 'interrupted', items: 0 });
  });

  it('is left out with --quiet, failures are not', async () => {
    const { stderr } = await lines(2, ['--on-error', 'skip', '-q'], { task: odd(() => new Error('no')) });
    expect(stderr.text).toBe('failed: item 0 1: Error: no\n');
  });
});
