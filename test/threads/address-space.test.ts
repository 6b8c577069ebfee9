import { describe, expect, it, vi } from 'vitest';
import type { ResourceLimits } from '../../src/coordinator/options.ts';
import {
  addressSpaceLeft,
  addressSpaceOfThreads,
  type Left,
  type ReadProc,
  withRoomForThreads,
} from '../../src/coordinator/threads/address-space.ts';
import { canLimit, canShare, measure, poolUnder, spaceUnder } from './limited-process.ts';

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
  const wanted = { workers: 16, maxMemory: 1_024 * MIB };
  /** What is left at each look. */
  const looks = (...mib: number[]): Left => {
    const left = mib.map((n) => n * MIB);
    return () => left.shift();
  };

  it('is asked for only where there is a limit', () => {
    expect(withRoomForThreads(wanted, () => 7, looks())).toBe(7);
    expect(withRoomForThreads({ ...wanted, workers: 2 }, () => 7, looks(3_200, 2_200))).toBe(7);
  });

  it('is refused before anything is made, with what would help', () => {
    const make = vi.fn();
    const attempt = (): void => withRoomForThreads(wanted, make, looks(2_000));
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_NO_MEMORY' }));
    expect(attempt).toThrow(/^16 worker threads .* 2000 MiB\..*ulimit -v.*codeRangeSizeMb.*`maxMemory`/);
    expect(make).not.toHaveBeenCalled();
  });

  it('is refused when shared memory takes more than was asked for', () => {
    const attempt = (): unknown => withRoomForThreads({ ...wanted, workers: 1 }, () => 7, looks(10_500, 260));
    expect(attempt).toThrow(
      /^1 worker threads .* shared memory 10240 MiB, .* 10500 MiB\..*--disable-wasm-trap/,
    );
  });

  it('is as much as the limits of a thread say', () => {
    const needed = (limits: ResourceLimits): number => addressSpaceOfThreads(10, limits) / MIB;
    expect(needed({ codeRangeSizeMb: 300 }) - needed({ codeRangeSizeMb: 100 })).toBe(2_000);
    expect(needed({ stackSizeMb: 34 }) - needed({})).toBe(300);
  });
});

describe.skipIf(!canLimit())('a process with little address space', () => {
  const OFF = ['--disable-wasm-trap-handler'];
  const LEAST = 2 ** 24;
  const KIB = 1024;
  /** By how much two runs differ: the allocator gives a thread 64 MiB or leaves it to share another's. */
  const SPARE = (MIB * 192) / KIB;
  const small = { codeRangeSizeMb: 16 };

  it.each([
    { workers: 1 },
    { workers: 4 },
    { workers: 4, resourceLimits: small },
    { workers: 2, resourceLimits: { codeRangeSizeMb: 200, stackSizeMb: 32 } },
  ])(
    'is asked for what its threads take, and not for much more: $workers workers, $resourceLimits',
    async ({ workers, resourceLimits }) => {
      const { threads } = await measure({
        workers,
        maxMemory: LEAST,
        ...(resourceLimits && { resourceLimits }),
      });
      const asked = addressSpaceOfThreads(workers, resourceLimits) / KIB;
      expect(asked).toBeGreaterThan(threads);
      // What Node's own threads take once may have been taken before.
      expect(asked - threads).toBeLessThan(((340 + workers * 32) * MIB) / KIB);
    },
  );

  it('gets a coded error, and is not ended by V8, when there is no room for the threads', async () => {
    const options = { workers: 2, maxMemory: LEAST };
    const { before, threads } = await measure(options);
    const said: string[] = [];
    for (const part of [0, 0.3, 0.6, 0.8, 0.9, 1]) {
      said.push(await poolUnder(before + LEAST / KIB + SPARE / 2 + part * threads, OFF, options));
    }
    said.push(
      await poolUnder(before + LEAST / KIB + SPARE + addressSpaceOfThreads(2, undefined) / KIB, OFF, options),
    );
    expect(said[0]).toMatch(/^ERR_NO_MEMORY 2 worker threads .*address space.*codeRangeSizeMb/);
    for (const text of said) expect(text).toMatch(/^(ERR_NO_MEMORY 2 worker threads|3\n$)/);
    expect(said.at(-1)).toBe('3\n');
  });

  it('runs tasks when it asks for less room for code', async () => {
    const least = { workers: 2, maxMemory: LEAST, resourceLimits: small };
    const { before } = await measure(least);
    const limit = before + LEAST / KIB + SPARE + addressSpaceOfThreads(2, small) / KIB;
    expect(await poolUnder(limit, OFF, { workers: 2, maxMemory: LEAST })).toMatch(
      /^ERR_NO_MEMORY .*codeRangeSizeMb/,
    );
    expect(await poolUnder(limit, OFF, least)).toBe('3\n');
  });

  it('runs tasks when it asks for less shared memory', async () => {
    const { before } = await measure({ workers: 1, maxMemory: LEAST });
    const limit = before + LEAST / KIB + SPARE + addressSpaceOfThreads(1, undefined) / KIB;
    const refused = await poolUnder(limit, OFF, { workers: 1, maxMemory: (limit * KIB) / 2 });
    expect(refused).toMatch(/^ERR_NO_MEMORY .*lower `maxMemory`/);
    expect(await poolUnder(limit, OFF, { workers: 1, maxMemory: LEAST })).toBe('3\n');
  });

  it('is told what helps when Node reserves less for a space of queues than it may need', async () => {
    const { before } = await measure({ workers: 1, maxMemory: LEAST });
    // Less than a quarter of what is asked for: then V8 makes the least it can.
    const limit = before + (512 * MIB) / KIB;
    expect(await spaceUnder(limit, OFF, 2 ** 32)).toMatch(/^ERR_NO_MEMORY .* Lower `maxBytes`/);
    expect(await spaceUnder(limit, OFF, LEAST)).toBe('true\n');
  });

  // Some versions of Node reserve some 10 GiB whatever is asked for; others look at the limit first.
  it('is told about the trap handler when shared memory cannot be had at all', async () => {
    const { before, threads } = await measure({ workers: 1, maxMemory: LEAST });
    const limit = before + threads + MIB;
    const options = { workers: 1, maxMemory: LEAST };
    const can = await canShare(limit, []);
    const says = can ? /^3\n$/ : /^ERR_NO_MEMORY .*address space.*--disable-wasm-trap-handler/;
    expect(await poolUnder(limit, [], options)).toMatch(says);
    expect(await spaceUnder(limit, [], LEAST)).toMatch(can ? /^true\n$/ : says);
    expect(await poolUnder(limit, OFF, options)).toBe('3\n');
    expect(await spaceUnder(limit, OFF, LEAST)).toBe('true\n');
  });
});
