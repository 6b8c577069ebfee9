/**
 * Arguments and results of children, in and out of a fork record.
 *
 * What a child receives and what comes back is what `structuredClone` gives, whichever thread runs it, but for
 * SharedArrayBuffers and views on them, which stay the same memory.
 *
 * @module
 */
import { keepLargeArea, LARGE_BYTES } from '../../src/codec/bytes.ts';
import { decodeError } from '../../src/codec/decoder.ts';
import { encodeError, NEEDS_PORT } from '../../src/codec/encoder.ts';
import { corrupt } from '../../src/codec/format.ts';
import { BytesOf, isPromise, letGo, sharedGrowable } from '../../src/codec/primordials.ts';
import { MillraceError, NonErrorThrown, SerializeError, WorkerError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { asInteger, inlineKind, inlineValue } from '../../src/memory/shared-memory.ts';
import { Transferred } from '../transfer.ts';
import { Encoded, numberIn, type Shared, sharedAsCloned, sharedMemoryOf } from './shares.ts';
import type { ForkState } from './state.ts';

/** The record cannot hold them; the child can only run in its own thread. */
export const NOT_HERE = -1;

const SLOTS_OF_SHARED = 3;
const KINDS_PER_WORD = 8;
/** What is so marked has the shared memory inside it in front of its bytes: how many buffers, and the number of each. */
const ENCODED_AND_SHARED = L.FORK_ENCODED | L.FORK_SHARED;
const NONE: readonly never[] = [];

/**
 * Whether a child may be handed these as they are: nobody can change them, or they are shared anyway. Makes of views on
 * shared memory what another thread would get.
 */
export function arePlain(args: unknown[]): boolean {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    const type = typeof arg;
    if (type === 'function' || type === 'symbol') return false;
    if (type !== 'object' || arg === null) continue;
    const buffer = sharedMemoryOf(arg);
    if (buffer === undefined) return false;
    const cloned = sharedAsCloned(arg as object, buffer);
    // What is given twice stays one object.
    if (cloned !== arg) for (let j = i; j < args.length; j++) if (args[j] === arg) args[j] = cloned;
  }
  return true;
}

/** Writes arguments into a record; what to say in F_META, or `NOT_HERE`. @throws SerializeError what no thread can get */
export function writeArguments(state: ForkState, record: number, args: readonly unknown[]): number {
  if (args.length > L.FORK_ARGS) return writeAsBytes(state, record, args);
  const { i32, f64 } = state;
  const at = (record + L.F_ARGS) >> 3;
  const kinds = new Uint8Array(args.length);
  let slot = 0;
  let flags = 0;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    let kind = inlineKind(arg);
    if (kind === L.KIND_NUMBER) {
      if (slot >= L.FORK_ARG_SLOTS) return writeAsBytes(state, record, args);
      f64[at + slot++] = arg as number;
    } else if (kind < 0) {
      const buffer = sharedByItself(arg);
      kind = buffer === undefined ? L.KIND_BYTES : L.KIND_SHARED;
      // Given twice, it arrives as one object: what is read from slots are two.
      if (buffer !== undefined && (slot + SLOTS_OF_SHARED > L.FORK_ARG_SLOTS || args.indexOf(arg) < i))
        return writeAsBytes(state, record, args);
      if (buffer === undefined) flags |= L.FORK_ENCODED;
      else {
        const shared = state.shares!.write(arg as object, buffer);
        flags |= L.FORK_SHARED;
        f64[at + slot++] = shared.id;
        f64[at + slot++] = shared.from;
        f64[at + slot++] = shared.length;
      }
      // All of them together: one view may be an argument, and inside another too.
      if (flags === ENCODED_AND_SHARED) return writeAsBytes(state, record, args);
    }
    kinds[i] = kind;
  }
  i32[(record + L.F_KINDS) >> 2] = packed(kinds, 0);
  i32[(record + L.F_KINDS_REST) >> 2] = packed(kinds, KINDS_PER_WORD);
  if ((flags & L.FORK_ENCODED) !== 0) {
    const rest = args.map((arg, i) => (kinds[i] === L.KIND_BYTES ? arg : undefined));
    const encoded = writeAsBytes(state, record, rest);
    if (encoded === NOT_HERE) return NOT_HERE;
    flags |= encoded;
  }
  return args.length | flags | L.FORK_KINDS;
}

// But views on what grows may grow with it, which the three numbers of a view do not say.
function sharedByItself(value: unknown): SharedArrayBuffer | undefined {
  const buffer = sharedMemoryOf(value);
  return buffer === undefined || sharedGrowable(buffer) ? undefined : buffer;
}

function packed(kinds: Uint8Array, from: number): number {
  let word = 0;
  for (let i = from; i < kinds.length && i < from + KINDS_PER_WORD; i++)
    word |= kinds[i]! << ((i - from) * 4);
  return word;
}

