/**
 * Whether a thread's stack has room left.
 *
 * JavaScript cannot ask. An argument list of that length finds out, and writes every byte of it: 25 µs for 256 KB, more
 * than a steal. A wasm function whose frame is large has its room checked on entry and writes none of it: 0.3 µs.
 *
 * The frame is large because a path that is never taken keeps many results of calls, of which no compiler knows
 * anything, until it adds them up. V8's baseline and optimizing compilers both give each a place of its own.
 *
 * @module
 */

import { Wasm } from '../../src/memory/shared-memory.ts';
import { stackOverflow } from './places.ts';

/** Results that are kept at the same time, 8 bytes each. */
const KEPT = 1000;
/** Frames of some 8 KB: 512 KB. V8 may put one call into another, which then have one frame: 256 KB. */
const FRAMES = 64;

/** At least this much is free where `hasStack` says so, bytes. 500 calls, some 40 KB, did not do to end a child's children. */
export const HEADROOM: number = 256 * 1024;

/** As `FRAMES`, for 64 KB. */
const FRAMES_TO_END = 16;

type Probe = (frames: number, never: number) => number;

let probe: Probe | undefined;

/** Whether `HEADROOM` bytes of this thread's stack are free, here and now. */
export function hasStack(): boolean {
  return has(FRAMES);
}

/**
 * What may not be left half done begins with this: nothing has happened yet when it throws.
 *
 * @throws RangeError too little of this thread's stack is free to end children, to take over how one has ended, or to
 * read the arguments of one.
 */
export function needStack(): void {
  if (!hasStackToEnd()) throw stackOverflow();
}

/** Whether `needStack` would not throw. */
export function hasStackToEnd(): boolean {
  return has(FRAMES_TO_END);
}

function has(frames: number): boolean {
  try {
    probe ??= load();
    probe(frames, 0);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const [I32, F64, FUNCTION] = [0x7f, 0x7c, 0x60];
const [IF, ELSE, END, RETURN, CALL, NO_VALUE] = [0x04, 0x05, 0x0b, 0x0f, 0x10, 0x40];
const [LOCAL, CONSTANT, IS_ZERO, ADD, SUBTRACT, ADD_F64] = [0x20, 0x41, 0x45, 0x6a, 0x6b, 0xa0];
const TO_I32 = [0xfc, 0x02];
const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const [UNKNOWN, PROBE] = [0, 1];

// probe(frames, never) = never ? the sum of KEPT calls of unknown() : frames == 0 ? 0 : probe(frames - 1, never) + 1
function load(): Probe {
  const sum = [...repeated(KEPT, [CALL, UNKNOWN]), ...repeated(KEPT - 1, [ADD_F64])];
  const below = [LOCAL, 0, CONSTANT, 1, SUBTRACT, LOCAL, 1, CALL, PROBE, CONSTANT, 1, ADD];
  const body = [
    ...[0, LOCAL, 1, IF, NO_VALUE, ...sum, ...TO_I32, RETURN, END],
    ...[LOCAL, 0, IS_ZERO, IF, I32, CONSTANT, 0, ELSE, ...below, END, END],
  ];
  const module = new Wasm!.Module(
    Uint8Array.from([
      ...MAGIC,
      ...section(1, [2, FUNCTION, 0, 1, F64, FUNCTION, 2, I32, I32, 1, I32]),
      ...section(2, [1, 0, 0, 0, UNKNOWN]),
      ...section(3, [1, 1]),
      ...section(7, [1, 0, 0, PROBE]),
      ...section(10, [1, ...size(body.length), ...body]),
    ]),
  );
  const { exports } = new Wasm!.Instance(module, { '': { '': () => 0 } });
  return (exports as { readonly '': Probe })[''];
}

function repeated(times: number, bytes: readonly number[]): number[] {
  return Array.from({ length: times }, () => bytes).flat();
}

function section(id: number, body: readonly number[]): number[] {
  return [id, ...size(body.length), ...body];
}

/** LEB128. */
function size(bytes: number): number[] {
  return bytes < 128 ? [bytes] : [(bytes & 127) | 128, ...size(bytes >>> 7)];
}
