/**
 * Where an object's words lie, and handles: what is sent to another thread in place of an object.
 *
 * Every object has memory of its own. It begins with words that say what it is and that never change.
 *
 * @module
 */
import { checkKeys, expected, MillraceError } from '../errors.ts';
import { ME, ofThread } from './thread.ts';

/** What a handle opens: the name of the class. */
export type SyncKind = 'Mutex' | 'RwLock' | 'Semaphore' | 'Barrier' | 'Latch' | 'Channel';

/**
 * An object on its way to another thread: send it as an argument of a task, by `workerData` or `postMessage`, and give
 * it to `open` of the class that `kind` names. A plain object; its fields are not for use.
 */
export interface SyncHandle<Kind extends SyncKind> {
  readonly kind: Kind;
  readonly version: number;
  readonly name: string;
  readonly memory: SharedArrayBuffer;
}

/** What an object can be made with, besides a name. */
const OPTIONS: Readonly<Record<SyncKind, readonly string[]>> = {
  Mutex: [],
  RwLock: ['readers'],
  Semaphore: ['permits'],
  Barrier: ['parties'],
  Latch: ['count'],
  Channel: ['capacity'],
};

/** Raised when the words of any object change their meaning. */
const VERSION = 2;

const SHAPES: Readonly<Record<SyncKind, number>> = {
  Mutex: 1,
  RwLock: 2,
  Semaphore: 3,
  Barrier: 4,
  Latch: 5,
  Channel: 6,
};

/** Indices of the words all objects begin with. */
export const WORDS = {
  /** Constant: kind and version. */
  shape: 0,
  /** Constant: a number the object was made with. */
  size: 1,
  /** Constant, 64 bits: no two objects of a process have the same. */
  id: 2,
  /** 64 bits: what the holder of a lock shows to those who wait for it. */
  label: 4,
  /** Constant: the byte at which the table of the order of locks begins; 0: there is none. */
  order: 6,
  /** The object's own words, on lines of their own. */
  first: 32,
} as const;

/** 128 bytes: two lines, since processors fetch them in pairs. */
export const LINE = 32;

/** An object's memory as one thread sees it. */
export interface Place {
  readonly kind: SyncKind;
  readonly name: string;
  readonly memory: SharedArrayBuffer;
  readonly i32: Int32Array;
}

const LONGEST_NAME = 100;

export interface NameOptions {
  /** What messages call it. Default: its kind and a number. 1 to 100 characters. */
  readonly name?: string;
}

/** Fresh memory for an object of `bytes` bytes, and an order table of `orderBytes` after them. */
export function allot(
  kind: SyncKind,
  options: NameOptions,
  size: number,
  bytes: number,
  orderBytes = 0,
): Place {
  checkKeys('options', options, [...OPTIONS[kind], 'name']);
  ofThread.made++;
  const { name = `${kind} ${ME}.${ofThread.made}` } = options;
  if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME)
    throw expected('options.name', `a string of 1 to ${LONGEST_NAME} characters`, name);
  const memory = shared(bytes + orderBytes);
  const i32 = new Int32Array(memory);
  i32[WORDS.size] = size;
  i32[WORDS.id] = ofThread.made;
  i32[WORDS.id + 1] = ME;
  i32[WORDS.order] = orderBytes > 0 ? bytes : 0;
  i32[WORDS.shape] = shapeOf(kind);
  return { kind, name, memory, i32 };
}

/**
 * @throws InvalidArgumentError when it is no handle of that kind, MillraceError `ERR_VERSION_MISMATCH` when another
 * version of the library made it.
 */
export function attach<Kind extends SyncKind>(handle: SyncHandle<Kind>, kind: Kind): Place {
  if (typeof handle !== 'object' || handle === null)
    throw expected('handle', `the handle of a ${kind}`, handle);
  if (handle.kind !== kind) throw expected('handle.kind', `"${kind}"`, handle.kind);
  if (handle.version !== VERSION) {
    throw new MillraceError(
      'ERR_VERSION_MISMATCH',
      `This \`${kind}\` was made by another version of Millrace. Let both threads load the same one.`,
    );
  }
  const { memory, name } = handle;
  if (!(memory instanceof SharedArrayBuffer) || memory.byteLength < 4 * WORDS.first)
    throw expected('handle.memory', 'the SharedArrayBuffer it was made with', memory);
  const i32 = new Int32Array(memory, 0, memory.byteLength >> 2);
  if (i32[WORDS.shape] !== shapeOf(kind)) throw expected('handle.memory', `the memory of a ${kind}`, memory);
  return { kind, name: String(name), memory, i32 };
}

export function handleOf<Kind extends SyncKind>(place: Place, kind: Kind): SyncHandle<Kind> {
  return { kind, version: VERSION, name: place.name, memory: place.memory };
}

/** @throws InvalidArgumentError unless it is an integer in the range */
export function checkInteger(
  what: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (!(Number.isInteger(value) && (value as number) >= least && (value as number) <= most))
    throw expected(what, `an integer from ${least} to ${most}`, value);
}

function shapeOf(kind: SyncKind): number {
  return 0x73790000 | (VERSION << 8) | SHAPES[kind];
}

function shared(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    throw new MillraceError('ERR_NO_MEMORY', `There is no room for ${bytes} bytes of shared memory.`, {
      cause,
    });
  }
}
