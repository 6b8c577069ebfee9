/**
 * What the codec and a worker's loop use of the language and of Node, taken when this module loads: a task may replace
 * `Array.prototype.push`, `Object.keys`, `Atomics.load` or `setImmediate` in its thread, by a patch or a fake clock. The
 * loop goes on, the values of other tasks still arrive, and no replacement is called with a view of the shared memory.
 *
 * Some are named as what they are taken from, so that a file that imports them reads as any other.
 *
 * @module
 */

const { Buffer, process } = globalThis;
// This file is loaded by every thread that starts: `node:v8`, and all of `node:util`, would cost each a millisecond.
const types: typeof import('node:util/types') = process.getBuiltinModule('node:util/types');

const { bind, call } = Function.prototype;
/** `uncurry(f)(self, ...args)` is `f.call(self, ...args)` whatever becomes of `Function.prototype`. */
export const uncurry: <T, A extends unknown[], R>(
  f: (this: T, ...args: A) => R,
) => (self: T, ...args: A) => R = bind.bind(call) as never;

function getter<T, R>(prototype: object, key: PropertyKey): (self: T) => R {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get;
  return uncurry(get as (this: T) => R) as (self: T) => R;
}

export const ObjectPrototype: object = Object.prototype;
export const ArrayPrototype: object = Array.prototype;
export const BufferPrototype: object = Buffer.prototype;
export const getPrototypeOf: typeof Object.getPrototypeOf = Object.getPrototypeOf;
export const setPrototypeOf: typeof Object.setPrototypeOf = Object.setPrototypeOf;
export const keys: typeof Object.keys = Object.keys;
export const defineProperty: typeof Object.defineProperty = Object.defineProperty;
export const getOwnPropertyDescriptor: typeof Object.getOwnPropertyDescriptor =
  Object.getOwnPropertyDescriptor;
export const getOwnPropertyNames: typeof Object.getOwnPropertyNames = Object.getOwnPropertyNames;
export const isArray: typeof Array.isArray = Array.isArray;
export const isView: typeof ArrayBuffer.isView = ArrayBuffer.isView;
export const reflectSet: typeof Reflect.set = Reflect.set;
export const hasOwn: (o: object, key: PropertyKey) => boolean = uncurry(Object.prototype.hasOwnProperty);
export const charCodeAt: (s: string, i: number) => number = uncurry(String.prototype.charCodeAt);
export const substring: (s: string, from: number, to: number) => string = uncurry(
  String.prototype.substring,
) as never;
export const functionSource: (f: unknown) => string = uncurry(Function.prototype.toString);
export const fromCharCode: (code: number) => string = String.fromCharCode;
export const toText: (value: unknown) => string = String;

export const NewMap: typeof Map = Map;
export const NewSet: typeof Set = Set;
export const NewWeakMap: typeof WeakMap = WeakMap;
export const NewDate: typeof Date = Date;
export const NewRegExp: typeof RegExp = RegExp;
export const NewObject: typeof Object = Object;
export const NewError: typeof Error = Error;
export const toBigInt: typeof BigInt = BigInt;
export const BytesOf: typeof Uint8Array = Uint8Array;
export const WordsOf: typeof Int32Array = Int32Array;
export const DoublesOf: typeof Float64Array = Float64Array;
export const NewArrayBuffer: typeof ArrayBuffer = ArrayBuffer;

