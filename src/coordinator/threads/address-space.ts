/**
 * Whether the process may reserve as much address space as threads and shared memory take. Where that is limited
 * (`ulimit -v`), V8 ends the whole process when it cannot reserve what a new thread needs; so it is asked for before.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { MillraceError } from '../../errors.ts';
import type { ResourceLimits } from '../options.ts';

const MIB = 2 ** 20;
/** For the code of each thread, MiB; V8's own default. Elsewhere it is no more than a quarter of that. */
const CODE_RANGE = process.arch === 'x64' ? 512 : 128;
/** For its stack, its heap and its allocator, MiB; measured. */
const BESIDE_CODE = 72;
/** For Node's own threads, which start with the first worker, MiB; measured. */
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

/** @throws MillraceError `ERR_NO_MEMORY` when there is no room for so many threads. */
export function requireRoomForThreads(
  workers: number,
  limits: ResourceLimits | undefined,
  left: number | undefined = addressSpaceLeft(),
): void {
  if (left === undefined) return;
  const each = (limits?.codeRangeSizeMb ?? CODE_RANGE) + BESIDE_CODE;
  const need = ONCE + workers * each;
  if (left >= need * MIB) return;
  throw new MillraceError(
    'ERR_NO_MEMORY',
    `${workers} worker threads reserve some ${need} MiB of address space, and this process may have ${Math.floor(left / MIB)} MiB more. Raise its limit (ulimit -v), ask for fewer \`workers\`, or set \`resourceLimits.codeRangeSizeMb\`: Node reserves ${CODE_RANGE} MiB for the code of each.`,
  );
}

/** The error of shared memory that could not be had, with what to do about it where address space is what lacks. */
export function explainReservation(
  error: unknown,
  left: number | undefined = addressSpaceLeft(),
  nodeOptions: readonly string[] = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''],
): unknown {
  const isReservation =
    error instanceof MillraceError && error.code === 'ERR_NO_MEMORY' && error.cause instanceof RangeError;
  if (!isReservation || left === undefined) return error;
  // Then it is as large as `maxMemory` says, and the error says so already.
  if (nodeOptions.some((option) => option.includes(TRAP_HANDLER_OFF))) return error;
  return new MillraceError(
    'ERR_NO_MEMORY',
    `Shared memory cannot be reserved: Node takes some 10 GiB of address space for it, however small \`maxMemory\` is, and this process may have ${Math.floor(left / MIB)} MiB more. Raise its limit (ulimit -v), or start Node with ${TRAP_HANDLER_OFF}.`,
    { cause: error.cause },
  );
}

function readProc(name: string): string | undefined {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
