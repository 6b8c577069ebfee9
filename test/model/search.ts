/**
 * Breadth-first search over all interleavings, so that the counterexample found is a shortest one.
 *
 * @module
 */

import { type Choices, DIES, kindOf } from './choices.ts';
import { IntList, StateQueue } from './growing.ts';
import type { Machine } from './machine.ts';
import { Progress } from './progress.ts';
import type { Snapshots } from './snapshot.ts';
import type { StateSet } from './state-set.ts';
import { ReplayError, type TraceStep, traceOf } from './trace.ts';
import type { View } from './view.ts';
import { Violation } from './violation.ts';
import { Trap } from './wasm/trap.ts';

/** What a check of a state finds wrong; nothing when all is well. */
export type Check = (view: View) => string | undefined | void;

/** More states than the limit: the scenario has not been checked. */
export class StateLimitError extends Error {
  constructor(limit: number) {
    super(
      `More than ${limit} states: nothing is proved. Make the scenario smaller, or raise \`limits.states\` in it`,
    );
    this.name = 'StateLimitError';
  }
}

export interface SearchOptions {
  readonly machine: Machine;
  readonly snapshots: Snapshots;
  readonly choices: Choices;
  readonly seen: StateSet;
  readonly view: View;
  readonly maxStates: number;
  readonly progress: boolean;
  readonly mayEndAsleep: readonly boolean[];
  readonly invariant: Check | undefined;
  readonly end: Check | undefined;
}

export interface Found {
  readonly message: string;
  readonly trace: readonly TraceStep[];
}

export interface Outcome {
  readonly states: number;
  readonly transitions: number;
  readonly ends: number;
  readonly depth: number;
  readonly found: Found | undefined;
}

interface Failure {
  readonly message: string;
  /** The state it was met in, or the state a step led out of. */
  readonly state: number;
  /** The step that failed. */
  readonly choice: number | undefined;
}

export class Search {
  readonly #o: SearchOptions;
  readonly #queue = new StateQueue();
  readonly #parent = new IntList();
  readonly #choice = new IntList();
  readonly #level = new IntList();
  readonly #progress: Progress | undefined;
  readonly #initial: Int32Array;
  #transitions = 0;
  #ends = 0;
  #failure: Failure | undefined;

  /** The machine stands in the initial state, its threads not started. */
  constructor(options: SearchOptions) {
    this.#o = options;
    this.#progress = options.progress ? new Progress() : undefined;
    this.#initial = new Int32Array(options.snapshots.packed.length);
  }

  run(start: () => void): Outcome {
    const { snapshots } = this.#o;
    if (this.#attempt(start, 0, undefined)) {
      const length = snapshots.pack();
      this.#initial.set(snapshots.packed.subarray(0, length));
      this.#arrive(length, -1, -1);
      const words = new Int32Array(snapshots.packed.length);
      for (let state = 0; this.#queue.length > 0 && this.#failure === undefined; state++) {
        this.#queue.shift(words);
        this.#expand(state, words);
      }
      if (this.#failure === undefined) this.#checkProgress();
    }
    return {
      states: this.#o.seen.size,
      transitions: this.#transitions,
      ends: this.#ends,
      depth: this.#level.length === 0 ? 0 : this.#level.at(this.#level.length - 1),
      found: this.#failure === undefined ? undefined : this.#explain(this.#failure),
    };
  }

  #checkProgress(): void {
    const stuck = this.#progress?.firstStuck() ?? -1;
    if (stuck >= 0) {
      this.#fail('no end can be reached from here: threads spin for ever', stuck, undefined);
    }
  }

  #fail(message: string, state: number, choice: number | undefined): void {
    this.#failure ??= { message, state, choice };
  }

  /** Runs `act`; a violation or trap in it fails the search. */
  #attempt(act: () => void, state: number, choice: number | undefined): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof Violation) && !(error instanceof Trap)) throw error;
      const { machine } = this.#o;
      this.#fail(`${machine.threads[machine.active]!.name}: ${error.message}`, state, choice);
      return false;
    }
  }

  #expand(state: number, words: Int32Array): void {
    const { snapshots, choices } = this.#o;
    snapshots.unpack(words, 0);
    const goesOn = choices.list();
    this.#progress?.beginState();
    if (!goesOn) this.#end(state);
    const list = choices.found.slice();
    for (let i = 0; i < list.length && this.#failure === undefined; i++) {
      const choice = list[i]!;
      if (i > 0) snapshots.unpack(words, 0);
      this.#transitions += 1;
      if (!this.#attempt(() => choices.apply(choice), state, choice)) return;
      const to = this.#arrive(snapshots.pack(), state, choice);
      // An end that only a death leads to is no progress.
      if (kindOf(choice) !== DIES) this.#progress?.edge(to);
    }
  }

  /** The packed state has been reached; gives its number. */
  #arrive(length: number, parent: number, choice: number): number {
    const { seen, snapshots, view, invariant, maxStates } = this.#o;
    const before = seen.size;
    const state = seen.add(snapshots.packed, length);
    if (state < before) return state;
    if (state >= maxStates) throw new StateLimitError(maxStates);
    this.#parent.push(parent);
    this.#choice.push(choice);
    this.#level.push(parent < 0 ? 0 : this.#level.at(parent) + 1);
    this.#queue.push(snapshots.packed, length);
    const message = invariant?.(view);
    if (typeof message === 'string') this.#fail(message, state, undefined);
    return state;
  }

  /** Nothing but deaths can happen any more. */
  #end(state: number): void {
    const { machine, view, end, mayEndAsleep } = this.#o;
    this.#ends += 1;
    this.#progress?.end();
    const stuck = machine.threads.findIndex(({ name }, t) => {
      return view.status(name) === 'asleep' && !mayEndAsleep[t];
    });
    if (stuck >= 0) {
      const where = machine.space.label(machine.futex.addressOf(stuck));
      const { name } = machine.threads[stuck]!;
      this.#fail(`deadlock: ${name} sleeps on ${where} and nobody is left to wake it`, state, undefined);
      return;
    }
    const message = end?.(view);
    if (typeof message === 'string') this.#fail(message, state, undefined);
  }

  #explain({ message, state, choice }: Failure): Found {
    const path: number[] = choice === undefined ? [] : [choice];
    const states: number[] = [];
    for (let at = state; at > 0; at = this.#parent.at(at)) {
      path.unshift(this.#choice.at(at));
      states.unshift(at);
    }
    const { machine, snapshots, choices, seen } = this.#o;
    if (path.length === 0) return { message, trace: [] };
    snapshots.unpack(this.#initial, 0);
    const trace = traceOf(machine, choices, path, choice !== undefined, (depth) => {
      const expected = states[depth];
      if (expected !== undefined && seen.add(snapshots.packed, snapshots.pack()) !== expected) {
        throw new ReplayError();
      }
    });
    return { message, trace };
  }
}
