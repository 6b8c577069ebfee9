import { describe, expect, it } from 'vitest';
import { barLine, plainLine } from '../../src/cli/progress/line.ts';
import { Meter, type Snapshot } from '../../src/cli/progress/meter.ts';
import { startProgress } from '../../src/cli/progress/progress.ts';
import { ManualClock, openStdin, Recorder, settle, start, TASKS, until, worker } from './fake-host.ts';

const snapshot: Snapshot = {
  done: 1240,
  failed: 2,
  total: 2000,
  fraction: 0.62,
  rate: 312,
  eta: 2436,
  loads: [1, 0.5],
};

describe('the bar', () => {
  it('shows done and total, rate, time left, failures and the load of each worker', () => {
    expect(barLine(snapshot, { columns: 120, colour: false })).toBe(
      '62%  ━━━━━━━━━━━━━━━━━━━━━━━━────────────────  1,240/2,000  312/s  ETA 0:03  2 failed  █▅',
    );
  });

  it('fits any terminal, and keeps the count to the last', () => {
    for (let columns = 1; columns <= 130; columns++) {
      expect(barLine(snapshot, { columns, colour: false }).length).toBeLessThanOrEqual(columns);
    }
    expect(barLine(snapshot, { columns: 50, colour: false })).toBe(
      '62%  1,240/2,000  312/s  ETA 0:03  2 failed  █▅',
    );
    expect(barLine(snapshot, { columns: 30, colour: false })).toBe('62%  1,240/2,000  2 failed');
    expect(barLine(snapshot, { columns: 12, colour: false })).toBe('1,240/2,000');
  });

  it('does without what is not known', () => {
    const { done, failed, rate } = snapshot;
    expect(barLine({ done, failed, rate, loads: [] }, { columns: 120, colour: false })).toBe(
      '1,240  312/s  2 failed',
    );
  });

  it('estimates the total where only the size of the input is known', () => {
    const { total: _, ...sized } = snapshot;
    expect(barLine(sized, { columns: 60, colour: false })).toContain('1,240/~2,000  312/s');
    expect(plainLine(sized)).toContain('1,240 of ~2,000 items (62%)');
    expect(barLine({ ...sized, done: 0, fraction: 0 }, { columns: 60, colour: false })).toContain(
      '  0  312/s',
    );
  });

  it('puts many workers into one figure', () => {
    const loads = Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 1 : 0.5));
    expect(barLine({ ...snapshot, loads }, { columns: 120, colour: false })).toContain('64 workers 75%');
    expect(plainLine({ ...snapshot, loads })).toContain('load 75% (50% to 100%) over 64 workers');
  });

  it('has colour only where it is wanted', () => {
    const csi = '\u001b[';
    expect(barLine(snapshot, { columns: 120, colour: true })).toContain(csi);
    expect(barLine(snapshot, { columns: 120, colour: false })).not.toContain(csi);
  });
});

it('the plain line says the same in words', () => {
  expect(plainLine(snapshot)).toBe('1,240 of 2,000 items (62%), 2 failed, 312/s, ETA 0:03, load 100% 50%');
});

describe('the meter', () => {
  it('goes by the last five seconds', () => {
    const meter = new Meter();
    const workers = (busyMs: number) => [worker(0, { busyMs }), worker(1, { state: 'busy' }), worker(2)];
    const read = (now: number, done: number, busyMs: number) =>
      meter.read(now, { done, failed: 0, total: 1000, workers: workers(busyMs) });
    read(0, 0, 0);
    for (let now = 100; now <= 10_000; now += 100) read(now, now / 100, now / 2);
    const last = read(15_000, 600, 10_000);
    expect(last).toMatchObject({ rate: 100, eta: 4000, fraction: 0.6 });
    // Busy throughout; inside a long task, which counts at its end; idle.
    expect(last.loads).toEqual([1, 1, 0]);
  });

  it('goes by bytes where the number of items is not known', () => {
    const meter = new Meter();
    meter.read(0, { done: 0, failed: 0, fraction: 0, workers: [] });
    const { eta, fraction } = meter.read(1000, { done: 10, failed: 0, fraction: 0.25, workers: [] });
    expect([eta, fraction]).toEqual([3000, 0.25]);
  });
});

