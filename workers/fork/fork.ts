/**
 * Fork and join: a task splits itself, and idle workers steal the biggest piece.
 *
 * What is here is the path of children that nobody has looked for: they lie on a stack of this thread's own, and no
 * thief sees them. Every so often, `turn` publishes the oldest. Everything else is in `slow-paths.ts`, and why this is
 * right in `README.md`.
 *
 * @module
 */
import { expected } from '../../src/errors.ts';
import { onePerThread } from '../one-per-thread.ts';
import { type Forkable, functionNumber, knownNumber } from './functions.ts';
import { ARGUMENT_SHIFT, COUNT_MASK, INLINE_ARGUMENTS, LONG_TURN, META_SHIFT, NOT_TORN } from './places.ts';
import type { SlowPaths } from './slow-paths.ts';
import { blockCount, forks, type Hot, NO_STOCK } from './state.ts';

declare const child: unique symbol;

/** A forked child; a small integer at run time. It is good for one `join`, in the call that forked it. */
export type Handle<R> = number & { readonly [child]: R };

// Subtle: variables of this module, which V8 reads by one load each. As fields of an object they made a fork and its
// join cost half as much again.
/** Children that are not joined lie at `base` to `top - 1`, those of the frame on top, and below `base`, in the order of forking. Those below `split` are published. */
let top = 0;
let base = 0;
let split = 0;
/** Handles are numbered through; it is a turn at those that are 0 under `mask`. */
let serial = 0;
let mask = 0;
/** If so many children wait on the deque, nothing is to be done at most turns. */
let stock = NO_STOCK;
/** Own bottom and top of the deque; what is not 0 when the code on top of the stack is to stop. */
let i32: Int32Array = new Int32Array(4);
let bottomAt = 0;
let topAt = 1;
let rootStopAt = 2;
let stopAt = 3;
/** From `torn` to `tornTo - 1`: children of frames that are gone, because the stack overflowed before they were ended. */
let torn = NOT_TORN;
let tornTo = 0;
/** By place: handle; function number and argument count; `INLINE_ARGUMENTS` arguments, of which numbers that are no int32 lie in `doubles`. */
let handles = new Int32Array(1024);
let metas = new Int32Array(1024);
const slots: unknown[] = new Array<unknown>(1024 << ARGUMENT_SHIFT).fill(0);
let doubles = new Float64Array(1024 << ARGUMENT_SHIFT);
let functions: readonly Forkable[] = [];
let slow: SlowPaths | undefined;
/** In `slots`: it is in `doubles`. There, a double needs no object. */
const DOUBLE = Symbol('double');

// Subtle: a class. An object literal of so many accessors is a dictionary to V8, and each use of one a call of the runtime.
class OwnHot implements Hot {
  readonly fork = forkHere as unknown as Fork;
  readonly join = joinHere as Join;
  readonly hungry = hungryHere;
  readonly call = callAbove;
  readonly argument = argument;
  grow(): void {
    const longer = 2 * handles.length;
    const [h, m, d] = [
      new Int32Array(longer),
      new Int32Array(longer),
      new Float64Array(longer << ARGUMENT_SHIFT),
    ];
    h.set(handles);
    m.set(metas);
    d.set(doubles);
    for (let i = slots.length; i < longer << ARGUMENT_SHIFT; i++) slots[i] = 0;
    [handles, metas, doubles] = [h, m, d];
  }
  get serial(): number {
    return serial;
  }
  get handles(): Int32Array {
    return handles;
  }
  get metas(): Int32Array {
    return metas;
  }
  get slots(): unknown[] {
    return slots;
  }
  get top(): number {
    return top;
  }
  set top(value: number) {
    top = value;
  }
  get base(): number {
    return base;
  }
  set base(value: number) {
    base = value;
  }
  get split(): number {
    return split;
  }
  set split(value: number) {
    split = value;
  }
  get stock(): number {
    return stock;
  }
  turnsAt(handles: number, children: number): void {
    mask = handles;
    stock = children;
  }
  get torn(): number {
    return torn;
  }
  get tornTo(): number {
    return tornTo;
  }
  tear(from: number, to: number): void {
    torn = from;
    tornTo = to;
  }
  attach(paths: SlowPaths | undefined, table: readonly Forkable[]): void {
    slow = paths;
    functions = table;
  }
  look(view: Int32Array, bottom: number, thieves: number): void {
    i32 = view;
    bottomAt = bottom;
    topAt = thieves;
  }
  stopsBy(root: number, own: number): void {
    rootStopAt = root;
    stopAt = own;
  }
}
const { apply } = Reflect;
// A bundler may have put another copy of this module into the task module: the worker's own is the one that works.
export const hot: Hot = onePerThread<Hot>('hot-forks', () => new OwnHot());
forks.use(hot);

