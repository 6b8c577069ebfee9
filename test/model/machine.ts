/**
 * Several threads on one flat state: each runs its program until it stands before a shared access, and takes that
 * access when told to.
 *
 * @module
 */

import type { AddressSpace } from './address-space.ts';
import { Futex } from './futex.ts';
import { ASLEEP, JsUnit } from './js-unit.ts';
import type { Program, Result, Step } from './program.ts';
import {
  ALIVE,
  ASLEEP_IN_JS,
  ASLEEP_IN_WASM,
  CALLING,
  DONE,
  DYING,
  HEADER,
  IN_JS,
  IN_WASM,
  LIFE,
  type Place,
  placeThreads,
  STATUS,
  UNUSED,
} from './thread-state.ts';
import { Violation } from './violation.ts';
import type { CompiledModule } from './wasm/compile.ts';
import { Interpreter, type Stop } from './wasm/interpreter.ts';
import { MemoryUnit } from './wasm/memory.ts';
import { exportedFunction } from './wasm/module.ts';
import { readResult, type Value, writeArguments } from './wasm/values.ts';

const MAX_DEPTH = 64;
const MAX_SLOTS = 4096;
/** Program steps in a row that touch nothing shared, before a program is held to loop for ever. */
const MAX_LOCAL_STEPS = 100_000;

export interface MachineThread {
  readonly name: string;
  readonly program: Program | undefined;
  readonly registers: readonly number[];
}

export class Machine {
  readonly s: Int32Array;
  readonly space: AddressSpace;
  readonly module: CompiledModule | undefined;
  readonly threads: readonly MachineThread[];
  readonly places: readonly Place[];
  readonly futex: Futex;
  readonly futexBase: number;
  readonly memory: MemoryUnit;
  /** Told of calls and returns while a trace is written. */
  onEvent: ((thread: number, text: string) => void) | undefined;
  /** The thread that ran last: whom a violation is to be put down to. */
  active = 0;
  readonly #interpreter: Interpreter | undefined;
  readonly #js: JsUnit;
  readonly #functions = new Map<string, number>();
  readonly #registers: number[][];

  constructor(space: AddressSpace, module: CompiledModule | undefined, threads: readonly MachineThread[]) {
    if (threads.length > 8)
      throw new Error('Expected at most 8 threads, the recovering and the setup one included');
    this.space = space;
    this.module = module;
    this.threads = threads;
    this.futexBase = space.total;
    const { places, end } = placeThreads(
      threads.map((thread) => ({
        registers: thread.registers.length,
        globals: module?.globalSlots ?? 0,
        depth: MAX_DEPTH,
        slots: module === undefined ? 0 : MAX_SLOTS,
      })),
      space.total + Futex.words(threads.length),
    );
    this.places = places;
    this.s = new Int32Array(end);
    this.futex = new Futex(this.s, this.futexBase);
    this.memory = new MemoryUnit(this.s, space, this.futex);
    this.#js = new JsUnit(this.s, places, space, this.futex, this.memory);
    this.#registers = threads.map((thread) => [...thread.registers]);
    threads.forEach((thread, t) => {
      this.s.set(thread.registers, places[t]!.registers);
      this.s.set(module?.globalInit ?? [], places[t]!.globals);
      this.s[places[t]!.base + STATUS] = UNUSED;
    });
    if (module !== undefined) {
      this.#interpreter = new Interpreter(this.s, module, this.memory, space.bytes / 65536);
      this.#loadData(module);
    }
  }