// What to say of them in F_META, or `NOT_HERE`.
function writeAsBytes(state: ForkState, record: number, args: readonly unknown[]): number {
  const { encoder } = state.codec!;
  const length = encoder.encode(args, 'args', true);
  if (length === NEEDS_PORT) return NOT_HERE;
  const { shared } = encoder;
  const numbers = shared.length === 0 ? NONE : shared.map((buffer) => state.shares!.numberOf(buffer));
  const before = numbers.length === 0 ? 0 : 8 + 8 * numbers.length;
  const address = state.arena!.take(before + length);
  if (address === 0) return NOT_HERE;
  encoder.copyTo(state.view!.memory.u8, address + before);
  if (before > 0) {
    const { f64 } = state.view!.memory;
    f64[address >> 3] = numbers.length;
    for (let i = 0; i < numbers.length; i++) f64[(address >> 3) + 1 + i] = numbers[i]!;
  }
  state.i32[(record + L.F_PAYLOAD) >> 2] = address;
  state.i32[(record + L.F_LENGTH) >> 2] = length;
  return before === 0 ? L.FORK_ENCODED : ENCODED_AND_SHARED;
}

/** The arguments of a record. Undefined: this worker was started after it was told of shared memory among them. */
export function readArguments(state: ForkState, record: number): unknown[] | undefined {
  const { i32, f64 } = state;
  const meta = i32[(record + L.F_META) >> 2]!;
  const encoded = (meta & L.FORK_ENCODED) === 0 ? [] : decode(state, record, meta);
  if (encoded === undefined || (meta & (L.FORK_ENCODED | L.FORK_KINDS)) === L.FORK_ENCODED) return encoded;
  const at = (record + L.F_ARGS) >> 3;
  const count = meta & L.META_COUNT;
  const first = (meta & L.FORK_KINDS) === 0 ? 0 : i32[(record + L.F_KINDS) >> 2]!;
  const rest = (meta & L.FORK_KINDS) === 0 ? 0 : i32[(record + L.F_KINDS_REST) >> 2]!;
  const args: unknown[] = [];
  let slot = 0;
  for (let i = 0; i < count; i++) {
    const kind = kindAt(first, rest, i);
    if (kind === L.KIND_BYTES) args[i] = encoded[i];
    else if (kind === L.KIND_SHARED) {
      const shared = state.shares!.read(f64[at + slot]!, f64[at + slot + 1]!, f64[at + slot + 2]!);
      if (shared === undefined) return undefined;
      args[i] = shared;
      slot += SLOTS_OF_SHARED;
    } else args[i] = kind === L.KIND_NUMBER ? asInteger(f64[at + slot++]!) : inlineValue(kind, 0);
  }
  return args;
}

function kindAt(first: number, rest: number, i: number): number {
  return (i < KINDS_PER_WORD ? first >> (i * 4) : rest >> ((i - KINDS_PER_WORD) * 4)) & 15;
}

// Undefined: as for `readArguments`.
function decode(state: ForkState, record: number, meta: number): unknown[] | undefined {
  const { decoder } = state.codec!;
  const address = state.i32[(record + L.F_PAYLOAD) >> 2]!;
  const length = state.i32[(record + L.F_LENGTH) >> 2]!;
  if (length >= LARGE_BYTES) keepLargeArea();
  if ((meta & ENCODED_AND_SHARED) !== ENCODED_AND_SHARED)
    return decoder.decode(state.view!.bytesUpTo(address + length), address, length) as unknown[];
  const numbers = numbersInside(state, address);
  const shared: SharedArrayBuffer[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const buffer = state.shares!.find(numbers[i]!);
    if (buffer === undefined) return undefined;
    shared[i] = buffer;
  }
  const from = address + 8 + 8 * numbers.length;
  return decoder.decode(state.view!.bytesUpTo(from + length), from, length, NONE, shared) as unknown[];
}

function numbersInside(state: ForkState, address: number): Float64Array {
  const { view } = state;
  view!.bytesUpTo(address + 8);
  const count = view!.memory.f64[address >> 3]!;
  view!.bytesUpTo(address + 8 + 8 * count);
  return view!.memory.f64.subarray((address >> 3) + 1, (address >> 3) + 1 + count);
}

