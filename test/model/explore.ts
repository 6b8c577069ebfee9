/**
 * Explores every interleaving of a few threads that run the built wasm core.
 *
 * @example
 * const report = explore({
 *   module: readFileSync('core.wasm'),
 *   regions: [{ name: 'deque', start: 0, words: 72 }],
 *   labels: { top: 0, bottom: 128, slots: 256 },
 *   threads: [
 *     { name: 'owner', program: sequence([call('push', 0, 7), call('pop', 0)]), registers: [0] },
 *     { name: 'thief', program: sequence([call('steal', 0), (r, x) => { r[1] = Number(x); }]), registers: [0, 0] },
 *   ],
 *   end: (view) => (view.registers('thief')[1] === 7 ? undefined : 'the thief got nothing'),
 * });
 * expect(report.violation?.text).toBeUndefined();
 *
 * @module
 */

import { AddressSpace, type PrivateRange, type Region } from './address-space.ts';
import { Choices, type Rules } from './choices.ts';
import { Machine, type MachineThread } from './machine.ts';
import { type PlainAccess, plainAccesses } from './plain.ts';
import type { Program, Result } from './program.ts';
import { type Check, Search } from './search.ts';
import { Snapshots } from './snapshot.ts';
import { ExactStateSet, HashedStateSet } from './state-set.ts';
import { DONE, STATUS } from './thread-state.ts';
import { formatTrace, type TraceStep } from './trace.ts';
import { View } from './view.ts';
import { compile } from './wasm/compile.ts';
import { decode } from './wasm/decode.ts';
import type { WasmModule } from './wasm/module.ts';
import type { Value } from './wasm/values.ts';

export type { PrivateRange, Region } from './address-space.ts';
export type { PlainAccess } from './plain.ts';
export * from './program.ts';
export { type Check, StateLimitError } from './search.ts';
export type { TraceStep } from './trace.ts';
export type { ThreadStatus, View } from './view.ts';

/** Fills memory before the threads start; nothing interferes, and constant regions may be written. */
export interface Setup {
  /** Calls an exported function to its end. */
  call(name: string, ...args: Value[]): Result;
  load(address: number): number;
  store(address: number, value: number): void;
}

export interface Thread {
  /** Unique in the scenario. */
  readonly name: string;
  readonly program: Program;
  /** First values of the program's registers (int32), one for each it uses. Default: none. */
  readonly registers?: readonly number[];
  /** Words only this thread touches, so that its accesses need no interleaving. */
  readonly privateRanges?: readonly PrivateRange[];
  /** The thread may be terminated before any of its accesses and while asleep. Default `false`. */
  readonly mayDie?: boolean;
  /** Sleeping for ever is a good end for it: a worker without work. Default `false`: it is a deadlock. */
  readonly mayEndAsleep?: boolean;
  /** Runs once before the exploration, with this thread's own wasm globals; `Scenario.setup` has run before. */
  readonly setup?: (setup: Setup) => void;
}

export interface Recovery {
  /** Default `recovery`. */
  readonly name?: string;
  /**
   * `exit`: starts any time after the dead thread's `exit`, so when it can no longer act. `early`: any time after
   * its termination was asked for, so while it may still take `crashes.zombieSteps` accesses.
   */
  readonly when: 'exit' | 'early';
  /** One recovery runs after another. */
  readonly program: Program;
  /** First values of its registers; register 0 is then set to the index of the dead thread. Default `[0]`. */
  readonly registers?: readonly number[];
  readonly privateRanges?: readonly PrivateRange[];
  readonly setup?: (setup: Setup) => void;
}

export interface Scenario {
  /** The binary as built, or a decoded (and mutated) one. May be left out when no program calls anything. */
  readonly module?: Uint8Array | WasmModule;
  /** All memory the scenario is about. An access elsewhere is a violation. */
  readonly regions: readonly Region[];
  /** Names of byte addresses, for counterexamples. */
  readonly labels?: Readonly<Record<string, number>>;
  readonly setup?: (setup: Setup) => void;
  readonly threads: readonly Thread[];
  /** How many threads with `mayDie` may die (default 1), and how many accesses each may still make (default 0). */
  readonly crashes?: { readonly max?: number; readonly zombieSteps?: number };
  readonly recovery?: Recovery;
  /** Checked in every state; returns what is wrong. */
  readonly invariant?: Check;
  /** Checked in every state in which nothing but deaths can happen: all threads are done, dead, or asleep. */
  readonly end?: Check;
  /** Whom a notify wakes: the first come, as V8 does, or any. Default `fifo`. */
  readonly wakeOrder?: 'fifo' | 'any';
  /** Whether a wait with a time limit may time out, at any moment. `never` shows that wake-ups alone suffice. Default `may`. */
  readonly timeouts?: 'may' | 'never';
  /** Whether a state from which no end can be reached is a violation. Default `true`. */
  readonly progress?: boolean;
  /** `states`: an exploration that needs more throws `StateLimitError`. Default 2,000,000. */
  readonly limits?: { readonly states?: number };
  /** How states are told apart: by 64 bits of hash, or exactly (slow). Default `hashed`. */
  readonly identity?: 'hashed' | 'exact';
}

