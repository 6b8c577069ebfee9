/**
 * Fork and join: a task splits itself, and idle workers steal the biggest piece.
 *
 * What is here is the path of children that nobody steals, and whose arguments are numbers: one call of the core to
 * fork, one to join. Everything else is in `slow-paths.ts`.
 *
 * @module
 */
import { expected, MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { asInteger, type Core } from '../../src/memory/shared-memory.ts';
import { currentContext } from '../context.ts';
import { onePerThread } from '../one-per-thread.ts';
import { type Forkable, functionNumber } from './functions.ts';
import type { SlowPaths } from './slow-paths.ts';
import { forks, type Hot, TORN } from './state.ts';

declare const child: unique symbol;

/** A forked child; a small integer at run time. It is good for one `join`, in the call that forked it. */
export type Handle<R> = number & { readonly [child]: R };

// Subtle: variables of this module, which V8 reads by one load each. As fields of an object they made a fork and its
// join cost half as much again.
/** The core's, and what they work on; before a thread is a worker's, they find nothing. */
let fork1: Core['fork1'] = () => 0;
let fork3: Core['fork3'] = () => 0;
let take: Core['take'] = () => 0;
let f64: Float64Array = new Float64Array(0);
let block = 0;
let records = 0;
let functions: readonly Forkable[] = [];
let slow: SlowPaths | undefined;
/** Frames on the stack: the number of the one on top. And its children that are not joined. */
let depth = 0;
let open = 0;
// A bundler may have put another copy of this module into the task module: the worker's own is the one that works.
const own: Hot = {
  // Its other parameters are read through `arguments`.
  fork: forkHere as unknown as Fork,
  join: joinHere as Join,
  attach(core, at, view) {
    ({ fork1, fork3, take } = core);
    ({ block, records, functions } = at);
    f64 = view;
  },
  look(view) {
    f64 = view;
  },
  get depth() {
    return depth;
  },
  set depth(frame) {
    depth = frame;
  },
  get open() {
    return open;
  },
  set open(children) {
    open = children;
  },
  set slow(paths: SlowPaths | undefined) {
    slow = paths;
  },
};
const hot = onePerThread('hot-forks', () => own);
forks.use(hot);

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
export const fork: Fork = hot.fork;

type Fork = <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Handle<R>;

function forkHere(fn: (...args: never[]) => unknown, a?: unknown, b?: unknown, c?: unknown): Handle<never> {
  // biome-ignore lint/complexity/noArguments: a rest parameter is an array for each fork
  const count = arguments.length - 1;
  const number = numberOf(fn);
  let item = NO_HANDLE;
  // Subtle: before. Should the stack overflow in the core, the child may be published.
  open++;
  if (typeof a === 'number') {
    if (count === 1) item = fork1(block, number, depth, a);
    else if (typeof b === 'number') {
      if (count === 2) item = fork3(block, number, 2, depth, a, b, 0);
      else if (count === 3 && typeof c === 'number') item = fork3(block, number, 3, depth, a, b, c);
    }
  }
  if (item !== NO_HANDLE) return item as Handle<never>;
  open--;
  // biome-ignore lint/complexity/noArguments: as above
  return forkSlowly(number, Array.prototype.slice.call(arguments, 1)) as Handle<never>;
}

// Outside a task, that is what is wrong, whatever the function.
function numberOf(fn: (...args: never[]) => unknown): number {
  try {
    return functionNumber(fn);
  } catch (error) {
    if (!forks.active) forks.activate();
    throw error;
  }
}

function forkSlowly(number: number, args: unknown[]): number {
  if (!forks.active) forks.activate();
  return slow!.fork(number, args);
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
  const taken = take(block, handle, depth);
  if (taken === 0) return joinElsewhere(handle) as never;
  open--;
  const record = records + ((handle & L.SLOT_MASK) << L.FORK_SHIFT);
  if (taken < 0) return slow!.runOwn(record) as never;
  const fn = functions[taken >> 4]!;
  const below = open;
  const frame = depth;
  depth = frame + 1;
  open = 0;
  let value: unknown;
  try {
    const count = taken & L.META_COUNT;
    const at = (record + L.F_ARGS) >> 3;
    // One number is what most children get: V8 leaves out a call for it.
    value = count === 1 ? fn(asInteger(f64[at]!)) : callWithNumbers(fn, count, at);
    if (open !== 0) slow!.notJoined(fn);
  } catch (error) {
    const left = open;
    // Subtle: no call before these two. If the stack has overflowed, the next call may throw again.
    depth = frame;
    open = left === 0 ? below : below | TORN;
    if (left !== 0) slow!.unwind(left);
    throw error;
  }
  depth = frame;
  open = below;
  return (typeof value === 'number' ? value : slow!.handOver(value)) as never;
}

function joinElsewhere(handle: number): unknown {
  if (slow === undefined || !forks.active) {
    throw expected('handle', 'what `fork` returned in this call, before any `await`', handle);
  }
  return slow.join(handle);
}

function callWithNumbers(fn: Forkable, count: number, at: number): unknown {
  switch (count) {
    case 0:
      return fn();
    case 2:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!));
    case 3:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!), asInteger(f64[at + 2]!));
    default: {
      const args: number[] = [];
      for (let i = 0; i < count; i++) args.push(asInteger(f64[at + i]!));
      return fn(...args);
    }
  }
}

/**
 * The results of several children, in order.
 *
 * @throws what one of them threw; the others that are not joined yet are dropped, or asked to stop and waited for
 * @throws MillraceError `ERR_BAD_HANDLE` as `join`
 * @example
 * ```ts
 * // file: tasks.ts
 * import { fork, joinAll } from 'millrace/worker';
 *
 * export const cube = (n: number): number => n ** 3;
 *
 * export function cubes(numbers: readonly number[]): number[] {
 *   return joinAll(numbers.map((n) => fork(cube, n)));
 * }
 * ```
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

/**
 * Starts a child, for async tasks, before or after an `await`: `fn` may be async too, and runs on any worker, or here
 * when this one has nothing on its stack. Arguments, results and errors are as for `fork`.
 *
 * Children live inside their task: what it has not awaited when it ends is dropped or asked to stop, and the task fails.
 *
 * @returns a promise of the result
 * @throws MillraceError `ERR_NO_CONTEXT` outside a task
 * @throws {InvalidArgumentError} `fn` cannot be found in another worker
 * @example
 * ```ts
 * // file: tasks.ts
 * import { forkAsync } from 'millrace/worker';
 *
 * export const squared = (n: number): number => n * n;
 *
 * export async function squares(numbers: readonly number[]): Promise<number[]> {
 *   return Promise.all(numbers.map((n) => forkAsync(squared, n)));
 * }
 * ```
 */
export function forkAsync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
  const number = functionNumber(fn);
  const running = currentContext();
  if (running === undefined || forks.slow === undefined) {
    throw new MillraceError(
      'ERR_NO_CONTEXT',
      '`forkAsync` was called outside a running task. Call it in a task function; after an `await`, in an `async` one.',
    );
  }
  return forks.slow.awaited.fork(running, number, args) as Promise<Awaited<R>>;
}

/** Whether a thief would find no child of this worker: then it is time to fork. About 5 ns. */
export function hungry(): boolean {
  return forks.core.forkHungry(forks.block) !== 0;
}