  #loadData(module: CompiledModule): void {
    for (const { offset, bytes } of module.source.data) {
      bytes.forEach((byte, i) => {
        const at = this.space.index[(offset + i) >>> 2] ?? -1;
        // Data outside of the regions cannot be reached without a violation.
        if (at >= 0) this.s[at]! |= byte << (((offset + i) & 3) * 8);
      });
    }
  }

  #functionNamed(name: string): number {
    let fn = this.#functions.get(name);
    if (fn === undefined) {
      if (this.module === undefined) throw new Error(`The scenario has no module to call \`${name}\` in`);
      fn = exportedFunction(this.module.source, name);
      this.#functions.set(name, fn);
    }
    return fn;
  }

  /** Runs the module's start function, if it has one, with the thread's globals. */
  runStart(thread: number): void {
    const start = this.module?.source.start;
    if (start !== undefined) this.#direct(thread, start);
  }

  /** Calls a function to its end with nobody interfering: setup, and the tests of the interpreter. */
  callDirect(thread: number, name: string, args: readonly Value[]): Result {
    const fn = this.#functionNamed(name);
    const place = this.places[thread]!;
    const { type } = this.module!.functions[fn]!;
    writeArguments(this.s, place.slots, name, type, args);
    this.#direct(thread, fn);
    return readResult(this.s, place.slots, type);
  }

  #direct(thread: number, fn: number): void {
    const place = this.places[thread]!;
    this.memory.setup = true;
    try {
      this.#interpreter!.enter(place, fn);
      this.#interpreter!.run(thread, place, false);
    } finally {
      this.memory.setup = false;
    }
  }

  /** Starts a thread: it runs up to its first shared access. */
  start(thread: number): void {
    this.active = thread;
    this.#advance(thread, undefined);
  }

  /** Sets a thread's registers, for a recovery that is told whom to recover. */
  setRegisters(thread: number, registers: readonly number[]): void {
    this.s.set(registers, this.places[thread]!.registers);
  }

  /** Takes the access the thread stands before, and runs on to the next. */
  step(thread: number): void {
    this.active = thread;
    const place = this.places[thread]!;
    if (this.s[place.base + STATUS] === IN_WASM) {
      this.#after(thread, this.#interpreter!.run(thread, place, true));
    } else {
      const result = this.#js.perform(thread);
      if (result !== ASLEEP) this.#advance(thread, result);
    }
    this.#advanceWoken();
  }

  /** The time limit of the wait a thread sleeps in has passed. */
  timeOut(thread: number): void {
    this.futex.remove(thread);
    this.#wake(thread, 2);
  }

  /** The thread will never act again: what it was about to do is no part of the state any more. */
  retire(thread: number): void {
    this.s[this.places[thread]!.base + STATUS] = UNUSED;
  }

  #advanceWoken(): void {
    const { woken } = this.futex;
    for (const thread of woken) {
      // A thread that is dying swallows the wake-up.
      if (this.s[this.places[thread]!.base + STATUS] !== UNUSED) this.#wake(thread, 0);
    }
    woken.length = 0;
  }

  #wake(thread: number, result: number): void {
    this.active = thread;
    const place = this.places[thread]!;
    const status = this.s[place.base + STATUS];
    if (status === ASLEEP_IN_WASM) {
      this.s[place.base + STATUS] = IN_WASM;
      this.#interpreter!.wake(place, result);
      this.#after(thread, this.#interpreter!.run(thread, place, false));
    } else if (status === ASLEEP_IN_JS) {
      this.#advance(thread, result);
    } else throw new Error('A thread that does not sleep was woken');
  }

  #after(thread: number, stop: Stop): void {
    const place = this.places[thread]!;
    if (stop === 'asleep') this.s[place.base + STATUS] = ASLEEP_IN_WASM;
    if (stop === 'returned') this.#advance(thread, this.#returned(thread));
  }

  #returned(thread: number): Result {
    const place = this.places[thread]!;
    const fn = this.module!.functions[this.s[place.base + CALLING]!]!;
    const result = readResult(this.s, place.slots, fn.type);
    this.onEvent?.(thread, `${fn.name} returns${result === undefined ? '' : ` ${result}`}`);
    return result;
  }

  /** Runs the program from the result of its last step to its next shared access. */
  #advance(thread: number, result: Result): void {
    const place = this.places[thread]!;
    const header = place.base;
    for (let turn = 0; turn < MAX_LOCAL_STEPS; turn++) {
      const step = this.#nextStep(thread, result);
      switch (step.op) {
        case 'done':
          this.onEvent?.(thread, 'is done');
          this.s.fill(0, header, header + HEADER);
          this.s[header + STATUS] = DONE;
          return;
        case 'fail':
          throw new Violation(step.message);
        case 'call': {
          const fn = this.#functionNamed(step.name);
          const { type } = this.module!.functions[fn]!;
          this.onEvent?.(thread, `calls ${step.name}(${step.args.join(', ')})`);
          writeArguments(this.s, place.slots, step.name, type, step.args);
          this.s[header + CALLING] = fn;
          this.#interpreter!.enter(place, fn);
          this.s[header + STATUS] = IN_WASM;
          const stop = this.#interpreter!.run(thread, place, false);
          if (stop === 'asleep') this.s[header + STATUS] = ASLEEP_IN_WASM;
          if (stop !== 'returned') return;
          result = this.#returned(thread);
          break;
        }
        default: {
          this.#js.prepare(thread, step);
          if (this.#js.shared(thread, step)) {
            this.s[header + STATUS] = IN_JS;
            return;
          }
          const local = this.#js.perform(thread);
          if (local === ASLEEP) return;
          result = local;
        }
      }
    }
    throw new Violation(`${MAX_LOCAL_STEPS} program steps without an access to shared memory`);
  }

  #nextStep(thread: number, result: Result): Step {
    const place = this.places[thread]!;
    const registers = this.#registers[thread]!;
    const count = place.registerCount;
    for (let r = 0; r < count; r++) registers[r] = this.s[place.registers + r]!;
    const step = this.threads[thread]!.program!(registers, result);
    for (let r = 0; r < count; r++) {
      const value = registers[r]!;
      if (value !== (value | 0))
        throw new Error(`Register ${r} of ${this.threads[thread]!.name} is ${value}: no int32`);
      this.s[place.registers + r] = value;
    }
    if (registers.length !== count) {
      const { name } = this.threads[thread]!;
      throw new Error(`${name} declares ${count} registers and uses ${registers.length}: declare them all`);
    }
    return step;
  }

  isDone(thread: number): boolean {
    return this.s[this.places[thread]!.base + STATUS] === DONE;
  }

  /** Whether the thread can take a step. */
  canStep(thread: number): boolean {
    const { base } = this.places[thread]!;
    const status = this.s[base + STATUS]!;
    const life = this.s[base + LIFE]!;
    return (status === IN_WASM || status === IN_JS) && (life === ALIVE || life > DYING);
  }

  /** The exported function the thread is in. */
  callingName(thread: number): string {
    return this.module?.functions[this.s[this.places[thread]!.base + CALLING]!]?.name ?? '';
  }
}
