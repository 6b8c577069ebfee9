/**
 * What a thread of a scenario does: calls of the wasm core, and the steps the real code takes from JavaScript.
 *
 * @module
 */

import type { Value } from './wasm/values.ts';

/** Steps on one word of memory; each is one scheduling point (unless the word is private or constant). */
export type MemoryStep =
  | { readonly op: 'load' | 'read'; readonly address: number }
  | { readonly op: 'store' | 'write'; readonly address: number; readonly value: number }
  | {
      readonly op: 'add' | 'sub' | 'and' | 'or' | 'xor' | 'exchange';
      readonly address: number;
      readonly value: number;
    }
  | {
      readonly op: 'cas';
      readonly address: number;
      readonly expected: number;
      readonly replacement: number;
    }
  | { readonly op: 'wait'; readonly address: number; readonly expected: number; readonly timed?: boolean }
  | { readonly op: 'notify'; readonly address: number; readonly count?: number };

export type Step =
  | MemoryStep
  | { readonly op: 'call'; readonly name: string; readonly args: readonly Value[] }
  | { readonly op: 'exited' }
  | { readonly op: 'done' }
  | { readonly op: 'fail'; readonly message: string };

/** The result of the step before; `undefined` at the start and after a step without result. */
export type Result = Value | undefined;

/**
 * A deterministic step machine: given its registers and the result of its last step, it changes the registers and
 * says what to do next. It must keep nothing anywhere else: the registers are its whole state. Registers are int32.
 */
export type Program = (registers: number[], result: Result) => Step;

/** Calls an exported function of the module. The result is the call's, as the JS API would give it. */
export function call(name: string, ...args: Value[]): Step {
  return { op: 'call', name, args };
}

/** `Atomics.load`. */
export function load(address: number): Step {
  return { op: 'load', address };
}

/** `Atomics.store`. */
export function store(address: number, value: number): Step {
  return { op: 'store', address, value };
}

/** A plain read of a typed array element: as `load`, but listed in the report as a plain access. */
export function read(address: number): Step {
  return { op: 'read', address };
}

/** A plain write of a typed array element: as `store`, but listed in the report as a plain access. */
export function write(address: number, value: number): Step {
  return { op: 'write', address, value };
}

/** `Atomics.add`; results in the old value. `sub`, `and`, `or`, `xor` and `exchange` are written as objects. */
export function add(address: number, value: number): Step {
  return { op: 'add', address, value };
}

/** `Atomics.compareExchange`; results in the old value. */
export function cas(address: number, expected: number, replacement: number): Step {
  return { op: 'cas', address, expected, replacement };
}

/**
 * `Atomics.wait`: compares and sleeps in one step. Results in 0 woken, 1 not equal, 2 timed out (as `memory.atomic.
 * wait32` does). Without a time limit unless `timed`.
 */
export function wait(address: number, expected: number, timed = false): Step {
  return { op: 'wait', address, expected, timed };
}

/** `Atomics.notify`; results in how many were woken. Wakes everybody by default. */
export function notify(address: number, count: number = Number.POSITIVE_INFINITY): Step {
  return { op: 'notify', address, count };
}

/** A step that results in a bit mask of the threads (by position) whose `exit` has been seen. */
export const exited: Step = { op: 'exited' };

/** Ends the thread. */
export const done: Step = { op: 'done' };

/** Ends the exploration with a counterexample: the program has seen what must not be. */
export function fail(message: string): Step {
  return { op: 'fail', message };
}

/**
 * A program from a list: register 0 is the position, so a step may jump by setting it. Each entry is a step, or a
 * function of the registers and the last result that gives one, or nothing to go on with the next entry at once.
 * After the last entry the thread is done.
 *
 * @example
 * sequence([call('push', deque, 7), call('pop', deque), (r, item) => { r[1] = Number(item); }]);
 */
export function sequence(
  steps: readonly (Step | ((registers: number[], result: Result) => Step | undefined | void))[],
): Program {
  return (registers, result) => {
    if (registers.length === 0) throw new Error('A sequence keeps its position in register 0: declare it');
    for (let turns = 0; turns < 10_000; turns++) {
      const entry = steps[registers[0]!];
      if (entry === undefined) return done;
      registers[0]! += 1;
      const step = typeof entry === 'function' ? entry(registers, result) : entry;
      if (step !== undefined) return step;
    }
    return fail('the program jumps for ever without taking a step');
  };
}