export const mapGet: <K, V>(m: Map<K, V>, key: K) => V | undefined = uncurry(Map.prototype.get) as never;
export const mapSet: <K, V>(m: Map<K, V>, key: K, value: V) => unknown = uncurry(Map.prototype.set) as never;
export const mapDelete: <K, V>(m: Map<K, V>, key: K) => boolean = uncurry(Map.prototype.delete) as never;
export const mapClear: (m: Map<unknown, unknown>) => void = uncurry(Map.prototype.clear);
export const mapForEach: <K, V>(m: Map<K, V>, f: (value: V, key: K) => void) => void = uncurry(
  Map.prototype.forEach,
) as never;
export const mapSize: (m: Map<unknown, unknown>) => number = getter(Map.prototype, 'size');
export const setHas: (s: ReadonlySet<unknown>, value: unknown) => boolean = uncurry(
  Set.prototype.has,
) as never;
export const setAdd: <T>(s: Set<T>, value: T) => unknown = uncurry(Set.prototype.add) as never;
export const setForEach: <T>(s: Set<T>, f: (value: T) => void) => void = uncurry(
  Set.prototype.forEach,
) as never;
export const weakGet: <V>(m: WeakMap<object, V>, key: object) => V | undefined = uncurry(
  WeakMap.prototype.get,
) as never;
export const weakSet: <V>(m: WeakMap<object, V>, key: object, value: V) => unknown = uncurry(
  WeakMap.prototype.set,
) as never;
export const dateTime: (d: Date) => number = uncurry(Date.prototype.getTime);
export const regexpSource: (r: RegExp) => string = getter(RegExp.prototype, 'source');
/** `RegExp.prototype.flags` would read properties a user can replace; each flag's own getter reads the real one. */
const flagGetters: (readonly [string, (r: RegExp) => boolean])[] = [];
for (const [flag, name] of [
  ['d', 'hasIndices'],
  ['g', 'global'],
  ['i', 'ignoreCase'],
  ['m', 'multiline'],
  ['s', 'dotAll'],
  ['u', 'unicode'],
  ['v', 'unicodeSets'],
  ['y', 'sticky'],
] as const) {
  if (name in RegExp.prototype) flagGetters.push([flag, getter(RegExp.prototype, name)]);
}
export function regexpFlags(r: RegExp): string {
  let flags = '';
  for (let i = 0; i < flagGetters.length; i++) if (flagGetters[i]![1](r)) flags += flagGetters[i]![0];
  return flags;
}
export const regexpExec: (r: RegExp, text: string) => unknown = uncurry(RegExp.prototype.exec);
export const bigintText: (n: bigint, radix: number) => string = uncurry(BigInt.prototype.toString) as never;
export const unboxNumber: (n: unknown) => number = uncurry(Number.prototype.valueOf) as never;
export const unboxString: (n: unknown) => string = uncurry(String.prototype.valueOf) as never;
export const unboxBoolean: (n: unknown) => boolean = uncurry(Boolean.prototype.valueOf) as never;
export const unboxSymbol: (n: unknown) => symbol = uncurry(Symbol.prototype.valueOf) as never;
export const unboxBigInt: (n: unknown) => bigint = uncurry(BigInt.prototype.valueOf) as never;

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
export const viewTag: (v: ArrayBufferView) => string | undefined = getter(
  TypedArrayPrototype,
  Symbol.toStringTag,
);
export const typedBuffer: (v: ArrayBufferView) => ArrayBufferLike = getter(TypedArrayPrototype, 'buffer');
export const typedOffset: (v: ArrayBufferView) => number = getter(TypedArrayPrototype, 'byteOffset');
export const typedBytes: (v: ArrayBufferView) => number = getter(TypedArrayPrototype, 'byteLength');
export const dataBuffer: (v: ArrayBufferView) => ArrayBufferLike = getter(DataView.prototype, 'buffer');
export const dataOffset: (v: ArrayBufferView) => number = getter(DataView.prototype, 'byteOffset');
export const dataBytes: (v: ArrayBufferView) => number = getter(DataView.prototype, 'byteLength');
export const bufferBytes: (b: ArrayBuffer) => number = getter(ArrayBuffer.prototype, 'byteLength');
export const bufferResizable: (b: ArrayBuffer) => boolean = getter(ArrayBuffer.prototype, 'resizable');
export const sharedBytes: (b: SharedArrayBuffer) => number = getter(
  SharedArrayBuffer.prototype,
  'byteLength',
);
export const sharedGrowable: (b: SharedArrayBuffer) => boolean = getter(
  SharedArrayBuffer.prototype,
  'growable',
);
const set: (target: Uint8Array, source: Uint8Array, offset: number) => void = uncurry(
  Uint8Array.prototype.set,
) as never;
const fill: (target: Uint8Array, source: Uint8Array, from: number, to: number) => void = uncurry(
  Buffer.prototype.fill,
) as never;
/** From here on a call into Node costs less than it saves. */
const NATIVE_COPY = 4_096;

/**
 * Copies `source` to `target`; one of them may be shared memory, which nobody else may write meanwhile.
 *
 * `set` copies shared memory word by word, with relaxed atomic accesses; `fill` is a `memcpy`. 1 MiB into shared memory
 * and out of it: 105 and 119 µs with `set`, 76 and 77 with `fill` (Node 20.20; 22 to 26 much the same); 4 KiB: 0.28 and
 * 0.32, 0.18 and 0.23; 1 KiB: even.
 */
export function setBytes(target: Uint8Array, source: Uint8Array, offset: number = 0): void {
  const size = typedBytes(source);
  if (size < NATIVE_COPY) set(target, source, offset);
  else if (offset + size > typedBytes(target)) throw new RangeError('The bytes do not fit the target');
  else fill(target, source, offset, offset + size);
}
export const subarray: (v: Uint8Array, from: number, to: number) => Uint8Array = uncurry(
  Uint8Array.prototype.subarray,
) as never;

