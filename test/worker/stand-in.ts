/**
 * Fork and join on one thread, for tests of programs: keeps to the contract of `millrace/worker`, refuses what that
 * refuses, and runs children when the test says; and the same for `millrace/parallel`.
 *
 * @module
 */

import { type AnyFunction, type Forker, type Handle, provideForker } from '../../workers/fork/forker.ts';
import { TASK_OPTIONS } from '../../workers/one-per-thread.ts';

/**
 * When a child runs: where it is forked, where it is joined, or, by the numbers of a function, anywhere between, among
 * the children of other calls too, as when other threads take them.
 */
export type Schedule = 'at fork' | 'at join' | ((below: number) => number);

type Callable = (...args: never[]) => unknown;

interface Child {
  readonly fn: Callable;
  readonly args: readonly unknown[];
  /** The call that forked it, which alone may join it. */
  readonly parent: Call;
  begun: boolean;
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
}

interface Call {
  readonly open: Set<number>;
}

/** What a run has forked. */
export interface Forked {
  readonly count: number;
  /** Of these, how many took nothing but numbers and other arguments that need no copy. */
  readonly inline: number;
  readonly mostArguments: number;
  /** Values that needed a copy on their way back. */
  readonly copiedResults: number;
}

interface Run {
  readonly schedule: Schedule;
  readonly functions: ReadonlySet<unknown>;
  readonly children: Map<number, Child>;
  readonly calls: Call[];
  /** Forked and not yet begun, some of them begun or dropped since. */
  readonly waiting: number[];
  readonly forked: { count: number; inline: number; mostArguments: number; copiedResults: number };
}

/** Calls inside each other at which children of others wait: all that would run on other threads has one stack here. */
const DEEPEST = 100;

let current: Run | undefined;
let lastHandle = 0;

/**
 * Calls a function as a pool would, with children that run as `schedule` says.
 *
 * @param functions - what task modules export, which alone may be forked
 */
export function run(
  schedule: Schedule,
  functions: ReadonlySet<unknown>,
  fn: Callable,
  args: readonly unknown[],
): { readonly value: unknown; readonly forked: Forked } {
  const before = current;
  // The clock stands still: chunks of a loop get longer until one is the rest.
  provideForker(forker, () => 0);
  const forked = { count: 0, inline: 0, mostArguments: 0, copiedResults: 0 };
  current = { schedule, functions, children: new Map(), calls: [], waiting: [], forked };
  try {
    return { value: called(current, fn, args), forked };
  } finally {
    current = before;
    if (before === undefined) provideForker(undefined);
  }
}

export function fork(fn: Callable, ...args: readonly unknown[]): number {
  const now = running();
  if (!now.functions.has(fn) && !(TASK_OPTIONS in fn))
    throw new Error(`\`${fn.name}\` is not exported by a task module`);
  now.forked.count++;
  now.forked.mostArguments = Math.max(now.forked.mostArguments, args.length);
  const inline = args.every(isInline);
  if (inline) now.forked.inline++;
  const parent = now.calls.at(-1)!;
  const child: Child = {
    fn,
    args: inline ? args : args.map((arg) => structuredClone(arg)),
    parent,
    begun: false,
    outcome: undefined,
  };
  const handle = ++lastHandle;
  now.children.set(handle, child);
  parent.open.add(handle);
  if (now.schedule === 'at fork') settle(now, child);
  else if (typeof now.schedule === 'function') {
    now.waiting.push(handle);
    sometimesRunOthers(now, now.schedule);
  }
  return handle;
}

export function join(handle: number): unknown {
  const now = running();
  const child = now.children.get(handle);
  if (child === undefined) throw new Error(`There is no child ${handle}, or it was joined before`);
  if (child.parent !== now.calls.at(-1)) throw new Error(`Child ${handle} was forked by another call`);
  if (typeof now.schedule === 'function') sometimesRunOthers(now, now.schedule);
  settle(now, child);
  now.children.delete(handle);
  child.parent.open.delete(handle);
  const outcome = child.outcome!;
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

export function joinAll(handles: readonly number[]): unknown[] {
  return handles.toReversed().map(join).reverse();
}

/** As thieves are: with children that run at once there is always one, with those that run at join none. */
export function hungry(): boolean {
  const { schedule } = running();
  return typeof schedule === 'function' ? schedule(3) === 0 : schedule === 'at fork';
}

const numbered: AnyFunction[] = [];

/** What `millrace/parallel` finds in the thread. */
const forker: Forker = {
  fork: (fn, ...args) => fork(fn as Callable, ...args) as Handle<never>,
  join: (handle) => join(handle) as never,
  hungry,
  stopIfAsked: () => {},
  functionNumber(fn) {
    if (!numbered.includes(fn)) numbered.push(fn);
    return numbered.indexOf(fn);
  },
  functionAt: (number) => numbered[number]!,
  functionNamed() {
    throw new Error('Only calls from the main thread name functions');
  },
  workers: 2,
};

function running(): Run {
  if (current === undefined) throw new Error('fork and join work inside a task');
  return current;
}

function isInline(value: unknown): boolean {
  return value === null || ['number', 'boolean', 'undefined'].includes(typeof value);
}

function settle(now: Run, child: Child): void {
  if (child.begun) return;
  child.begun = true;
  try {
    const value = called(now, child.fn, child.args);
    if (!isInline(value)) now.forked.copiedResults++;
    child.outcome = { value: isInline(value) ? value : structuredClone(value) };
  } catch (error) {
    child.outcome = { error };
  }
}

/** A call with children of its own, which must all be joined when it returns, and are dropped when it fails. */
function called(now: Run, fn: Callable, args: readonly unknown[]): unknown {
  const call: Call = { open: new Set() };
  now.calls.push(call);
  try {
    const value = fn(...(args as never[]));
    if (call.open.size > 0)
      throw new Error(`\`${fn.name}\` returned before it joined ${call.open.size} children`);
    return value;
  } finally {
    now.calls.pop();
    for (const handle of call.open) now.children.delete(handle);
  }
}

function sometimesRunOthers(now: Run, random: (below: number) => number): void {
  while (now.waiting.length > 0 && now.calls.length < DEEPEST && random(3) === 0) {
    const at = random(now.waiting.length);
    const handle = now.waiting[at]!;
    now.waiting[at] = now.waiting.at(-1)!;
    now.waiting.pop();
    const child = now.children.get(handle);
    if (child !== undefined) settle(now, child);
  }
}
