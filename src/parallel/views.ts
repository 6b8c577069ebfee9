/**
 * Typed arrays over shared memory: the types, making them, and telling them from all others.
 *
 * @module
 */
import { expected } from '../errors.ts';

/** Every kind of typed array the algorithms work on, by its name. */
export interface SharedArrays {
  Int8Array: Int8Array<SharedArrayBuffer>;
  Uint8Array: Uint8Array<SharedArrayBuffer>;
  Uint8ClampedArray: Uint8ClampedArray<SharedArrayBuffer>;
  Int16Array: Int16Array<SharedArrayBuffer>;
  Uint16Array: Uint16Array<SharedArrayBuffer>;
  Int32Array: Int32Array<SharedArrayBuffer>;
  Uint32Array: Uint32Array<SharedArrayBuffer>;
  Float32Array: Float32Array<SharedArrayBuffer>;
  Float64Array: Float64Array<SharedArrayBuffer>;
  BigInt64Array: BigInt64Array<SharedArrayBuffer>;
  BigUint64Array: BigUint64Array<SharedArrayBuffer>;
}

/** The name of a kind of typed array, as in `view[Symbol.toStringTag]`. */
export type KindName = keyof SharedArrays;

/** A typed array over shared memory. */
export type SharedView = SharedArrays[KindName];

/** A typed array as parameters are declared: that its memory is shared is checked when it is used. */
export type View =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** What an element is: a bigint for the 64-bit integer kinds, a number for all others. */
export type Element<V> = V extends BigInt64Array | BigUint64Array ? bigint : V extends View ? number : never;

/** The same kind of array over shared memory. */
export type Shared<V extends View> = SharedArrays[V[typeof Symbol.toStringTag] & KindName];

/** A typed array's constructor, such as `Float64Array`. */
export interface Kind<N extends KindName = KindName> {
  readonly prototype: { readonly [Symbol.toStringTag]: N };
  readonly BYTES_PER_ELEMENT: number;
}

type Constructor = new (buffer: SharedArrayBuffer, offset?: number, length?: number) => SharedView;

const CONSTRUCTORS: Readonly<Record<KindName, Constructor>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

/** Makes shared arrays. */
export interface SharedArrayMaker {
  /**
   * An array of zeros in shared memory: it goes to other threads by reference.
   *
   * @throws InvalidArgumentError for a kind that is not a typed array, or a bad length
   * @throws RangeError of JavaScript's own when there is no memory for it
   */
  <N extends KindName>(kind: Kind<N>, length: number): SharedArrays[N];
  /** A copy of the values in shared memory. */
  from<N extends KindName>(
    kind: Kind<N>,
    values: Iterable<Element<SharedArrays[N]>> | ArrayLike<Element<SharedArrays[N]>>,
  ): SharedArrays[N];
}

/**
 * Makes a typed array whose memory all threads share.
 *
 * @example
 * ```ts
 * import { sharedArray } from 'millrace/parallel';
 *
 * const zeros = sharedArray(Float64Array, 1_000);
 * const bytes = sharedArray.from(Uint8Array, [1, 2, 3]);
 * console.log(zeros.length, bytes.buffer instanceof SharedArrayBuffer); // 1000 true
 * ```
 */
export const sharedArray: SharedArrayMaker = Object.assign(make, { from });

function make<N extends KindName>(kind: Kind<N>, length: number): SharedArrays[N] {
  const name = nameOf(kind);
  if (!Number.isSafeInteger(length) || length < 0)
    throw expected('length', 'an integer of at least 0', length);
  return create(name, length);
}

function from<N extends KindName>(
  kind: Kind<N>,
  values: Iterable<Element<SharedArrays[N]>> | ArrayLike<Element<SharedArrays[N]>>,
): SharedArrays[N] {
  const name = nameOf(kind);
  if (typeof values !== 'object' || values === null) {
    throw expected('values', 'an array, a typed array or an iterable', values);
  }
  const list = 'length' in values ? values : [...values];
  const made = create(name, list.length);
  (made as { set(values: ArrayLike<unknown>): void }).set(list);
  return made;
}

function nameOf<N extends KindName>(kind: Kind<N>): N {
  const name = (kind as { name?: unknown } | null | undefined)?.name;
  if (typeof kind !== 'function' || typeof name !== 'string' || !Object.hasOwn(CONSTRUCTORS, name)) {
    throw expected('kind', 'a typed array’s constructor such as `Float64Array`', kind);
  }
  return name as N;
}

/** A shared array of the kind of that name. */
export function create<N extends KindName>(name: N, length: number): SharedArrays[N] {
  const Made = CONSTRUCTORS[name];
  const bytes = (Made as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return new Made(new SharedArrayBuffer(length * bytes)) as SharedArrays[N];
}

/** A view of another kind on the memory of `view`. */
export function reinterpret<N extends KindName>(name: N, view: View): SharedArrays[N] {
  const Made = CONSTRUCTORS[name];
  const bytes = (Made as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return new Made(
    view.buffer as SharedArrayBuffer,
    view.byteOffset,
    view.byteLength / bytes,
  ) as SharedArrays[N];
}

/** The name of the view's kind. */
export function kindOf(view: View): KindName {
  return view[Symbol.toStringTag] as KindName;
}

/** @throws InvalidArgumentError unless it is a typed array over shared memory */
export function checkView(name: string, value: unknown): asserts value is SharedView {
  if (ArrayBuffer.isView(value)) {
    const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
    if (typeof tag === 'string' && Object.hasOwn(CONSTRUCTORS, tag) && isShared(value.buffer)) return;
  }
  throw expected(
    name,
    'a typed array over shared memory (`sharedArray.from(Float64Array, values)` makes one)',
    value,
  );
}

/** Also of another realm. */
function isShared(buffer: ArrayBufferLike): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

/**
 * Checks an array that results of `view` are written into, element by element.
 *
 * @throws InvalidArgumentError when it is too short, holds bigints for numbers or numbers for bigints, or lies over
 *   `view` in another place than exactly upon it
 */
export function checkOut(view: View, out: unknown): asserts out is SharedView {
  checkView('out', out);
  if (out.length < view.length) {
    throw expected('out.length', `at least ${view.length}, the length of \`view\``, out.length);
  }
  checkApart(view, out);
}

/** @throws InvalidArgumentError when two arrays overlap other than element upon element */
export function checkApart(view: View, out: View): void {
  if (view.buffer !== out.buffer) return;
  const apart =
    view.byteOffset + view.byteLength <= out.byteOffset || out.byteOffset + out.byteLength <= view.byteOffset;
  if (apart || (view.byteOffset === out.byteOffset && view.BYTES_PER_ELEMENT === out.BYTES_PER_ELEMENT))
    return;
  throw expected('out', 'the array itself or memory that does not overlap it', out);
}

/** Whether its elements are bigints. */
export function isBig(view: View): boolean {
  return kindOf(view) === 'BigInt64Array' || kindOf(view) === 'BigUint64Array';
}
