import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  addressSpaceLeft,
  explainReservation,
  type ReadProc,
  requireRoomForThreads,
} from '../../src/coordinator/threads/address-space.ts';
import { MillraceError } from '../../src/errors.ts';
import { describe as output, runChild } from '../process/harness/child.ts';

const MIB = 2 ** 20;
const proc =
  (limit: string, size?: string): ReadProc =>
  (name) =>
    ({
      limits: `Limit  Soft Limit  Hard Limit  Units\nMax address space         ${limit}            unlimited            bytes\nMax file locks            unlimited            unlimited            locks\n`,
      status: size && `Name:\tnode\nVmPeak:\t  999 kB\nVmSize:\t  ${size} kB\n`,
    })[name];

describe('address space left', () => {
  it('is the limit without what is in use', () => {
    expect(addressSpaceLeft(proc('1048576', '24'))).toBe(1_000 * 1024);
    expect(addressSpaceLeft(proc('1024', '24'))).toBe(0);
  });

  it('is not known without a limit, or without the files', () => {
    expect(addressSpaceLeft(proc('unlimited', '24'))).toBeUndefined();
    expect(addressSpaceLeft(proc('1048576'))).toBeUndefined();
    expect(addressSpaceLeft(() => undefined)).toBeUndefined();
  });
});

describe('room for threads', () => {
  it('is asked for only where there is a limit', () => {
    expect(() => requireRoomForThreads(1024, undefined, undefined)).not.toThrow();
    expect(() => requireRoomForThreads(2, undefined, 2_000 * MIB)).not.toThrow();
  });

  it('is refused with what would help', () => {
    const attempt = (): void => requireRoomForThreads(16, undefined, 2_000 * MIB);
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_NO_MEMORY' }));
    expect(attempt).toThrow(/^16 worker threads .* 2000 MiB more\..*ulimit -v.*codeRangeSizeMb/);
    expect(() => requireRoomForThreads(16, { codeRangeSizeMb: 16 }, 2_000 * MIB)).not.toThrow();
  });
});

describe('shared memory that could not be reserved', () => {
  const cause = new RangeError('WebAssembly.Memory(): could not allocate memory');
  const error = new MillraceError('ERR_NO_MEMORY', 'cannot be reserved', { cause });

  it('is explained where address space is limited and Node takes more than was asked for', () => {
    const explained = explainReservation(error, 100 * MIB, []);
    expect(explained).toMatchObject({ code: 'ERR_NO_MEMORY', cause });
    expect((explained as Error).message).toContain('--disable-wasm-trap-handler');
  });

  it('is left as it is otherwise', () => {
    const other = new MillraceError('ERR_NO_MEMORY', 'needs more than maxMemory');
    expect(explainReservation(other, 100 * MIB, [])).toBe(other);
    expect(explainReservation(error, undefined, [])).toBe(error);
    expect(explainReservation(error, 100 * MIB, ['--disable-wasm-trap-handler'])).toBe(error);
  });
});

/** Whether a shell of this machine can limit address space at all. */
function canLimit(): boolean {
  if (process.platform !== 'linux' || !existsSync('/bin/sh')) return false;
  try {
    return (
      execFileSync('/bin/sh', ['-c', 'ulimit -v 2000000; ulimit -v'], { encoding: 'utf8' }) === '2000000\n'
    );
  } catch {
    return false;
  }
}

describe.skipIf(!canLimit())('a process with little address space', () => {
  const script = `
    import { execFileSync } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    const file = new URL('./limited.mjs', import.meta.url);
    writeFileSync(file, \`
      import { createPool } from 'millrace';
      const options = JSON.parse(process.argv[2]);
      const pool = await createPool(options).catch((error) => error);
      if (pool instanceof Error) console.log(pool.code, pool.message);
      else {
        console.log(await pool.exec((a, b) => a + b, [1, 2]));
        await pool.close();
      }\`);
    const [kib, flags, options] = process.argv.slice(2);
    const command = 'ulimit -v ' + kib + '; exec "$0" "$@"';
    const args = [...flags.split(' ').filter(Boolean), file.pathname, options];
    process.stdout.write(execFileSync('/bin/sh', ['-c', command, process.execPath, ...args], { encoding: 'utf8' }));`;

  async function limited(kib: number, flags: string, options: object): Promise<string> {
    const result = await runChild(script, { args: [String(kib), flags, JSON.stringify(options)] });
    expect(result.code, output(result)).toBe(0);
    return result.stdout;
  }

  // Node itself needs some 0.75 GiB.
  it('gets a coded error that says so when shared memory cannot be had', async () => {
    const said = await limited(3_000_000, '', { workers: 1, maxMemory: 2 ** 24 });
    expect(said).toMatch(/^ERR_NO_MEMORY .*address space.*--disable-wasm-trap-handler/);
  });

  it('gets one, and is not ended by V8, when there is no room for the threads', async () => {
    const off = '--disable-wasm-trap-handler';
    const said = await limited(1_500_000, off, { workers: 2, maxMemory: 2 ** 24 });
    expect(said).toMatch(/^ERR_NO_MEMORY 2 worker threads .*address space.*codeRangeSizeMb/);
  });

  it('runs tasks when it follows the advice', async () => {
    const off = '--disable-wasm-trap-handler';
    const options = { workers: 2, maxMemory: 2 ** 24, resourceLimits: { codeRangeSizeMb: 16 } };
    expect(await limited(2_000_000, off, options)).toBe('3\n');
  });
});