const ERASE = '\r\u001b[K';

describe('on stderr', () => {
  const running = async (columns: number | undefined, env = {}, args: readonly string[] = []) => {
    const clock = new ManualClock();
    const stdin = openStdin();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-', ...args], {
      stdin,
      clock,
      env,
      ...(columns === undefined ? {} : { columns }),
    });
    stdin.write('1\n2\n3\n');
    await until(() => session.stdout.records.length === 3, 'three records');
    const end = async () => {
      stdin.end();
      await until(() => session.pool?.closed === true, 'the end');
      await session.exit;
    };
    return { clock, session, end };
  };

  it('a terminal has one line, drawn again at most ten times a second, and gone at the end', async () => {
    const { clock, session, end } = await running(80);
    const writes: string[] = [];
    const write = session.stderr.write.bind(session.stderr);
    session.stderr.write = ((text: string) => {
      writes.push(text);
      return write(text);
    }) as typeof session.stderr.write;
    clock.advance(10_000);
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.length).toBeLessThanOrEqual(100);
    for (const text of writes) expect(text.slice(0, 7)).toBe(`${ERASE}3  `);
    await end();
    expect(session.stderr.text.split(ERASE).at(-1)).toMatch(/^3 items, 0 failed/);
  });

  it('is drawn ten times a second while everything changes', () => {
    const clock = new ManualClock();
    const stderr = new Recorder();
    let done = 0;
    const progress = startProgress({
      mode: 'bar',
      stderr,
      env: {},
      clock,
      read: () => ({ done: done++, failed: 0, total: 1000, workers: [] }),
    });
    clock.advance(2000);
    expect(stderr.text.split(ERASE)).toHaveLength(1 + 20);
    progress.stop();
  });

  it('NO_COLOR takes the colour away, not the line', async () => {
    const { clock, session, end } = await running(80, { NO_COLOR: '1' });
    clock.advance(200);
    expect(session.stderr.text).toContain('\u001b[K');
    expect(session.stderr.text).not.toContain('\u001b[3');
    await end();
  });

  it.each([
    ['not a terminal', undefined, {}],
    ['a dumb terminal', 80, { TERM: 'dumb' }],
  ])('%s has a plain line every five seconds', async (_, columns, env) => {
    const { clock, session, end } = await running(columns, env);
    clock.advance(4999);
    expect(session.stderr.text).toBe('');
    clock.advance(1);
    expect(session.stderr.text).toMatch(/^3 items, 0 failed, [^\n\r]+\n$/);
    clock.advance(10_000);
    expect(session.stderr.text.match(/\n/g)).toHaveLength(3);
    expect(session.stderr.text).not.toContain('\u001b');
    await end();
  });

  it('--progress none has nothing until the summary', async () => {
    const { clock, session, end } = await running(80, {}, ['--progress', 'none']);
    clock.advance(60_000);
    expect(session.stderr.text).toBe('');
    await end();
    expect(session.stderr.text).toMatch(/^3 items/);
  });

  it('records on the same terminal do not run into the line', async () => {
    const clock = new ManualClock();
    const stdin = openStdin();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], { stdin, clock, columns: 80 });
    session.stdout.isTTY = true;
    stdin.write('1\n');
    await until(() => session.stdout.records.length === 1, 'the first record');
    clock.advance(100);
    await settle();
    const drawn = session.stderr.text.length;
    stdin.write('2\n');
    await until(() => session.stdout.records.length === 2, 'the second record');
    expect(session.stderr.text.slice(drawn)).toBe('\r\u001b[K');
    stdin.end();
    expect(await session.exit).toBe(0);
  });

  it('nothing but records is on stdout', async () => {
    const { clock, session, end } = await running(80);
    clock.advance(20_000);
    await end();
    expect(session.stdout.text).toBe(
      [0, 1, 2].map((i) => `{"index":${i},"input":${i + 1},"result":${i + 1}}\n`).join(''),
    );
  });
});
