/**
 * Handles: what is sent to another thread in place of a queue, and how the other thread gets a queue out of it.
 *
 * Before each structure lie `PREFIX` bytes that say what it is, and who has which role that only one may have.
 *
 * @module
 */
import { expected, InvalidArgumentError, MillraceError } from '../../errors.ts';
import * as L from '../layout.ts';
import {
  attachCore,
  type Core,
  SharedMemory,
  Wasm,
  type WasmMemory,
  type WasmModule,
} from '../shared-memory.ts';

/** What a handle opens: the name of the class. */
export type HandleKind =
  | 'OwnerDeque'
  | 'ThiefDeque'
  | 'RingProducer'
  | 'RingConsumer'
  | 'SpscProducer'
  | 'SpscConsumer'
  | 'EventCount';

/**
 * A queue on its way to another thread: send it by `workerData` or `postMessage`, and give it to `open` of the class
 * that `kind` names. A plain object; its fields are not for use.
 */
export interface Handle<Kind extends HandleKind> {
  readonly kind: Kind;
  readonly version: number;
  readonly space: string;
  readonly memory: WasmMemory;
  readonly module: WasmModule;
  readonly address: number;
}

export const PREFIX: number = L.LINE;
/** Constant: the shape, so that a wrong address is found out. */
const P_SHAPE = 0;
/** The roles only one may have: 1 while somebody has it, 0 while it is on its way. */
const P_ROLE = { OwnerDeque: 4, RingProducer: 4, SpscProducer: 4, SpscConsumer: 8 } as const;

export type ExclusiveKind = keyof typeof P_ROLE;

const SHAPES: Readonly<Record<HandleKind, number>> = {
  OwnerDeque: 1,
  ThiefDeque: 1,
  RingProducer: 2,
  RingConsumer: 2,
  SpscProducer: 3,
  SpscConsumer: 3,
  EventCount: 4,
};

/** A structure as one thread sees it. */
export interface Place {
  readonly space: string;
  readonly memory: WasmMemory;
  readonly module: WasmModule;
  readonly core: Core;
  readonly address: number;
  readonly i32: Int32Array;
}

/** Marks fresh zeroed memory as a structure whose exclusive roles are all taken by the caller. */
export function mark(i32: Int32Array, address: number, kind: HandleKind): void {
  const prefix = (address - PREFIX) >>> 2;
  i32[prefix + (P_SHAPE >> 2)] = L.VERSION ^ SHAPES[kind];
  i32[prefix + 1] = 1;
  i32[prefix + 2] = 1;
}

export function handleOf<Kind extends HandleKind>(place: Place, kind: Kind): Handle<Kind> {
  const { space, memory, module, address } = place;
  return { kind, version: L.VERSION, space, memory, module, address };
}

const attached = new WeakMap<WasmMemory, { readonly core: Core; readonly shared: SharedMemory }>();

/**
 * This thread's view of what a handle names.
 *
 * @throws InvalidArgumentError when it is no handle of that kind, MillraceError `ERR_VERSION_MISMATCH` when another
 * version of the library made it.
 */
export function attach<Kind extends HandleKind>(handle: Handle<Kind>, kind: Kind): Place {
  if (typeof handle !== 'object' || handle === null)
    throw expected('handle', `a handle of kind ${kind}`, handle);
  if (handle.kind !== kind) throw expected('handle.kind', `"${kind}"`, handle.kind);
  if (handle.version !== L.VERSION) {
    throw new MillraceError(
      'ERR_VERSION_MISMATCH',
      `This \`${kind}\` was made by another version of Millrace. Let both threads load the same one.`,
    );
  }
  const { space, memory, module, address } = handle;
  if (Wasm === undefined || !(memory instanceof (Wasm.Memory as unknown as new () => object))) {
    throw expected('handle.memory', 'a shared WebAssembly.Memory', memory);
  }
  let side = attached.get(memory);
  if (side === undefined) {
    side = { core: attachCore(module, memory), shared: SharedMemory.attach(memory) };
    attached.set(memory, side);
  }
  const { core, shared } = side;
  if (address >= shared.u8.length) shared.refresh();
  const { i32 } = shared;
  if (i32[(address - PREFIX) / 4] !== (L.VERSION ^ SHAPES[kind])) {
    throw expected('handle.address', `the address of a structure that \`${kind}\` opens`, address);
  }
  return { space, memory, module, core, address, i32 };
}

/** Gives an exclusive role away. The caller forgets it in the same breath. */
export function release(place: Place, kind: ExclusiveKind): void {
  Atomics.store(place.i32, roleIndex(place, kind), 0);
}

/** @throws InvalidArgumentError when somebody has the role: its handle was opened already. */
export function acquire(place: Place, kind: ExclusiveKind): void {
  if (Atomics.compareExchange(place.i32, roleIndex(place, kind), 0, 1) === 0) return;
  throw new InvalidArgumentError(
    `This \`${kind}\` has been opened already, and only one may exist. ` +
      'If its thread has exited, use `recover`; else hand it over from there.',
  );
}

/** Takes an exclusive role from a thread that is gone. */
export function seize(place: Place, kind: ExclusiveKind): void {
  Atomics.store(place.i32, roleIndex(place, kind), 1);
}

/** What stands in for the core in an object whose role was handed over: every step throws. */
export function gone(kind: ExclusiveKind): Core {
  const fail = (): never => {
    throw new InvalidArgumentError(
      `This \`${kind}\` was handed over. Use the one that was opened from its handle.`,
    );
  };
  return new Proxy({}, { get: () => fail }) as Core;
}

function roleIndex(place: Place, kind: ExclusiveKind): number {
  return (place.address - PREFIX + P_ROLE[kind]) >>> 2;
}