/** Methods Node installs on every Buffer; they take any byte view, also on shared memory. */
interface NativeStrings {
  latin1Slice(from: number, to: number): string;
  ucs2Slice(from: number, to: number): string;
  latin1Write(text: string, at: number, bytes: number): number;
  ucs2Write(text: string, at: number, bytes: number): number;
}
const native = Buffer.prototype as unknown as NativeStrings;
export const latin1Slice: (b: Uint8Array, from: number, to: number) => string = uncurry(
  native.latin1Slice,
) as never;
export const ucs2Slice: (b: Uint8Array, from: number, to: number) => string = uncurry(
  native.ucs2Slice,
) as never;
export const latin1Write: (b: Uint8Array, text: string, at: number, bytes: number) => number = uncurry(
  native.latin1Write,
) as never;
export const ucs2Write: (b: Uint8Array, text: string, at: number, bytes: number) => number = uncurry(
  native.ucs2Write,
) as never;
/** Fresh memory of its own, not zeroed: only for what is overwritten whole. */
export const allocUnsafeSlow: (bytes: number) => Buffer = Buffer.allocUnsafeSlow;

export const isProxy: typeof types.isProxy = types.isProxy;
export const isArgumentsObject: typeof types.isArgumentsObject = types.isArgumentsObject;
export const isDate: typeof types.isDate = types.isDate;
export const isRegExp: typeof types.isRegExp = types.isRegExp;
export const isMap: typeof types.isMap = types.isMap;
export const isSet: typeof types.isSet = types.isSet;
export const isNativeError: typeof types.isNativeError = types.isNativeError;
export const isAnyArrayBuffer: typeof types.isAnyArrayBuffer = types.isAnyArrayBuffer;
export const isSharedArrayBuffer: typeof types.isSharedArrayBuffer = types.isSharedArrayBuffer;
export const isBoxedPrimitive: typeof types.isBoxedPrimitive = types.isBoxedPrimitive;
export const isNumberObject: typeof types.isNumberObject = types.isNumberObject;
export const isStringObject: typeof types.isStringObject = types.isStringObject;
export const isBooleanObject: typeof types.isBooleanObject = types.isBooleanObject;
export const isBigIntObject: typeof types.isBigIntObject = types.isBigIntObject;
export const isPromise: typeof types.isPromise = types.isPromise;
export const isWeakMap: typeof types.isWeakMap = types.isWeakMap;
export const isWeakSet: typeof types.isWeakSet = types.isWeakSet;
export const isGeneratorObject: typeof types.isGeneratorObject = types.isGeneratorObject;
export const isMapIterator: typeof types.isMapIterator = types.isMapIterator;
export const isSetIterator: typeof types.isSetIterator = types.isSetIterator;
export const isModuleNamespaceObject: typeof types.isModuleNamespaceObject = types.isModuleNamespaceObject;
export const isExternal: typeof types.isExternal = types.isExternal;

const { load, store, notify, wait, waitAsync } = globalThis.Atomics;

// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
export const Atomics: Pick<typeof globalThis.Atomics, 'load' | 'store' | 'notify' | 'wait' | 'waitAsync'> =
  Object.freeze({ load, store, notify, wait, waitAsync });

export const performance: { readonly now: () => number } = Object.freeze({
  now: globalThis.performance.now.bind(globalThis.performance),
});

const { eventLoopUtilization } = globalThis.performance;
/** For how long this thread's event loop has had nothing to do, ms. */
export const eventLoopIdle = (): number => eventLoopUtilization().idle;

export const NativePromise: typeof Promise = Promise;
const { then } = Promise.prototype;
const { apply } = Reflect;

/** `promise.then(fulfilled, rejected)` of a promise of this realm, whatever has become of `Promise.prototype`. */
export function subscribe(
  promise: Promise<unknown>,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
): void {
  apply(then, promise, [fulfilled, rejected]);
}

/** Whether it is an object to be waited for. Looking at `then` may throw. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Nobody waits for it: should it fail, that is no stray error. */
export function letGo(promise: Promise<unknown>): void {
  subscribe(promise, ignore, ignore);
}

function ignore(): void {}

export const setImmediate: typeof globalThis.setImmediate = globalThis.setImmediate;
export const setTimeout: typeof globalThis.setTimeout = globalThis.setTimeout;
export const setInterval: typeof globalThis.setInterval = globalThis.setInterval;
export const clearInterval: typeof globalThis.clearInterval = globalThis.clearInterval;
