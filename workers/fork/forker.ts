/**
 * What the algorithms need of the thread they run in: fork, join, whether thieves go hungry, functions as numbers.
 *
 * The worker's side fills the slot of its thread with {@link provideForker}; everything here reads it by
 * {@link forker}. So nothing of `src/parallel` knows a deque, and its tests bring schedules of their own.
 *
 * @module
 */

// So that a thread whose task modules import this gets what forks need.
import './fork.ts';
import { expected, MillraceError } from '../../src/errors.ts';
import { onePerThread } from '../one-per-thread.ts';

declare const handle: unique symbol;

/** A forked child that is to be joined by the call that forked it. */
export type Handle<R> = number & { readonly [handle]: R };

/** Any function that can be registered. */
export type AnyFunction = (...args: never[]) => unknown;

/** Fork/join as one worker offers it to the synchronous code of a task. */
export interface Forker {
  /** Makes a child of `fn`, which may run in another thread: numbers go inline, shared views by reference. */
  fork<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Handle<R>;
  /** The child's result; runs the child here unless a thief has taken it. Throws what the child threw. */
  join<R>(handle: Handle<R>): R;
  /** Whether a thief would find nothing here now. */
  hungry(): boolean;
  /** Throws when what runs here was asked to stop. Cheap enough to be called every few microseconds. */
  stopIfAsked(): void;
  /** A registered function as a number that means the same function in every worker. Throws for any other function. */
  functionNumber(fn: AnyFunction): number;
  functionAt(number: number): (...args: never[]) => unknown;
  /** A function the task modules export, for what the main thread asks for by name. Throws `ERR_UNKNOWN_FUNCTION`. */
  functionNamed(name: string): AnyFunction;
  /** Worker threads of the pool. */
  readonly workers: number;
}

interface Slot {
  current: Forker | undefined;
  /** Milliseconds; only differences are read. */
  now: () => number;
}

const slot: Slot = onePerThread<Slot>('forker', () => ({
  current: undefined,
  now: () => performance.now(),
}));

/**
 * The forker of the task that runs in this thread.
 *
 * @throws MillraceError `ERR_NO_CONTEXT` outside a task
 */
export function forker(): Forker {
  if (slot.current === undefined) {
    throw new MillraceError(
      'ERR_NO_CONTEXT',
      'The functions of `millrace/parallel` were called outside a running task. Call them in a function of a task ' +
        'module, or use `on(pool)` on the main thread.',
    );
  }
  return slot.current;
}

/** This thread's clock, ms; only differences mean anything. */
export function now(): number {
  return slot.now();
}

/**
 * Gives this thread its forker, or takes it away, and its clock.
 *
 * @internal
 */
export function provideForker(
  current: Forker | undefined,
  clock: () => number = () => performance.now(),
): void {
  slot.current = current;
  slot.now = clock;
}

/** The number of a function the caller handed over as `name`. */
export function numberOf(f: Forker, name: string, fn: unknown): number {
  if (typeof fn !== 'function') {
    throw expected(name, 'a function exported by the task module, or registered with `task(fn)`', fn);
  }
  return f.functionNumber(fn as AnyFunction);
}
