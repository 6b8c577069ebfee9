/**
 * What structured clone makes of an object that is not obviously plain. The order of the questions matters: a Proxy
 * is found before anything could run its traps, and an own prototype is a hint, never a proof.
 *
 * @module
 */
import { bufferOf, isDetached } from './bytes.ts';
import {
  ArrayPrototype,
  bufferBytes,
  functionSource,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isAnyArrayBuffer,
  isArgumentsObject,
  isArray,
  isBoxedPrimitive,
  isDate,
  isExternal,
  isGeneratorObject,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isView,
  isWeakMap,
  isWeakSet,
  NewSet,
  NewWeakMap,
  ObjectPrototype,
  setHas,
  substring,
  unboxSymbol,
  weakGet,
  weakSet,
} from './primordials.ts';

/**
 * `port` is cloned by a message port only; `move` must also be in a transfer list; `refused` is cloned by nothing.
 */
export type Class =
  | 'plain'
  | 'array'
  | 'view'
  | 'buffer'
  | 'date'
  | 'regexp'
  | 'map'
  | 'set'
  | 'error'
  | 'boxed'
  | 'port'
  | 'move'
  | 'proxy'
  | 'refused';

export function classify(value: object): Class {
  if (isProxy(value)) return 'proxy';
  if (isArray(value)) return 'array';
  const prototype = getPrototypeOf(value) as object | null;
  return prototype === ObjectPrototype ? (brandOf(value) ?? 'plain') : classOfInstance(value, prototype);
}

/** For an object that is neither a Proxy nor an array and whose prototype is not `Object.prototype`. */
export function classOfInstance(value: object, prototype: object | null): Class {
  // The usual ones first: each question is a call into C++.
  if (isView(value)) return isSharedArrayBuffer(bufferOf(value)) ? 'port' : 'view';
  if (prototype === DatePrototype && isDate(value)) return 'date';
  if (prototype === MapPrototype && isMap(value)) return 'map';
  if (prototype === SetPrototype && isSet(value)) return 'set';
  if (prototype === null) return brandOf(value) ?? 'plain';
  let lineage = weakGet(lineages, prototype);
  if (lineage === undefined) {
    lineage = lineageOf(prototype);
    weakSet(lineages, prototype, lineage);
  }
  switch (lineage) {
    case 'user':
      return 'plain';
    case 'builtin':
      return brandOf(value) ?? (inheritsDOMException(value) ? 'error' : 'plain');
    case 'foreign':
      return brandOf(value) ?? probe(value);
    default:
      return lineage;
  }
}

/** The kind an object has by what it is inside, whatever its prototype says; undefined for an ordinary object. */
export function brandOf(value: object): Class | undefined {
  if (isView(value)) return isSharedArrayBuffer(bufferOf(value)) ? 'port' : 'view';
  if (isAnyArrayBuffer(value)) return isSharedArrayBuffer(value) ? 'port' : 'buffer';
  if (isMap(value)) return 'map';
  if (isSet(value)) return 'set';
  if (isDate(value)) return 'date';
  if (isRegExp(value)) return 'regexp';
  if (isNativeError(value)) return 'error';
  if (isBoxedPrimitive(value)) return 'boxed';
  const refused =
    isPromise(value) ||
    isArgumentsObject(value) ||
    isWeakMap(value) ||
    isWeakSet(value) ||
    isGeneratorObject(value) ||
    isMapIterator(value) ||
    isSetIterator(value) ||
    isModuleNamespaceObject(value) ||
    isExternal(value);
  return refused ? 'refused' : undefined;
}

type Lineage = 'user' | 'builtin' | 'foreign' | 'port' | 'move' | 'refused';
const lineages = new NewWeakMap<object, Lineage>();

/**
 * Platform classes by name. A user's class of the same name merely takes the port, which is as faithful; a name is
 * enough, so `node:crypto` need not be loaded to know a key when there is none.
 */
