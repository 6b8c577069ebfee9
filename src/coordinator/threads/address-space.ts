/**
 * Whether the process may reserve as much address space as its threads take. Where that is limited (`ulimit -v`), V8
 * ends the whole process when it cannot reserve what a new thread needs; so it is asked for before.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { MillraceError } from '../../errors.ts';
import type { ResourceLimits } from '../options.ts';

const MIB = 2 ** 20;
/** From the major version 25 on, the V8 of Node reserves more; measured with 26 against 20, 22 and 24. */
const IS_NEW = Number(process.versions.node.split('.')[0]) >= 25;
/** For the code of each thread, MiB; V8's own default. Elsewhere it is no more than a quarter of that. */
const CODE_RANGE = process.arch === 'x64' ? 512 : 128;
/** V8 takes no less than this, whatever is asked for. */
const LEAST_CODE_RANGE = IS_NEW ? 64 : 1;
/** For its stack, MiB, unless `stackSizeMb` says otherwise; Node's own default. */
const STACK = 4;
/** For its heap, its allocator and V8's tables, MiB. One table of the newer V8 takes 256 MiB. */
const BESIDE_CODE_AND_STACK = IS_NEW ? 344 : 88;
/**
 * For Node's own threads, MiB: the allocator gives four of them 64 MiB each when they first work, which may have
 * happened already; and for a moment it reserves 64 MiB twice.
 */
const ONCE = 320;
const TRAP_HANDLER_OFF = '--disable-wasm-trap-handler';

/** Text of a file of `/proc/self`, or `undefined` when it is not there. */
export type ReadProc = (name: string) => string | undefined;

/** Bytes of address space the process may still reserve; `undefined` when there is no limit, or none is known. */
export function addressSpaceLeft(read: ReadProc = readProc): number | undefined {
  const limit = /^Max address space +(\d+)/m.exec(read('limits') ?? '')?.[1];
  if (limit === undefined) return undefined;
  const used = /^VmSize:\s+(\d+) kB/m.exec(read('status') ?? '')?.[1];
  return used === undefined ? undefined : Math.max(0, Number(limit) - Number(used) * 1024);
}

/** Bytes of address space that so many threads reserve, or somewhat more. */
export function addressSpaceOfThreads(workers: number, limits: ResourceLimits | undefined): number {
  const code = Math.max(LEAST_CODE_RANGE, limits?.codeRangeSizeMb ?? CODE_RANGE);
  const each = code + (limits?.stackSizeMb ?? STACK) + BESIDE_CODE_AND_STACK;
  return (ONCE + workers * each) * MIB;
}

/**
 * Makes what holds the shared memory of a pool, if there is room for that and for the threads.
 *
 * @throws MillraceError `ERR_NO_MEMORY` when there is not.
 */
export function withRoomForThreads<T>(options: Wanted, make: () => T, left: Left = addressSpaceLeft): T {
  const before = left();
  if (before === undefined) return make();
  // Subtle: before it is made, too. V8 takes three quarters, a half or a quarter when it cannot have all, and may leave
  // the process so little that it ends when this thread's heap grows.
  requireRoom(options, before, options.maxMemory, options.maxMemory);
  const made = make();
  const after = left()!;
  requireRoom(options, after, 0, before - after);
  return made;
}

/** What is to fit in. */
export interface Wanted {
  readonly workers: number;
  /** Bytes. */
  readonly maxMemory: number;
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** As `addressSpaceLeft`. */
export type Left = () => number | undefined;

/** `toCome`: bytes that shared memory will take yet. `shared`: that it takes in all. */
function requireRoom(wanted: Wanted, left: number, toCome: number, shared: number): void {
  const { workers, maxMemory, resourceLimits } = wanted;
  const threads = addressSpaceOfThreads(workers, resourceLimits);
  if (left >= threads + toCome) return;
  const range = resourceLimits?.codeRangeSizeMb === undefined ? `: Node reserves ${CODE_RANGE} MiB each` : '';
  const ways = [
    'raise its limit (ulimit -v)',
    'ask for fewer `workers`',
    `lower \`resourceLimits.codeRangeSizeMb\` (the code of each${range})`,
    shared > maxMemory + 64 * MIB
      ? `start Node with ${TRAP_HANDLER_OFF} (without it, Node reserves more than \`maxMemory\`)`
      : 'lower `maxMemory`',
  ];
  throw new MillraceError(
    'ERR_NO_MEMORY',
    `${workers} worker threads reserve some ${mib(threads)} MiB of address space and shared memory ${mib(shared)} MiB, of which this process may have ${mib(left + shared - toCome)} MiB. One of these may help: ${ways.join('; ')}.`,
  );
}

function mib(bytes: number): number {
  return Math.floor(bytes / MIB);
}

function readProc(name: string): string | undefined {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