/** The numbers of the shared memory that arguments in a record refer to. */
export function numbersOf(state: ForkState, record: number): readonly number[] {
  const { i32, f64 } = state;
  const meta = i32[(record + L.F_META) >> 2]!;
  if ((meta & L.FORK_SHARED) === 0) return NONE;
  if ((meta & L.FORK_ENCODED) !== 0) return [...numbersInside(state, i32[(record + L.F_PAYLOAD) >> 2]!)];
  const first = i32[(record + L.F_KINDS) >> 2]!;
  const rest = i32[(record + L.F_KINDS_REST) >> 2]!;
  const numbers: number[] = [];
  let slot = (record + L.F_ARGS) >> 3;
  for (let i = 0; i < (meta & L.META_COUNT); i++) {
    const kind = kindAt(first, rest, i);
    if (kind === L.KIND_SHARED) {
      numbers.push(numberIn(f64[slot]!));
      slot += SLOTS_OF_SHARED;
    } else if (kind === L.KIND_NUMBER) slot++;
  }
  return numbers;
}

/** What the joiner of a child its own thread has run gets: what it would have got from another. */
export function handOver(state: ForkState, value: unknown): unknown {
  if (inlineKind(value) >= 0 || typeof value === 'string' || typeof value === 'bigint') return value;
  const moved = value instanceof Transferred ? value.value : value;
  const buffer = sharedMemoryOf(moved);
  if (buffer !== undefined) return sharedAsCloned(moved as object, buffer);
  const { encoder, decoder } = state.codec!;
  const length = encodeResult(state, moved);
  const { shared } = encoder;
  const bytes = new BytesOf((length + 7) & ~7);
  encoder.copyTo(bytes, 0);
  return decoder.decode(bytes, 0, length, NONE, shared);
}

function encodeResult(state: ForkState, value: unknown): number {
  if (typeof (value as { then?: unknown } | null)?.then === 'function') {
    // Nobody waits for it: should it fail, that is no stray error of this thread.
    if (isPromise(value)) letGo(value as Promise<unknown>);
    throw new SerializeError(
      'ERR_RESULT_SERIALIZE',
      'result',
      'A forked function returned a promise, which `join` cannot wait for. Fork it with `forkAsync`.',
    );
  }
  const length = state.codec!.encoder.encode(value, 'result', true);
  if (length !== NEEDS_PORT) return length;
  throw new SerializeError(
    'ERR_RESULT_SERIALIZE',
    'result',
    'A child cannot return what only a message port can carry: a port, a stream, a Blob, a key, or more than 2 GB. Return it from the submitted task.',
  );
}

/** Writes the result of a stolen child. @throws SerializeError it cannot cross. */
export function writeResult(state: ForkState, record: number, done: number, returned: unknown): void {
  const { i32, f64 } = state;
  const value = returned instanceof Transferred ? returned.value : returned;
  const kind = inlineKind(value);
  if (kind >= 0) {
    if (kind === L.KIND_NUMBER) f64[(record + L.F_RESULT) >> 3] = value as number;
    i32[(record + L.F_RESULT_KIND) >> 2] = kind;
    return;
  }
  const buffer = sharedByItself(value);
  if (buffer !== undefined)
    writeShared(state, record, state.shares!.lend(value as object, buffer, isAtHome(state, record)));
  else writeBytes(state, record, done, encodeResult(state, value));
}

// A child that this thread has forked, and run as a thief would: nobody else will read its end.
function isAtHome({ i32, block }: ForkState, record: number): boolean {
  return i32[(record + L.F_OWNER) >> 2] === i32[(block + L.W_ID) >> 2];
}

function writeShared(state: ForkState, record: number, shared: Shared): void {
  const { i32, f64 } = state;
  f64[(record + L.F_RESULT) >> 3] = shared.id;
  f64[(record + L.F_RESULT_FROM) >> 3] = shared.from;
  f64[(record + L.F_RESULT_SIZE) >> 3] = shared.length;
  i32[(record + L.F_RESULT_KIND) >> 2] = L.RESULT_SHARED;
}

/** What the thread that ran this child has lent for its result or error, as a number; 0: nothing. */
export function lentBy(state: ForkState, record: number): number {
  const kind = state.i32[(record + L.F_RESULT_KIND) >> 2];
  if (kind === L.RESULT_SHARED) return state.f64[(record + L.F_RESULT) >> 3]!;
  return kind === L.RESULT_BYTES ? state.f64[(record + L.F_RESULT_FROM) >> 3]! : 0;
}

/** Writes what a stolen child threw. */
export function writeError(state: ForkState, record: number, failed: number, error: unknown): void {
  const { encoder } = state.codec!;
  try {
    writeBytes(state, record, failed, encodeError(encoder, error));
  } catch {
    state.i32[(record + L.F_RESULT_KIND) >> 2] = L.RESULT_NO_ROOM;
  }
}

