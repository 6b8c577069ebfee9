/**
 * Fork and join: a task splits itself, and idle workers steal the biggest piece.
 *
 * What is here is the path of children that nobody steals, and whose arguments are numbers: one call of the core to
 * fork, one to join. Everything else is in `slow-paths.ts`.
 *
 * @module
 */
import { expected } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { asInteger } from '../../src/memory/shared-memory.ts';
import { type Forkable, functionNumber } from './registry.ts';
import { forks, TORN } from './state.ts';

declare const child: unique symbol;

/** A forked child; a small integer at run time. It is good for one `join`, in the call that forked it. */
export type Handle<R> = number & { readonly [child]: R };

forks.imported = true;

/** Most numeric arguments of the fast path. */
const MAX_FAST = 4;
const NO_HANDLE = 0;

/**
 * Starts a child: `fn(...args)` may from now on run on any worker, or here, when it is joined. For synchronous code.
 *
 * Numbers, booleans, `null`, `undefined`, SharedArrayBuffers and views on them cost next to nothing (the memory is
 * shared); other arguments are cloned as by `structuredClone`, here and now. A fork of numbers with its join costs some
 * 20 to 30 ns when nobody steals the child; whoever steals takes the oldest, which is the biggest piece.
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
export function fork<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Handle<R>;
export function fork(
  fn: (...args: never[]) => unknown,
  a?: unknown,
  b?: unknown,
  c?: unknown,
  d?: unknown,
): Handle<unknown> {
  // biome-ignore lint/complexity/noArguments: a rest parameter is an array for each fork
  const count = arguments.length - 1;
  const { i32, f64, core } = forks;
  if (!forks.active) forks.activate();
  const number = functionNumber(fn);
  if ((i32[forks.rootCancelAt]! | i32[forks.cancelAt]!) !== 0) forks.slow!.stop();
  const record = i32[forks.freeAt]!;
  if (record !== 0 && count <= MAX_FAST && writeNumbers(f64, (record + L.F_ARGS) >> 3, count, a, b, c, d)) {
    // Subtle: before. Should the stack overflow in the core, the child may be published.
    forks.open++;
    const item = core.fork(forks.block, number, count, forks.depth);
    if (item !== NO_HANDLE) return item as Handle<unknown>;
    forks.open--;
  }
  // biome-ignore lint/complexity/noArguments: as above
  return forks.slow!.fork(number, Array.prototype.slice.call(arguments, 1)) as Handle<unknown>;
}

// False: not all are numbers.
function writeNumbers(
  f64: Float64Array,
  at: number,
  count: number,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
): boolean {
  if (count === 0) return true;
  if (typeof a !== 'number') return false;
  f64[at] = a;
  if (count === 1) return true;
  if (typeof b !== 'number') return false;
  f64[at + 1] = b;
  if (count === 2) return true;
  if (typeof c !== 'number') return false;
  f64[at + 2] = c;
  if (count === 3) return true;
  if (typeof d !== 'number') return false;
  f64[at + 3] = d;
  return true;
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
export function join<R>(handle: Handle<R>): R {
  const state = forks;
  if (!state.active || state.core.take(state.block, handle, state.depth) === 0) {
    return joinElsewhere(handle) as R;
  }
  state.open--;
  const { i32 } = state;
  const record = state.records + ((handle & L.SLOT_MASK) << L.FORK_SHIFT);
  const meta = i32[(record + L.F_META) >> 2]!;
  if (meta > MAX_FAST) return state.slow!.runOwn(record) as R;
  const fn = state.functions[i32[(record + L.F_FN) >> 2]!]!;
  const { depth, open } = state;
  state.depth = depth + 1;
  state.open = 0;
  let value: unknown;
  try {
    value = callWithNumbers(fn, meta, (record + L.F_ARGS) >> 3);
    if (state.open !== 0) state.slow!.notJoined(fn);
  } catch (error) {
    const left = state.open;
    // Subtle: no call before these two. If the stack has overflowed, the next call may throw again.
    state.depth = depth;
    state.open = left === 0 ? open : open | TORN;
    if (left !== 0) state.slow!.unwind(left);
    throw error;
  }
  state.depth = depth;
  state.open = open;
  return (typeof value === 'number' ? value : state.slow!.handOver(value)) as R;
}

function joinElsewhere(handle: number): unknown {
  if (forks.slow === undefined || !forks.active) {
    throw expected('handle', 'what `fork` returned in this call, before any `await`', handle);
  }
  return forks.slow.join(handle);
}

function callWithNumbers(fn: Forkable, count: number, at: number): unknown {
  const { f64 } = forks;
  switch (count) {
    case 0:
      return fn();
    case 1:
      return fn(asInteger(f64[at]!));
    case 2:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!));
    case 3:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!), asInteger(f64[at + 2]!));
    default:
      return fn(
        asInteger(f64[at]!),
        asInteger(f64[at + 1]!),
        asInteger(f64[at + 2]!),
        asInteger(f64[at + 3]!),
      );
  }
}

/**
 * The results of several children, in order. When one fails, that error is thrown, and the rest are done with: those
 * that have not started never do, the others are asked to stop and waited for.
 */
export function joinAll<R>(handles: readonly Handle<R>[]): R[] {
  const results = new Array<R>(handles.length);
  // The last forked is on top of the deque.
  let i = handles.length - 1;
  try {
    for (; i >= 0; i--) results[i] = join(handles[i]!);
  } catch (error) {
    if (i > 0 && forks.active) forks.slow!.drop(handles.slice(0, i));
    throw error;
  }
  return results;
}

/** Whether a thief would find no child of this worker: then it is time to fork. About 5 ns. */
export function hungry(): boolean {
  return forks.core.forkHungry(forks.block) !== 0;
}