const CLONED_BY_PORT = new NewSet([
  'Blob',
  'KeyObject',
  'CryptoKey',
  'X509Certificate',
  'BlockList',
  'SocketAddress',
  'Histogram',
  'JSTransferable',
]);
const MOVED_BY_PORT = new NewSet([
  'MessagePort',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
  'FileHandle',
]);
/** Node refuses to clone these since 22, and cloned them as plain objects before: structured clone itself is asked. */
const ASKED = new NewSet([
  'URL',
  'URLSearchParams',
  'Headers',
  'Request',
  'Response',
  'FormData',
  'WebSocket',
  'EventSource',
]);
const BUILTIN = new NewSet(
  (
    'Object Array Map Set Date RegExp Error EvalError RangeError ReferenceError SyntaxError TypeError URIError ' +
    'AggregateError Number String Boolean BigInt Symbol ArrayBuffer SharedArrayBuffer DataView TypedArray Int8Array ' +
    'Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array ' +
    'Float64Array BigInt64Array BigUint64Array Promise WeakMap WeakSet'
  ).split(' '),
);
/** Iterators and generators carry no constructor to know them by; these two are behind all of them. */
const IteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]())) as object;
const AsyncIteratorPrototype = getPrototypeOf(
  getPrototypeOf(getPrototypeOf((async function* () {})())),
) as object;
function lineageOf(prototype: object): Lineage {
  let found: Lineage = 'user';
  let at: object | null = prototype;
  while (at !== null && at !== ObjectPrototype && !isProxy(at)) {
    if (at === IteratorPrototype || at === AsyncIteratorPrototype) return 'foreign';
    const maker: unknown = getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof maker === 'function') {
      const name: unknown = getOwnPropertyDescriptor(maker, 'name')?.value;
      if (setHas(CLONED_BY_PORT, name)) return 'port';
      if (setHas(MOVED_BY_PORT, name)) return 'move';
      if (setHas(ASKED, name)) return 'foreign';
      const next: object | null = getPrototypeOf(at) as object | null;
      if (refusalOf(at) !== undefined) return 'refused';
      if (isNativeCode(maker)) {
        // `Object` below another prototype is no other realm's Object.prototype: it is a global object.
        const known = setHas(BUILTIN, name) && (name !== 'Object' || next === null);
        if (!known) return 'foreign';
        found = 'builtin';
      }
    }
    at = getPrototypeOf(at) as object | null;
  }
  return found;
}

/** Classes of our own that stand for something else say so themselves; every copy of this package knows the symbol. */
const REFUSED: unique symbol = Symbol.for('millrace.refused') as never;

function refusalOf(prototype: object): string | undefined {
  const reason: unknown = getOwnPropertyDescriptor(prototype, REFUSED)?.value;
  return typeof reason === 'string' ? reason : undefined;
}

const NATIVE = '{ [native code] }';
function isNativeCode(maker: unknown): boolean {
  const source = functionSource(maker);
  return substring(source, source.length - NATIVE.length, source.length) === NATIVE;
}

const clone: typeof structuredClone = structuredClone;
/** Objects of native classes nobody listed: ask structured clone itself. It reads their getters once more. */
function probe(value: object): Class {
  try {
    clone(value);
    return 'port';
  } catch (error) {
    const { code } = error as { code?: unknown };
    return code === 'ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST' ? 'move' : 'refused';
  }
}

const DatePrototype: object = Date.prototype;
const MapPrototype: object = Map.prototype;
const SetPrototype: object = Set.prototype;
const DOMExceptionPrototype: object = DOMException.prototype;
function inheritsDOMException(value: object): boolean {
  let at = getPrototypeOf(value) as object | null;
  for (let i = 0; at !== null && i < 100 && !isProxy(at); i++) {
    if (at === DOMExceptionPrototype) return at !== value;
    at = getPrototypeOf(at) as object | null;
  }
  return false;
}

/** Why nothing can send this object, or undefined when something can. */
export function describe(value: object, kind: Class): string | undefined {
  if (kind === 'proxy') return 'a Proxy';
  if (kind === 'refused') {
    const prototype = getPrototypeOf(value) as object | null;
    const reason = prototype === null ? undefined : refusalOf(prototype);
    if (reason !== undefined) return reason;
  }
  if (kind === 'refused') return `an object of a kind that cannot be copied (${nameOfClass(value)})`;
  if (kind === 'boxed' && isSymbolBox(value)) return 'a boxed symbol';
  if (kind === 'buffer' && isDetached(value as ArrayBuffer)) return 'a detached ArrayBuffer';
  if (kind === 'view') {
    const buffer = bufferOf(value as ArrayBufferView) as ArrayBuffer;
    if (bufferBytes(buffer) === 0 && isDetached(buffer)) return 'a view on a detached ArrayBuffer';
  }
  return undefined;
}

function isSymbolBox(value: object): boolean {
  try {
    unboxSymbol(value);
    return true;
  } catch {
    return false;
  }
}

function nameOfClass(value: object): string {
  const prototype = getPrototypeOf(value) as object | null;
  if (prototype === null) return 'no class';
  if (prototype === ArrayPrototype) return 'Array';
  const maker: unknown = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const name: unknown =
    typeof maker === 'function' ? getOwnPropertyDescriptor(maker, 'name')?.value : undefined;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? name : 'an internal object';
}