function writeBytes(state: ForkState, record: number, end: number, length: number): void {
  const { i32, f64 } = state;
  const { encoder } = state.codec!;
  const { shared } = encoder;
  const address = state.arena!.takeWhile(length, record >> 2, end);
  if (address === 0) {
    // Memory of its own, as if it were the user's.
    const buffer = new SharedArrayBuffer((length + 7) & ~7);
    encoder.copyTo(new BytesOf(buffer), 0);
    writeShared(state, record, state.shares!.lendEncoded(buffer, length, shared, isAtHome(state, record)));
    return;
  }
  encoder.copyTo(state.view!.memory.u8, address);
  f64[(record + L.F_RESULT_FROM) >> 3] =
    shared.length === 0 ? 0 : state.shares!.lendInside(shared, isAtHome(state, record));
  i32[(record + L.F_RESULT) >> 2] = address;
  i32[(record + L.F_RESULT_LENGTH) >> 2] = length;
  i32[(record + L.F_RESULT_KIND) >> 2] = L.RESULT_BYTES;
}

/** The result of a child that another thread has run to its end. */
export function readResult(state: ForkState, record: number): unknown {
  const { i32, f64 } = state;
  const kind = i32[(record + L.F_RESULT_KIND) >> 2]!;
  if (kind === L.RESULT_SHARED) {
    const lent = takeLent(state, record);
    if (!(lent instanceof Encoded)) return lent;
    return state.codec!.decoder.decode(lent.bytes, 0, lent.bytes.length, NONE, lent.inside);
  }
  if (kind !== L.RESULT_BYTES) return inlineValue(kind, f64[(record + L.F_RESULT) >> 3]!);
  const address = i32[(record + L.F_RESULT) >> 2]!;
  const length = i32[(record + L.F_RESULT_LENGTH) >> 2]!;
  const lent = lentBy(state, record);
  const inside = lent === 0 ? NONE : state.shares!.takeInside(lent);
  if (inside === undefined) throw notLent();
  return state.codec!.decoder.decode(state.view!.bytesUpTo(address + length), address, length, NONE, inside);
}

function takeLent(state: ForkState, record: number): object {
  const { f64, shares } = state;
  const from = f64[(record + L.F_RESULT_FROM) >> 3]!;
  const lent = shares!.take(lentBy(state, record), from, f64[(record + L.F_RESULT_SIZE) >> 3]!);
  if (lent === undefined) throw notLent();
  return lent;
}

// Who joins was told before the child was over: its thread had opened the channel before it forked.
function notLent(): MillraceError {
  return corrupt('a child refers to shared memory that nobody has told of');
}

/** Why a child that another thread ran has failed; `joinedAt`: the stack of its joiner. */
export function readError(state: ForkState, record: number, joinedAt: string): unknown {
  const { i32 } = state;
  const word = i32[record >> 2]!;
  // Subtle: before the kind, which a thread that was given up may still write.
  const stuck = i32[(record + L.F_STUCK) >> 2] === word;
  const kind = i32[(record + L.F_RESULT_KIND) >> 2]!;
  const worker = (word >> L.OWNER_SHIFT) & L.OWNER_MASK;
  if (stuck || kind === L.RESULT_CRASHED) {
    const name = state.functions[i32[(record + L.F_FN) >> 2]!]?.name ?? '';
    const text = !stuck
      ? `The worker that had stolen \`${name}\` ended while it ran it. Mark the task \`idempotent\` if its parts may run again.`
      : `The worker that had stolen \`${name}\` does not end: a native call holds it.`;
    const code = stuck ? 'ERR_WORKER_STUCK' : 'ERR_WORKER_CRASHED';
    return new WorkerError(code, { worker, started: true, attempts: 1 }, text);
  }
  if (kind === L.RESULT_NO_ROOM) return noRoom(state);
  if (kind === L.RESULT_SHARED) {
    const { bytes } = takeLent(state, record) as Encoded;
    return thrownIn(state, bytes, 0, bytes.length, joinedAt);
  }
  const address = i32[(record + L.F_RESULT) >> 2]!;
  const length = i32[(record + L.F_RESULT_LENGTH) >> 2]!;
  return thrownIn(state, state.view!.bytesUpTo(address + length), address, length, joinedAt);
}

// What is no error is thrown as it was, as by a child that was not stolen.
function thrownIn(
  state: ForkState,
  bytes: Uint8Array,
  at: number,
  length: number,
  joinedAt: string,
): unknown {
  const { error } = decodeError(state.codec!.decoder, bytes, at, length, { submittedAt: joinedAt });
  return error instanceof NonErrorThrown ? error.thrown : error;
}

function noRoom(state: ForkState): MillraceError {
  const name = 'What a child threw';
  const room = state.i32[(L.HEADER + L.H_FORK_BYTES_SIZE) >> 2];
  return new MillraceError(
    'ERR_NO_MEMORY',
    `${name} could not be kept: there was no memory for it, nor room in the ${room} bytes a worker has for that.`,
  );
}