/**
 * Starts a child: `fn(...args)` may from now on run on any worker, or here, when it is joined. For synchronous code.
 *
 * Numbers, booleans, `null`, `undefined`, SharedArrayBuffers and views on them cost next to nothing. Other arguments are
 * cloned as by `structuredClone`, here and now; shared memory inside them stays shared, and so do handles of
 * `millrace/sync`. A fork of numbers and its join cost some 20 to 30 ns; a thief takes the oldest child, the biggest piece.
 *
 * Of children that were short so far, thieves do not see all at once. Who waits for what a child does, and not by `join`,
 * asks `hungry()` before: then they do.
 *
 * Children live inside the call that forks them: it joins each before it returns. When it throws instead, its children
 * that have not started are dropped, the others are asked to stop and waited for. After the submitted task was asked
 * to stop (`signal`, `timeout`), `fork` throws.
 *
 * Source: Blumofe and Leiserson, "Scheduling multithreaded computations by work stealing", JACM 1999; child stealing.
 *
 * @param fn exported by a task module, or registered with `task(fn)` when its module was loaded
 * @throws MillraceError `ERR_NO_CONTEXT` outside a task, or after an `await`; `ERR_CANCELLED` the task is to stop
 * @throws {InvalidArgumentError} `fn` cannot be found in another worker
 * @throws {SerializeError} an argument that cannot be cloned
 * @example
 * ```ts
 * // file: tasks.ts
 * import { fork, join } from 'millrace/worker';
 *
 * export function fib(n: number): number {
 *   if (n < 2) return n;
 *   const left = fork(fib, n - 1);
 *   return fib(n - 2) + join(left);
 * }
 * ```
 */
export const fork: Fork = hot.fork;

type Fork = <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Handle<R>;

function forkHere(
  fn: (...args: never[]) => unknown,
  a?: unknown,
  b?: unknown,
  c?: unknown,
  d?: unknown,
  e?: unknown,
  f?: unknown,
  g?: unknown,
  h?: unknown,
): Handle<never> {
  // biome-ignore lint/complexity/noArguments: a rest parameter is an array for each fork
  const count = arguments.length - 1;
  const number = knownNumber(fn) ?? unknownNumber(fn);
  const place = top;
  let meta = (number << META_SHIFT) | count;
  if (count === 1 && typeof a === 'number' && (a | 0) === a) slots[place << ARGUMENT_SHIFT] = a;
  else if (!keepNumbers(place << ARGUMENT_SHIFT, count, a, b, c, d, e, f, g, h)) {
    // biome-ignore lint/complexity/noArguments: as above
    meta = keepSlowly(number, Array.prototype.slice.call(arguments, 1));
  }
  metas[place] = meta;
  const handle = (serial + 1) | 0;
  serial = handle;
  handles[place] = handle;
  top = place + 1;
  if ((handle & mask) === 0) turn(handle);
  return handle as Handle<never>;
}

function keepNumbers(
  at: number,
  count: number,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
  e: unknown,
  f: unknown,
  g: unknown,
  h: unknown,
): boolean {
  if (count > INLINE_ARGUMENTS) return false;
  if (count > 0 && !keepNumber(at, a)) return false;
  if (count > 1 && !keepNumber(at + 1, b)) return false;
  if (count > 2 && !keepNumber(at + 2, c)) return false;
  if (count > 3 && !keepNumber(at + 3, d)) return false;
  if (count > 4 && !keepNumber(at + 4, e)) return false;
  if (count > 5 && !keepNumber(at + 5, f)) return false;
  if (count > 6 && !keepNumber(at + 6, g)) return false;
  if (count > 7 && !keepNumber(at + 7, h)) return false;
  return true;
}

function keepNumber(at: number, value: unknown): boolean {
  if (typeof value !== 'number') return false;
  if ((value | 0) === value) slots[at] = value;
  else {
    slots[at] = DOUBLE;
    doubles[at] = value;
  }
  return true;
}

function argument(at: number): unknown {
  const value = slots[at];
  return value === DOUBLE ? doubles[at] : value;
}

function keepSlowly(number: number, args: unknown[]): number {
  if (!forks.active) forks.activate();
  return slow!.keep(number, args);
}

function unknownNumber(fn: (...args: never[]) => unknown): number {
  try {
    return functionNumber(fn);
  } catch (error) {
    // Outside a task, that is what is wrong, whatever the function.
    if (!forks.active) forks.activate();
    throw error;
  }
}

