/** Pools in processes whose address space is limited (`ulimit -v`), and what this Node reserves where it is not. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import type { PoolOptions } from '../../src/coordinator/options.ts';
import { type ChildResult, describe as output, runChild } from '../process/harness/child.ts';

/** Whether a shell of this machine can limit address space at all. */
export function canLimit(): boolean {
  if (process.platform !== 'linux' || !existsSync('/bin/sh')) return false;
  try {
    return (
      execFileSync('/bin/sh', ['-c', 'ulimit -v 2000000; ulimit -v'], { encoding: 'utf8' }) === '2000000\n'
    );
  } catch {
    return false;
  }
}

const START = `
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
const file = new URL('./limited.mjs', import.meta.url);
const [limit, script, ...flags] = process.argv.slice(2);
writeFileSync(file, script);
const args = ['-c', 'ulimit -v ' + limit + '; exec "$0" "$@"', process.execPath, ...flags, file.pathname];
const { status, signal, stdout, stderr } = spawnSync('/bin/sh', args, { encoding: 'utf8' });
process.stdout.write(stdout);
process.stderr.write(stderr + (signal ?? ''));
process.exitCode = status ?? 1;
`;

/** Runs a script under a limit in KiB. It must end well: V8 has no coded errors. */
async function run(limit: number | 'unlimited', flags: readonly string[], script: string): Promise<string> {
  const kib = typeof limit === 'number' ? Math.ceil(limit) : limit;
  const result: ChildResult = await runChild(START, { args: [String(kib), script, ...flags] });
  expect(result.code, `ulimit -v ${kib}: ${output(result)}`).toBe(0);
  return result.stdout;
}

/** KiB. */
export interface Needs {
  /** All that the process had reserved at once before there was a pool. */
  readonly before: number;
  /** The threads of the pool. */
  readonly threads: number;
}

/** What this Node reserves where there is no limit. */
export async function measure(options: PoolOptions & { readonly maxMemory: number }): Promise<Needs> {
  const script = `
    import { readFileSync } from 'node:fs';
    import { createPool } from 'millrace';
    const read = (key) => Number(new RegExp(key + ': +([0-9]+) kB').exec(
      readFileSync('/proc/self/status', 'utf8').replaceAll('\\t', ' '))[1]);
    const size = read('VmSize');
    const before = read('VmPeak');
    const pool = await createPool(${JSON.stringify(options)});
    const threads = read('VmPeak') - size - ${options.maxMemory / 1024};
    await pool.close();
    console.log(JSON.stringify({ before, threads }));`;
  return JSON.parse(await run('unlimited', ['--disable-wasm-trap-handler'], script)) as Needs;
}

/** What a pool says under a limit in KiB: its error, or the result of a task. */
export function poolUnder(limit: number, flags: readonly string[], options: object): Promise<string> {
  const script = `
    import { createPool } from 'millrace';
    const pool = await createPool(${JSON.stringify(options)}).catch((error) => error);
    if (pool instanceof Error) console.log(pool.code, pool.message);
    else {
      console.log(await pool.exec((a, b) => a + b, [1, 2]));
      await pool.close();
    }`;
  return run(limit, flags, script);
}

/** Whether Node, under this limit, makes the least of shared memories. */
export async function canShare(limit: number, flags: readonly string[]): Promise<boolean> {
  const script = `
    try {
      new WebAssembly.Memory({ initial: 2, maximum: 256, shared: true });
      console.log('yes');
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      console.log('no');
    }`;
  return (await run(limit, flags, script)) === 'yes\n';
}

/** What a space of queues says under a limit in KiB: its error, or the bytes it gave. */
export function spaceUnder(limit: number, flags: readonly string[], maxBytes: number): Promise<string> {
  const script = `
    import { createSpace } from 'millrace/queues';
    try {
      const space = createSpace({ maxBytes: ${maxBytes} });
      space.deque({ capacity: 2 ** 20 });
      console.log(space.used > 2 ** 22);
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  return run(limit, flags, script);
}
