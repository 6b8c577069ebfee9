/**
 * Counterexamples: the accesses that lead to a violation, one line each.
 *
 * @module
 */

import { type Choices, DIES, EXITS, kindOf, RECOVERS, STEPS, TIMES_OUT, threadOf } from './choices.ts';
import { JS_STEPS } from './js-unit.ts';
import type { Machine } from './machine.ts';
import { ADDRESS, FRAME, IN_JS, OPERAND, PC, STATUS, STEP } from './thread-state.ts';
import { readDouble, readSingle } from './wasm/floats.ts';
import { readSigned } from './wasm/integers.ts';
import { OPCODES, type ValueType } from './wasm/opcodes.ts';

/** One access, or a death, a time-out, a recovery that starts. */
export interface TraceStep {
  readonly thread: string;
  /** The exported function the access is in; `(js)` for a step of the program. */
  readonly function: string;
  /** The instruction or JS operation. */
  readonly access: string;
  /** The label of the address; empty when the step has none. */
  readonly address: string;
  /** What was read or written. */
  readonly value: string;
  /** Calls that started or returned right after the access. */
  readonly then: readonly string[];
}

interface Pending {
  readonly function: string;
  readonly access: string;
  readonly kind: string;
  readonly address: number;
  readonly bytes: number;
  readonly type: ValueType;
  readonly expected: number | bigint | undefined;
}

const JS_KINDS: Readonly<Record<string, string>> = {
  load: 'load',
  read: 'load',
  store: 'store',
  write: 'store',
  cas: 'cmpxchg',
  wait: 'wait',
  notify: 'notify',
  exited: 'exited',
};

/** The access a thread stands before. */
function pendingOf(machine: Machine, thread: number): Pending {
  const { s, places, module } = machine;
  const place = places[thread]!;
  if (s[place.base + STATUS] === IN_JS) {
    const access = JS_STEPS[s[place.base + STEP]!]!;
    return {
      function: '(js)',
      access,
      kind: JS_KINDS[access] ?? 'rmw',
      address: s[place.base + ADDRESS]! >>> 0,
      bytes: 4,
      type: 'i32',
      expected: access === 'cas' || access === 'wait' ? s[place.base + OPERAND]! : undefined,
    };
  }
  const pc = s[place.base + PC]!;
  const { code } = module!;
  const op = code[pc]!;
  const { name, access, effect } = OPCODES.get(op)!;
  const i = place.slots + s[place.base + FRAME]! + code[pc + 1]!;
  const type = access!.kind === 'notify' ? 'i32' : (effect!.takes[1] ?? effect!.gives[0]!);
  const compares = access!.kind === 'cmpxchg' || access!.kind === 'wait';
  return {
    function: machine.callingName(thread),
    access: name,
    kind: access!.kind,
    address: machine.memory.addressOf(op, i, code[pc + 2]!),
    bytes: access!.bytes,
    type,
    expected: compares ? (type === 'i64' ? readSigned(s, i + 1) : s[i + 1]!) : undefined,
  };
}

/** The value in memory that an access of this type and width is about; the whole word for narrow ones. */
function valueIn(machine: Machine, { address, bytes, type }: Pending): number | bigint {
  const words = new Int32Array(2);
  for (let w = 0; w < (bytes === 8 ? 2 : 1); w++) {
    words[w] = machine.s[machine.space.index[(address >>> 2) + w]!]!;
  }
  if (bytes < 8) return type === 'f32' ? readSingle(words, 0) : words[0]!;
  return type === 'f64' ? readDouble(words, 0) : readSigned(words, 0);
}

function change(pending: Pending, before: number | bigint, after: number | bigint): string {
  switch (pending.kind) {
    case 'load':
      return `is ${before}`;
    case 'store':
    case 'fill':
    case 'copy':
      return `:= ${after} (was ${before})`;
    case 'cmpxchg':
      return before === pending.expected
        ? `${before} -> ${after}`
        : `is ${before}, not ${pending.expected}: stays`;
    case 'wait':
      return before === pending.expected
        ? `is ${before}: sleeps`
        : `is ${before}, not ${pending.expected}: goes on`;
    default:
      return `${before} -> ${after}`;
  }
}

function stepOf(machine: Machine, thread: number, apply: () => void): Omit<TraceStep, 'thread' | 'then'> {
  const pending = pendingOf(machine, thread);
  const named = { function: pending.function, access: pending.access };
  if (pending.kind === 'exited') {
    apply();
    return { ...named, address: '', value: '' };
  }
  const address = machine.space.label(pending.address);
  if (pending.kind === 'notify') {
    const before = machine.futex.sleepers(pending.address);
    apply();
    return { ...named, address, value: `wakes ${before - machine.futex.sleepers(pending.address)}` };
  }
  const before = valueIn(machine, pending);
  apply();
  return { ...named, address, value: change(pending, before, valueIn(machine, pending)) };
}

const OTHER: Readonly<Record<number, string>> = {
  [DIES]: 'TERMINATED',
  [EXITS]: 'EXIT',
  [TIMES_OUT]: 'wait times out',
  [RECOVERS]: 'recovery starts',
};

/** Replaying a counterexample did something else than finding it. */
export class ReplayError extends Error {
  constructor() {
    super(
      'A program is not a function of its registers and its last result: replayed, it does something else',
    );
    this.name = 'ReplayError';
  }
}

/** Replays choices and writes down what happens. `fails`: the last of them is to end in a violation or trap. */
export function traceOf(
  machine: Machine,
  choices: Choices,
  path: readonly number[],
  fails: boolean,
  check: (depth: number) => void,
): TraceStep[] {
  return path.map((choice, depth) => {
    const thread = threadOf(choice);
    const then: string[] = [];
    machine.onEvent = (who, text): void => {
      then.push(who === thread ? text : `${machine.threads[who]!.name} ${text}`);
    };
    const fatal = fails && depth === path.length - 1;
    const apply = (): void => {
      try {
        choices.apply(choice);
      } catch (error) {
        if (!fatal || !(error instanceof Error)) throw new ReplayError();
        then.push(error.message);
        return;
      }
      if (fatal) throw new ReplayError();
    };
    const { name } = machine.threads[thread]!;
    let step: TraceStep;
    if (kindOf(choice) === STEPS) {
      step = { thread: name, ...stepOf(machine, thread, apply), then };
    } else {
      apply();
      const access = OTHER[kindOf(choice)]!;
      step = { thread: name, function: '', access, address: '', value: '', then };
    }
    machine.onEvent = undefined;
    check(depth);
    return step;
  });
}

/** The trace as a table, a step a line, with what follows each step under it. */
export function formatTrace(steps: readonly TraceStep[]): string {
  const width = (of: (step: TraceStep) => string): number => Math.max(0, ...steps.map((s) => of(s).length));
  const thread = width((s) => s.thread);
  const fn = width((s) => s.function);
  const access = width((s) => s.access);
  const address = width((s) => s.address);
  return steps
    .flatMap((s, i) => {
      const cells = [
        `${i + 1}.`.padStart(4),
        s.thread.padEnd(thread),
        s.function.padEnd(fn),
        s.access.padEnd(access),
        s.address.padEnd(address),
        s.value,
      ];
      const below = ' '.repeat(6 + thread);
      return [cells.join(' ').trimEnd(), ...s.then.map((text) => `${below}${text}`)];
    })
    .join('\n');
}