function turn(handle: number): void {
  const stops = i32[rootStopAt]! | i32[stopAt]!;
  if ((handle & LONG_TURN) !== 0 && stops === 0 && i32[bottomAt]! - i32[topAt]! >= stock) return;
  try {
    if (!forks.active) forks.activate();
    slow!.turn(handle);
  } catch (error) {
    // Its handle is lost. What is published stays, and fails its parent.
    if (split < top) top--;
    throw error;
  }
}

/**
 * The result of a child. Runs the child here if nobody has stolen it; else helps its thief, and then others, with
 * children of the same task, and sleeps when there are none.
 *
 * Joining in the reverse order of forking is cheapest; any order is right.
 *
 * @throws what the child threw; with both stacks when another worker ran it
 * @throws MillraceError `ERR_BAD_HANDLE` not an open child of this call: joined before, or another call's
 * @throws {WorkerError} `ERR_WORKER_CRASHED` the thread that had stolen it ended, and the task is not `idempotent`
 * @example
 * ```ts
 * // file: tasks.ts
 * import { fork, join } from 'millrace/worker';
 *
 * export function sum(values: Float64Array, from: number, to: number): number {
 *   if (to - from < 10_000) {
 *     let s = 0;
 *     for (let i = from; i < to; i++) s += values[i]!;
 *     return s;
 *   }
 *   const middle = (from + to) >> 1;
 *   const left = fork(sum, values, from, middle);
 *   return sum(values, middle, to) + join(left);
 * }
 * ```
 */
export const join: Join = hot.join;

type Join = <R>(handle: Handle<R>) => R;

function joinHere(handle: number): never {
  const place = top - 1;
  if (place < base || place < split || handles[place] !== handle) return joinElsewhere(handle) as never;
  const meta = metas[place]!;
  const count = meta & COUNT_MASK;
  if (count > INLINE_ARGUMENTS) return joinElsewhere(handle) as never;
  top = place;
  const fn = functions[meta >> META_SHIFT]!;
  const below = base;
  base = place;
  let value: unknown;
  try {
    const at = place << ARGUMENT_SHIFT;
    // One number is what most children get: V8 leaves out a call for it.
    value = count === 1 ? fn(argument(at)) : callWithSlots(fn, count, at);
    if (top !== place) slow!.returned(fn);
  } catch (error) {
    // Subtle: no call before these. If the stack has overflowed, the next call may throw again.
    base = below;
    // What is not published vanishes.
    if (split <= place) top = place;
    else {
      top = split;
      torn = place;
      tornTo = split;
      mask = 0;
      stock = NO_STOCK;
      slow!.mendIfRoom();
    }
    throw error;
  }
  base = below;
  if ((handle & mask) === 0) turnInJoin();
  return (typeof value === 'number' ? value : slow!.handOver(value)) as never;
}

function turnInJoin(): void {
  if (i32[bottomAt]! - i32[topAt]! < stock) slow!.turnInJoin();
}

function hungryHere(): boolean {
  if (slow === undefined || blockCount(i32) === 1) return false;
  // What was forked when this was last true is for thieves.
  if (split !== top) slow.children.publishAll();
  return i32[bottomAt]! - i32[topAt]! <= 0;
}

function joinElsewhere(handle: number): unknown {
  if (slow === undefined || !forks.active) {
    throw expected('handle', 'what `fork` returned in this call, before any `await`', handle);
  }
  return slow.join(handle);
}

// What `joinHere` does with a child's function, with other arguments.
function callAbove(fn: Forkable, args: readonly unknown[]): unknown {
  const place = top;
  const below = base;
  base = place;
  let value: unknown;
  try {
    value = apply(fn, undefined, args);
    if (top !== place) slow!.returned(fn);
  } catch (error) {
    base = below;
    // What is not published vanishes.
    if (split <= place) top = place;
    else {
      top = split;
      torn = place;
      tornTo = split;
      mask = 0;
      stock = NO_STOCK;
      slow!.mendIfRoom();
    }
    throw error;
  }
  base = below;
  return typeof value === 'number' ? value : slow!.handOver(value);
}

function callWithSlots(fn: Forkable, count: number, at: number): unknown {
  if (count === 0) return fn();
  const a = argument(at);
  const b = argument(at + 1);
  if (count === 2) return fn(a, b);
  const c = argument(at + 2);
  if (count === 3) return fn(a, b, c);
  const d = argument(at + 3);
  if (count === 4) return fn(a, b, c, d);
  const e = argument(at + 4);
  if (count === 5) return fn(a, b, c, d, e);
  const f = argument(at + 5);
  if (count === 6) return fn(a, b, c, d, e, f);
  const g = argument(at + 6);
  return count === 7 ? fn(a, b, c, d, e, f, g) : fn(a, b, c, d, e, f, g, argument(at + 7));
}