export interface Report {
  /** Different states. */
  readonly states: number;
  /** Steps taken from them. */
  readonly transitions: number;
  /** States in which nothing but deaths can happen. */
  readonly ends: number;
  /** Steps to the state farthest from the start. */
  readonly depth: number;
  /** Words that one thread touches plainly while another one writes them or is written to: not covered by this check. */
  readonly plain: readonly PlainAccess[];
  /** A shortest counterexample. */
  readonly violation?: {
    readonly message: string;
    readonly trace: readonly TraceStep[];
    /** Message and trace, to print. */
    readonly text: string;
  };
}

function setupOf(machine: Machine, thread: number): Setup {
  return {
    call: (name, ...args) => machine.callDirect(thread, name, args),
    load: (address) => machine.s[machine.space.at(address)]!,
    store: (address, value) => {
      machine.s[machine.space.at(address)] = value;
    },
  };
}

/** Explores a scenario. Throws `StateLimitError` when there are too many states, and what a program throws. */
export function explore(scenario: Scenario): Report {
  const source = scenario.module instanceof Uint8Array ? decode(scenario.module) : scenario.module;
  const module = source === undefined ? undefined : compile(source);
  const recovery: Thread | undefined = scenario.recovery && {
    name: 'recovery',
    registers: [0],
    ...scenario.recovery,
  };
  const acting: readonly Thread[] = recovery ? [...scenario.threads, recovery] : scenario.threads;
  const names = new Set(acting.map((thread) => thread.name));
  if (names.size < acting.length) throw new Error('Expected threads to have different names');
  const space = new AddressSpace(
    scenario.regions,
    acting.map((thread) => thread.privateRanges ?? []),
    scenario.labels ?? {},
    (source?.memory?.initial ?? 0) * 65536,
  );
  const threads = acting.map(
    ({ name, program, registers = [] }): MachineThread => ({ name, program, registers }),
  );
  const machine = new Machine(space, module, [
    ...threads,
    { name: '(setup)', program: undefined, registers: [] },
  ]);
  const setupThread = threads.length;
  for (let t = 0; t <= setupThread; t++) machine.runStart(t);
  scenario.setup?.(setupOf(machine, setupThread));
  acting.forEach((thread, t) => {
    thread.setup?.(setupOf(machine, t));
  });
  machine.s[machine.places[setupThread]!.base + STATUS] = DONE;

  const snapshots = new Snapshots(machine);
  const rules: Rules = {
    mayDie: acting.map((thread) => thread.mayDie ?? false),
    zombieSteps: scenario.crashes?.zombieSteps ?? 0,
    recovery: recovery === undefined ? -1 : threads.length - 1,
    recoverEarly: scenario.recovery?.when === 'early',
    recoveryRegisters: recovery?.registers ?? [],
    anyWakeOrder: scenario.wakeOrder === 'any',
    timeouts: scenario.timeouts !== 'never',
  };
  snapshots.crashesLeft = rules.mayDie.includes(true) ? (scenario.crashes?.max ?? 1) : 0;
  const outcome = new Search({
    machine,
    snapshots,
    choices: new Choices(machine, snapshots, rules),
    seen: scenario.identity === 'exact' ? new ExactStateSet() : new HashedStateSet(),
    view: new View(machine),
    maxStates: scenario.limits?.states ?? 2_000_000,
    progress: scenario.progress ?? true,
    mayEndAsleep: [...acting.map((thread) => thread.mayEndAsleep ?? false), true],
    invariant: scenario.invariant,
    end: scenario.end,
  }).run(() => {
    for (let t = 0; t < scenario.threads.length; t++) machine.start(t);
  });
  const { found, ...counts } = outcome;
  const plain = plainAccesses(machine);
  if (found === undefined) return { ...counts, plain };
  const text = `${found.message}\n${formatTrace(found.trace)}`;
  return { ...counts, plain, violation: { ...found, text } };
}
